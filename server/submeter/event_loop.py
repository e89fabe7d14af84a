"""The event loop that everything runs on: asyncio's own, or uvloop where it is wanted."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from submeter.errors import ConfigError

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T], fast: bool) -> T:
    """Run `main` to its end and return its result.

    `fast` runs it on uvloop; raises ConfigError if that is not installed.
    """
    try:
        factory = _uvloop() if fast else None
    except ImportError:
        main.close()
        raise ConfigError(
            "uvloop is not installed; pip install 'submeter[fast]', or leave out --uvloop"
        ) from None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)


def _uvloop() -> Callable[[], asyncio.AbstractEventLoop]:
    import uvloop

    return uvloop.new_event_loop
