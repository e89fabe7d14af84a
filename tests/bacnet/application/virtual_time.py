"""An event loop whose clock jumps to the next timer, so that time-outs take no time.

Nothing waits in it for sockets or other threads.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Selector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += timeout or 0.0
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Selector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(scenario: Coroutine[Any, Any, Result]) -> Result:
    """Run `scenario` by the jumping clock, which begins at 0; what its timers raise fails it."""
    raised: list[dict[str, Any]] = []
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.get_loop().set_exception_handler(lambda loop, context: raised.append(context))
        result = runner.run(scenario)
    assert raised == []
    return result
