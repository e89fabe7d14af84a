"""A port that several instruments share: each asks in its turn, and none listens in between."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

from submeter.errors import LinkError
from submeter.sources.open_port import open_port
from submeter.sources.port import Line, Port, Spec


class SharedLine:
    """A serial line or converter with instruments that answer when they are asked.

    It is opened at the first turn, and closed when a turn ends with a LinkError that says that the
    port is lost: the next turn opens it again. Turns are given in the order in which they are asked
    for.
    """

    def __init__(self, spec: Spec, line: Line) -> None:
        self.spec = spec
        self.line = line
        self._lock = asyncio.Lock()
        self._port: Port | None = None
        self._users = 0

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[Port]:
        """Wait for the turn and give the open port for its time; raises LinkError.

        What the last one left unread is gone, and the line is set as `line` says.
        """
        async with self._lock:
            try:
                if self._port is None:
                    self._port = await open_port(self.spec, self.line)
                self._port.discard()
                yield self._port
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

    def _close(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None
