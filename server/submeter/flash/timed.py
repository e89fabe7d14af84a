"""A serial port of which an exchange comes to an end, however much the board prints."""

import time

import serial

SECONDS = 20.0
"""For one exchange: a board takes some of them to hash all of its files."""


class Endless(Exception):
    """An exchange did not come to its end in time."""


class Timed:
    """What mpremote uses of `port`; raises Endless once an exchange takes longer than SECONDS.

    mpremote itself waits anew after each byte that it reads.
    """

    def __init__(self, port: serial.Serial) -> None:
        self.port = port
        self.begin()

    def begin(self) -> None:
        """Another exchange begins."""
        self._end = time.monotonic() + SECONDS

    def read(self, size: int = 1) -> bytes:
        """Return bytes, none if none came in the time-out of the port."""
        self._prove()
        return bytes(self.port.read(size))

    def write(self, data: bytes) -> int | None:
        """Send `data`."""
        self._prove()
        return self.port.write(data)

    def inWaiting(self) -> int:  # the name that mpremote asks for
        """Return how many bytes can be read at once."""
        self._prove()
        return self.port.in_waiting

    def _prove(self) -> None:
        if time.monotonic() > self._end:
            raise Endless
