"""A port that several instruments share: each asks in its turn, and none listens in between."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

from submeter.errors import LinkError
from submeter.sources.open_port import open_port
from submeter.sources.port import Line, Port, Spec

OPEN_AGAIN = 5.0  # s after which a port that could not be opened is tried again


class SharedLine:
    """A serial line or converter with instruments that answer when they are asked.

    It is opened at the first turn, and closed when a turn ends with a LinkError that says that the
    port is lost: the next turn opens it again. Turns are given in the order in which they are asked
    for. One that could not be opened is not tried again for 5 s: all who wait for it are told so.
    """

    def __init__(self, spec: Spec, line: Line) -> None:
        self.spec = spec
        self.line = line
        self._lock = asyncio.Lock()
        self._port: Port | None = None
        self._users = 0
        self._failure: LinkError | None = None
        self._failed = 0.0  # loop time of `_failure`

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[Port]:
        """Wait for the turn and give the open port for its time; raises LinkError.

        What the last one left unread is gone.
        """
        async with self._lock:
            try:
                port = self._port = self._port or await self._open()
                port.discard()
                yield port
            except LinkError as error:
                if error.port_lost:
                    self._close()
                raise

    @contextlib.contextmanager
    def joined(self) -> Iterator[None]:
        """Be one of its users; the port is closed when the last one leaves."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            if not self._users:
                self._close()

    async def _open(self) -> Port:
        loop = asyncio.get_running_loop()
        if self._failure and loop.time() < self._failed + OPEN_AGAIN:
            raise LinkError(str(self._failure), self._failure.condition)
        self._failure = None
        try:
            return await open_port(self.spec, self.line)
        except LinkError as error:
            self._failure, self._failed = LinkError(str(error), error.condition), loop.time()
            raise

    def _close(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None
