"""Standard input and output as the USB port of a simulated board: raw, and not waited for.

Raises SystemExit once nobody is at the other end.
"""

import select
import sys

_PIECE = 512  # bytes; a pipe with room takes as many at once


class Terminal:
    """What a HAL reads from, writes to and waits at."""

    def __init__(self):
        self._in = select.poll()
        self._in.register(_INPUT, select.POLLIN)
        self._out = select.poll()
        self._out.register(_OUTPUT, select.POLLOUT)

    def wait(self, milliseconds):
        """Wait until something comes in, or for so long."""
        self._in.poll(milliseconds)

    def read(self):
        """Return what came in, b"" if nothing did."""
        return _read(self._in) if self._in.poll(0) else b""

    def write(self, data):
        """Return how many of the first bytes were sent."""
        if not self._out.poll(0):
            return 0
        try:
            return _write(data[:_PIECE])
        except OSError:
            pass
        raise SystemExit(0)


if sys.implementation.name == "micropython":
    _INPUT, _OUTPUT = sys.stdin, sys.stdout

    def _read(poll):
        data = b""
        while len(data) < 64 and poll.poll(0):
            byte = sys.stdin.buffer.read(1)
            if not byte:
                raise SystemExit(0)
            data += byte
        return data

    def _write(data):
        return sys.stdout.buffer.write(data)

else:
    import os

    _INPUT, _OUTPUT = 0, 1

    def _read(poll):
        try:
            data = os.read(0, 64)
        except OSError:
            data = b""
        if not data:
            raise SystemExit(0)
        return data

    def _write(data):
        return os.write(1, data)
