"""The USB port: bytes in and out as they are, and no wait for a host that does not read."""

import select
import sys
import time

from micropython import const

_PIECE = const(64)  # bytes; a packet of the bus
_PIECES = const(4)  # in one turn
_SLOW = const(20)  # ms for one piece


class Usb:
    """The host. Nobody listening is as good as a host that reads everything."""

    def __init__(self):
        self._in = sys.stdin.buffer
        self._readable = select.poll()
        self._readable.register(sys.stdin, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(sys.stdout, select.POLLOUT)

    def read(self):
        """Return what came in, at most 64 bytes; never waits."""
        data = b""
        while len(data) < _PIECE and self._readable.poll(0):
            byte = self._in.read(1)
            if not byte:
                break
            data += byte
        return data

    def write(self, data):
        """Send as much of the beginning of `data` as there is room for; return how many bytes.

        There may be room for less than a piece: the interpreter then waits for the host, up to
        500 ms, and drops the rest. That happens once only: without any room it is given nothing.
        """
        view = memoryview(data)
        sent = 0
        for _ in range(_PIECES):
            if sent >= len(view) or not self._writable.poll(0):
                break
            began = time.ticks_ms()
            piece = _piece(bytes(view[sent : sent + _PIECE]))
            # The raw stdout would wait twice; this one makes the CR before an LF by itself.
            sys.stdout.write(piece.replace(b"\r", b""))
            sent += len(piece)
            if time.ticks_diff(time.ticks_ms(), began) > _SLOW:
                break
        return sent


def _piece(data):
    """Return what the interpreter gives to the host in one go: a line without its end, or that."""
    end = data.find(b"\n")
    return data if end < 0 else data[: end or 1]
