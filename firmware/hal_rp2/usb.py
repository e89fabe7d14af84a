"""The USB port: bytes in and out as they are, and no wait for a host that does not read."""

import select
import sys
import time

from micropython import const

_PIECE = const(64)  # bytes; a packet of the bus
_PIECES = const(4)  # in one turn
_SLOW = const(20)  # ms for one piece
_STUCK = const(100)  # ms: the interpreter has waited for the host in vain
_REST = const(1000)  # ms after that in which nothing is written; each further time twice as long
_LONGEST_REST = const(16_000)  # ms
_DEAF = const(2000)  # ms without room, after which it is to be sent on


class Usb:
    """The host. Nobody listening is as good as a host that reads everything."""

    def __init__(self):
        self._in = sys.stdin.buffer
        self._readable = select.poll()
        self._readable.register(sys.stdin, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(sys.stdout, select.POLLOUT)
        self._rest = 0  # ms
        self._wrote = time.ticks_ms()

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

        There may be room for less than a piece, or the bus is suspended, which looks like room: the
        interpreter then waits for the host, up to 500 ms, and drops the rest. After that nothing is
        taken for a second, and for up to 16 s while it happens again and again.
        """
        silent = time.ticks_diff(time.ticks_ms(), self._wrote)
        if silent < self._rest:
            return 0
        # What was left over when a bus was suspended goes out with the next write only.
        deaf = silent >= _DEAF and not self._writable.poll(0)
        if deaf and self._give(b"\n") > _SLOW:
            return 0
        view = memoryview(data)
        sent = 0
        for _ in range(_PIECES):
            if sent >= len(view) or not self._writable.poll(0):
                break
            piece = _piece(bytes(view[sent : sent + _PIECE]))
            # The raw stdout would wait twice; this one makes the CR before an LF by itself.
            took = self._give(piece.replace(b"\r", b""))
            sent += len(piece)
            if took > _SLOW:
                break
        return sent

    def _give(self, piece):
        """Return how many ms it took."""
        began = time.ticks_ms()
        sys.stdout.write(piece)
        self._wrote = time.ticks_ms()
        took = time.ticks_diff(self._wrote, began)
        if took < _STUCK:
            self._rest = 0
        else:
            self._rest = min(2 * self._rest, _LONGEST_REST) if self._rest else _REST
        return took


def _piece(data):
    """Return what the interpreter gives to the host in one go: a line without its end, or that."""
    end = data.find(b"\n")
    return data if end < 0 else data[: end or 1]
