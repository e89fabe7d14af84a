"""A client that talks to devices behind a router, and takes answers in segments."""

import asyncio
import struct
from dataclasses import dataclass
from typing import Any, NamedTuple

from bacnet.client import COMPLEX, Answer, Client, frame, oid, read
from submeter.bacnet import encoding

EVERYWHERE = 0xFFFF
HERE = b"\x01\x00"
"""The NPCI of a station for another one of the same network."""
WHO_IS = b"\x10\x08"
I_AM = b"\x10\x00"
REGISTER = b"\x81\x05\x00\x06\x00\x3c"
"""Asks a BBMD for all broadcasts of the next minute."""
FORWARDED = 4
_DESTINATION, _SOURCE, _REPLY = 0x20, 0x08, 0x04
_SEGMENTED, _MORE = 0x08, 0x04


class Heard(NamedTuple):
    """An NPDU that came: who sent it on which network, 0 for ours, and what is in it."""

    network: int
    mac: bytes
    body: bytes
    control: int

    @property
    def answer(self) -> Answer:
        return Answer(self.body)

    @property
    def device(self) -> int:
        """The instance in an I-Am."""
        assert self.body[:3] == I_AM + b"\xc4", self.body.hex()
        return int.from_bytes(self.body[3:7], "big") & 0x3FFFFF


def far(network: int, mac: bytes = b"", control: int = _REPLY) -> bytes:
    """Return the NPCI that leads to a station of a network; without a MAC to all of them."""
    length = bytes((len(mac),))
    return bytes((1, control | _DESTINATION)) + struct.pack(">H", network) + length + mac + b"\xff"


def to_router(message: int, body: bytes = b"") -> bytes:
    """Return a network layer message as it stands in a B/IP packet."""
    return frame(body, npci=bytes((1, 0x80, message)))


@dataclass
class RoutedClient(Client):
    """Asks a device by network and MAC; 0 is the router itself."""

    async def hear(self, wait: float = 2.0) -> Heard:
        """Return the next NPDU; raises TimeoutError."""
        loop = asyncio.get_running_loop()
        data = await asyncio.wait_for(loop.sock_recv(self._socket, 4096), wait)
        assert data[0] == 0x81
        assert struct.unpack(">H", data[2:4])[0] == len(data)
        start = 10 if data[1] == FORWARDED else 4
        control, at, network, mac = data[start + 1], start + 2, 0, b""
        if control & _DESTINATION:
            at += 3 + data[at + 2]
        if control & _SOURCE:
            length = data[at + 2]
            network, mac = struct.unpack(">H", data[at : at + 2])[0], data[at + 3 : at + 3 + length]
            at += 3 + length
        if control & _DESTINATION:
            at += 1
        return Heard(network, mac, data[at:], control)

    async def all(self, wait: float = 0.3) -> list[Heard]:
        """Return what comes until nothing comes for a while."""
        found = []
        while True:
            try:
                found.append(await self.hear(wait))
            except TimeoutError:
                return found

    async def found(self, npci: bytes, function: int = 0x0A, limits: bytes = b"") -> list[Heard]:
        """Send a Who-Is and return the I-Ams, by device."""
        await self.send(frame(WHO_IS + limits, function, npci))
        return sorted(await self.all(), key=lambda each: each.device)

    async def ask_far(
        self, network: int, mac: bytes, service: int, body: bytes, header: bytes = b"\x00\x05"
    ) -> Answer:
        """Send a confirmed request to a device; return its answer."""
        self._invoke = (self._invoke + 1) % 256
        apdu = header + bytes((self._invoke, service)) + body
        await self.send(frame(apdu, npci=far(network, mac)))
        heard = await self.hear()
        assert (heard.network, heard.mac) == (network, mac)
        assert heard.body[1] == self._invoke
        return heard.answer

    async def far_value(
        self, network: int, mac: bytes, kind: int, number: tuple[int, int]
    ) -> bytes:
        """Return the octets of the property `number` = (instance, property) of a device."""
        answer = await self.ask_far(network, mac, 12, read(kind, *number))
        assert answer.kind == COMPLEX, answer.apdu.hex()
        return answer.apdu[3 + len(read(kind, *number)) + 1 : -1]

    async def segmented(self, npci: bytes, service: int, body: bytes) -> bytes:
        """Send a request and put its answer together, however many segments that has."""
        self._invoke = (self._invoke + 1) % 256
        await self.send(frame(bytes((0x02, 0x75, self._invoke, service)) + body, npci=npci))
        pieces: list[bytes] = []
        while True:
            apdu = (await self.hear()).body
            assert apdu[0] >> 4 == COMPLEX, apdu.hex()
            if not apdu[0] & _SEGMENTED:
                return apdu[3:]
            assert apdu[2] == len(pieces) % 256
            pieces.append(apdu[5:])
            await self.send(frame(bytes((0x40, self._invoke, apdu[2], 1)), npci=npci))
            if not apdu[0] & _MORE:
                return b"".join(pieces)

    async def object_list(self, npci: bytes, device: int) -> list[tuple[int, int]]:
        """Return type and instance of every object of a device."""
        head = read(8, device, 76)
        answer = await self.segmented(npci, 12, head)
        assert answer.startswith(head + b"\x3e")
        octets = answer[len(head) + 1 : -1]
        assert len(octets) % 5 == 0
        numbers = [int.from_bytes(octets[n + 1 : n + 5], "big") for n in range(0, len(octets), 5)]
        return [(number >> 22, number & 0x3FFFFF) for number in numbers]


def between(low: int, high: int) -> bytes:
    """Return the limits of a Who-Is."""
    return encoding.context_unsigned(0, low) + encoding.context_unsigned(1, high)


def subscribe(kind: int, instance: int, confirmed: bool) -> bytes:
    """Return a SubscribeCOV for a minute."""
    identifier = encoding.context(1, oid(kind, instance))
    flag = encoding.context_unsigned(2, confirmed)
    return encoding.context_unsigned(0, 7) + identifier + flag + encoding.context_unsigned(3, 60)


def decoded(apdu: bytes) -> Any:
    """Return what bacpypes3 makes of an APDU."""
    return Answer(apdu).decoded
