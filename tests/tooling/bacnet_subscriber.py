"""A subscriber to changes of value: it acknowledges, and knows what it was told last."""

import asyncio
import struct
from typing import Any

from bacnet.client import frame
from tooling.bacnet_requests import subscribe
from tooling.tshark import Place

Own = tuple[int, int]
SIMPLE = 2
_PLAIN = b"\x01\x00"
_PATIENCE = 5.0


class Subscriber(asyncio.DatagramProtocol):
    """One socket and process; `told` is the last present value by object, `answers` by invoke id.

    A `deaf` one acknowledges nothing.
    """

    def __init__(self, process: int) -> None:
        self.process = process
        self.told: dict[Own, float] = {}
        self.count = 0
        self.deaf = False
        self._invoke = 0
        self._answers: dict[int, asyncio.Future[bytes]] = {}
        self._transport: Any = None

    async def open(self, there: Place, host: str) -> None:
        """Take a port at `host`."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, (host, 0), there)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def close(self) -> None:
        """Be gone without a word."""
        self._transport.close()

    async def subscribe(self, own: Own, confirmed: bool | None, lifetime: int | None) -> bytes:
        """Subscribe or, without both, cancel; return the APDU of the answer."""
        self._invoke = (self._invoke + 1) % 256
        invoke = self._invoke
        body = subscribe(self.process, own, confirmed, lifetime)
        answer = self._answers[invoke] = asyncio.get_running_loop().create_future()
        self._send(bytes((0x00, 0x05, invoke, 5)) + body, b"\x01\x04")
        try:
            return await asyncio.wait_for(answer, _PATIENCE)
        finally:
            del self._answers[invoke]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        apdu = data[6:]
        kind = apdu[0] >> 4
        if kind == 0 and apdu[3] == 1:
            self._take(apdu[4:])
            if not self.deaf:
                self._send(bytes((SIMPLE << 4, apdu[2], 1)), _PLAIN)
        elif apdu[:2] == b"\x10\x02":
            self._take(apdu[2:])
        elif kind in (2, 3, 5, 6, 7) and (answer := self._answers.get(apdu[1])):
            answer.set_result(apdu)

    def _take(self, body: bytes) -> None:
        """Note the REAL that is told of an object (135, 13.1.8)."""
        assert body[0] & 0xF8 == 0x08, body.hex()
        at = 1 + (body[0] & 0x07)
        if int.from_bytes(body[1:at]) != self.process:
            return  # it is meant for one who has vanished, and had this port before
        assert (body[at], body[at + 5]) == (0x1C, 0x2C), body.hex()
        own = int.from_bytes(body[at + 6 : at + 10])
        value = body.index(b"\x09\x55\x2e", at + 10) + 3
        assert body[value] == 0x44, body.hex()
        self.told[own >> 22, own & 0x3FFFFF] = struct.unpack_from(">f", body, value + 1)[0]
        self.count += 1

    def error_received(self, exc: Exception) -> None:
        """Care for nothing: a refused packet is a face that has stopped."""

    def _send(self, apdu: bytes, npci: bytes) -> None:
        self._transport.sendto(frame(apdu, npci=npci))
