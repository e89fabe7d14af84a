"""What several listen to, and one reads."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, NamedTuple, TypeVar

EarT = TypeVar("EarT")


class _Listener(NamedTuple, Generic[EarT]):
    """One that listens; `failure` is how it failed."""

    ear: EarT
    failure: asyncio.Future[None]


class Hearing(Generic[EarT]):
    """Runs `read` while anybody listens: the first one begins it, the last one ends it."""

    def __init__(self, read: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._read = read
        self._listeners: list[_Listener[EarT]] = []
        self._reading: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None  # that was cancelled

    async def listen(self, ear: EarT) -> None:
        """Be told until `read` ends, and raise what it raises.

        What `ear` raises when it is told ends its own listening, and not that of the others.
        """
        while self._ending and not self._ending.done():
            await asyncio.wait((self._ending,))
        listener = _Listener(ear, asyncio.get_running_loop().create_future())
        self._listeners.append(listener)
        reading = self._reading
        if reading is None or reading.done():
            reading = self._reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait((reading, listener.failure), return_when=asyncio.FIRST_COMPLETED)
            await (listener.failure if listener.failure.done() else reading)
        finally:
            self._listeners.remove(listener)
            if not self._listeners:
                # Who comes while it ends must not share its end, nor open the port beside it.
                self._ending = reading
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    def tell(self, call: Callable[[EarT], None]) -> None:
        """Make `call` with each that listens."""
        for listener in tuple(self._listeners):
            try:
                if not listener.failure.done():
                    call(listener.ear)
            except Exception as error:
                listener.failure.set_exception(error)
