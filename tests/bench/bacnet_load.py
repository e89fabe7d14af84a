"""How many reads a second a BACnet/IP device answers: a closed loop over one UDP socket.

A number of requests is always under way; each answer, checked octet by octet but for the value
itself, is followed by the next request.
"""

import argparse
import random
import socket
import struct
import time
from dataclasses import dataclass
from typing import Literal

Kind = Literal["rp", "rpm50"]
_REPEATS = 50
_WAIT = 1.0  # seconds without any answer after which those under way count as lost
_PRESENT_VALUE = 85


@dataclass(frozen=True)
class Result:
    """Answers a second and the time that each took; `errors` were wrong, `lost` never came."""

    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    lost: int


def measure(
    host: str, port: int, seconds: float, kind: Kind, outstanding: int, analog_input: int
) -> Result:
    """Read Present_Value of an analog input for `seconds`, 1 to 255 requests at a time.

    `rp` is ReadProperty, `rpm50` a ReadPropertyMultiple of fifty times the same property.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.connect((host, port))
        opened.settimeout(_WAIT)
        return _Load(opened, kind, analog_input).run(seconds, outstanding)


class _Load:
    def __init__(self, opened: socket.socket, kind: Kind, analog_input: int) -> None:
        identifier = struct.pack(">I", analog_input)  # the type of an analog input is 0
        self._socket = opened
        self._sent: dict[int, float] = {}
        self._invoke = random.randrange(256)
        self._took: list[float] = []
        self._errors = self._lost = 0
        if kind == "rp":
            reference = b"\x0c" + identifier + bytes((0x19, _PRESENT_VALUE))
            self._request = b"\x0c" + reference
            self._piece, self._pieces = reference + b"\x3e\x44....\x3f", 1
        else:
            reference = b"\x0c" + identifier + bytes((0x1E, 0x09, _PRESENT_VALUE, 0x1F))
            self._request = b"\x0e" + reference * _REPEATS
            result = bytes((0x1E, 0x29, _PRESENT_VALUE)) + b"\x4e\x44....\x4f\x1f"
            self._piece, self._pieces = b"\x0c" + identifier + result, _REPEATS

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
        apdu = bytes((0x00, 0x05, self._invoke)) + self._request
        self._sent[self._invoke] = time.perf_counter()
        self._socket.send(b"\x81\x0a" + struct.pack(">H", len(apdu) + 6) + b"\x01\x04" + apdu)

    def _take(self, answer: bytes) -> bool:
        """Account for an answer; tell whether it was one to a request under way."""
        sent = self._sent.pop(answer[7], None) if len(answer) > 7 else None
        if sent is None:
            return False
        self._took.append(time.perf_counter() - sent)
        self._errors += not self._right(answer)
        return True

    def _right(self, answer: bytes) -> bool:
        head = answer[:2], answer[2:4], answer[4:6], answer[6], answer[8]
        expected = b"\x81\x0a", struct.pack(">H", len(answer)), b"\x01\x00", 0x30, self._request[0]
        body, size = answer[9:], len(self._piece)
        value = self._piece.index(b"....")
        pieces = [body[start : start + size] for start in range(0, len(body), size)]
        masked = {piece[:value] + b"...." + piece[value + 4 :] for piece in pieces}
        return head == expected and len(pieces) == self._pieces and masked == {self._piece}

    def _result(self, elapsed: float) -> Result:
        took = sorted(self._took) or [float("nan")]
        return Result(
            per_second=len(self._took) / elapsed,
            p50_ms=took[len(took) // 2] * 1000,
            p99_ms=took[len(took) * 99 // 100] * 1000,
            errors=self._errors,
            lost=self._lost,
        )


def main() -> None:
    """Print the result for the device at an address."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("--port", type=int, default=47808)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--kind", choices=("rp", "rpm50"), default="rp")
    parser.add_argument("--outstanding", type=int, default=1)
    parser.add_argument("--analog-input", type=int, default=1)
    given = parser.parse_args()
    print(
        measure(
            given.host,
            given.port,
            given.seconds,
            given.kind,
            given.outstanding,
            given.analog_input,
        )
    )


if __name__ == "__main__":
    main()
