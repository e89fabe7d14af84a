"""A client that sends and takes segments as ASHRAE 135, 5.4.4 has it, for tests of our side."""

import asyncio
from collections.abc import Callable

SEGMENT_TIMEOUT, APDU_TIMEOUT, RETRIES = 1.0, 3.0, 3  # s
INVOKE_ID, SERVICE = 1, 200


class SegmentingClient:
    """Makes one request; `answer` is what came, `ended` whether it is over, one way or the other.

    It takes answers of 50 octets an APDU, in windows of at most `takes` segments.
    """

    def __init__(
        self, send: Callable[[bytes], None], body: bytes, size: int, proposes: int, takes: int
    ) -> None:
        self.answer: bytes | None = None
        self.ended = False
        self._send = send
        self._pieces = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
        self._proposes = proposes
        self._takes = takes
        self._first = 0  # that is not acknowledged
        self._window = 1
        self._tries = 0
        self._requests = 0
        self._got: list[bytes] = []
        self._in_window = 0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Send the request, from its first segment on."""
        self._first, self._window, self._tries = 0, 1, 0
        self._fill()

    def receive(self, apdu: bytes) -> None:
        """Take an APDU that the device sent."""
        kind = apdu[0] >> 4
        if self.ended:
            if kind == 3 and apdu[0] & 0x08:
                self._send(bytes((0x70, INVOKE_ID, 2)))
        elif kind == 4:
            self._acknowledged(apdu[2], apdu[3])
        elif kind == 3 and not apdu[0] & 0x08:
            self._end(apdu[3:])
        elif kind == 3:
            self._segment(apdu[2], apdu[3], bool(apdu[0] & 0x04), apdu[5:])
        else:
            self._end(None)

    def _fill(self) -> None:
        if len(self._pieces) == 1:
            self._send(bytes((0x02, 0x70, INVOKE_ID, SERVICE)) + self._pieces[0])
            self._first = 1
        last = len(self._pieces) - 1
        for number in range(self._first, min(self._first + self._window, last + 1)):
            first = 0x0E if number < last else 0x0A
            head = bytes((first, 0x70, INVOKE_ID, number, self._proposes, SERVICE))
            self._send(head + self._pieces[number])
        self._wait(SEGMENT_TIMEOUT if self._first <= last else APDU_TIMEOUT)

    def _acknowledged(self, sequence: int, window: int) -> None:
        ahead = (sequence - self._first) % 256
        if self._first >= len(self._pieces) or ahead >= self._window:
            return
        self._first += ahead + 1
        self._window = window
        self._tries = 0
        if self._first < len(self._pieces):
            self._fill()
        else:
            self._wait(APDU_TIMEOUT)

    def _segment(self, sequence: int, proposed: int, more: bool, piece: bytes) -> None:
        window = min(proposed, self._takes) if self._got else 1
        ours = min(proposed, self._takes)
        self._first = len(self._pieces)
        if sequence != len(self._got) % 256:
            behind = (len(self._got) - 1 - sequence) % 256
            if behind >= self._in_window:
                self._in_window = 0
                last = (len(self._got) - 1) % 256
                self._send(bytes((0x42, INVOKE_ID, last, ours)))
            return
        self._got.append(piece)
        self._in_window += 1
        if not more or self._in_window >= window:
            self._in_window = 0
            self._send(bytes((0x40, INVOKE_ID, sequence, ours)))
        if more:
            self._wait(4 * SEGMENT_TIMEOUT)
        else:
            self._end(b"".join(self._got))

    def _wait(self, timeout: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(timeout, self._expire)

    def _expire(self) -> None:
        if self._got:
            self._end(None)
        elif self._first < len(self._pieces) and self._tries < RETRIES:
            self._tries += 1
            self._fill()
        elif self._first >= len(self._pieces) and self._requests < RETRIES:
            self._requests += 1
            self.begin()
        else:
            self._end(None)

    def _end(self, answer: bytes | None) -> None:
        if self._timer:
            self._timer.cancel()
        self.answer = answer
        self.ended = True
