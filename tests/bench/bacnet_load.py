"""How many reads a second a BACnet/IP device answers: a closed loop over one UDP socket.

A number of requests is always under way; each answer, checked octet by octet but for the values
themselves, is followed by the next request.
"""

import random
import re
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["rp", "rpm50"]
INPUTS = (*range(1, 25), 901)
"""The analog inputs that are read: their present values and status flags are fifty properties."""
_WAIT = 1.0  # seconds without any answer after which those under way count as lost
_PRESENT_VALUE, _STATUS_FLAGS = 85, 111
_PLAIN, _EXPECTING = b"\x01\x00", b"\x01\x04"
_NOTIFIED = b"\x10\x02"  # UnconfirmedCOVNotification-Request


@dataclass(frozen=True)
class Result:
    """Answers a second and the time that each took; `errors` were wrong, `lost` never came."""

    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    lost: int


def measure(place: tuple[str, int], seconds: float, kind: Kind, outstanding: int) -> Result:
    """Read for `seconds`, 1 to 255 requests at a time.

    `rp` is ReadProperty of the present value of the first of INPUTS, `rpm50` a ReadPropertyMultiple
    of present value and status flags of all of them.
    """
    with _socket(place) as opened:
        return _Load(opened, kind).run(seconds, outstanding)


def notifications(place: tuple[str, int], seconds: float, subscriptions: int) -> float:
    """Subscribe to as many of INPUTS, unconfirmed; return how many notifications come a second."""
    with _socket(place) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        for invoke, number in enumerate(INPUTS[:subscriptions]):
            own = struct.pack(">I", number)
            body = b"\x09" + bytes((1 + invoke,)) + b"\x1c" + own + b"\x29\x00\x3a\x0e\x10"
            opened.send(_packet(_EXPECTING, bytes((0x00, 0x05, invoke, 5)) + body))
        _count(opened, 0.3)
        began = time.perf_counter()
        return _count(opened, seconds) / (time.perf_counter() - began)


def _count(opened: socket.socket, seconds: float) -> int:
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        try:
            count += opened.recv(2048)[6:8] == _NOTIFIED
        except TimeoutError:
            break
    return count


def _socket(place: tuple[str, int]) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.connect(place)
    opened.settimeout(_WAIT)
    return opened


def _packet(npci: bytes, apdu: bytes) -> bytes:
    return b"\x81\x0a" + struct.pack(">H", len(apdu) + 6) + npci + apdu


def _reading(inputs: Sequence[int]) -> tuple[bytes, re.Pattern[bytes]]:
    """Return service and parameters of ReadPropertyMultiple, and what the answer looks like."""
    asked, answered = b"\x0e", b"\x0e"
    for number in inputs:
        own = b"\x0c" + struct.pack(">I", number)
        asked += own + bytes((0x1E, 0x09, _PRESENT_VALUE, 0x09, _STATUS_FLAGS, 0x1F))
        value = bytes((0x1E, 0x29, _PRESENT_VALUE)) + b"\x4e\x44"
        flags = b"\x4f" + bytes((0x29, _STATUS_FLAGS)) + b"\x4e\x82\x04"
        answered += re.escape(own + value) + b"...." + re.escape(flags) + b"." + b"\x4f\x1f"
    return asked, re.compile(answered, re.DOTALL)


class _Load:
    def __init__(self, opened: socket.socket, kind: Kind) -> None:
        self._socket = opened
        self._sent: dict[int, float] = {}
        self._invoke = random.randrange(256)
        self._took: list[float] = []
        self._errors = self._lost = 0
        if kind == "rp":
            own = struct.pack(">I", INPUTS[0])
            self._request = b"\x0c\x0c" + own + bytes((0x19, _PRESENT_VALUE))
            answer = re.escape(self._request + b"\x3e\x44") + b"...." + re.escape(b"\x3f")
            self._answer = re.compile(answer, re.DOTALL)
        else:
            self._request, self._answer = _reading(INPUTS)

    def run(self, seconds: float, outstanding: int) -> Result:
        began = time.perf_counter()
        for _ in range(outstanding):
            self._send()
        while time.perf_counter() - began < seconds:
            try:
                answer = self._socket.recv(2048)
            except TimeoutError:
                self._lost += len(self._sent)
                self._sent.clear()
                for _ in range(outstanding):
                    self._send()
                continue
            if self._take(answer):
                self._send()
        return self._result(time.perf_counter() - began)

    def _send(self) -> None:
        self._invoke = (self._invoke + 1) % 256
        self._sent[self._invoke] = time.perf_counter()
        self._socket.send(_packet(_EXPECTING, bytes((0x00, 0x05, self._invoke)) + self._request))

    def _take(self, answer: bytes) -> bool:
        """Account for an answer; tell whether it was one to a request under way."""
        sent = self._sent.pop(answer[7], None) if len(answer) > 7 else None
        if sent is None:
            return False
        self._took.append(time.perf_counter() - sent)
        self._errors += not self._right(answer)
        return True

    def _right(self, answer: bytes) -> bool:
        head = b"\x81\x0a" + struct.pack(">H", len(answer)) + _PLAIN + b"\x30"
        return answer[:7] == head and self._answer.fullmatch(answer, 8) is not None

    def _result(self, elapsed: float) -> Result:
        took = sorted(self._took) or [float("nan")]
        return Result(
            per_second=len(self._took) / elapsed,
            p50_ms=took[len(took) // 2] * 1000,
            p99_ms=took[len(took) * 99 // 100] * 1000,
            errors=self._errors,
            lost=self._lost,
        )
