"""A BACnet client that keeps every packet, takes segments and acknowledges notifications."""

import asyncio
import socket
import time
from types import TracebackType

from bacnet.client import frame
from submeter.bacnet import encoding
from tooling.tshark import Packet, Place

SIMPLE, COMPLEX, SEGMENT_ACK, ERROR = 2, 3, 4, 5
_CONFIRMED, _ENDS = 0, (2, 3, 5, 6, 7)
_REPLY, _PLAIN = b"\x01\x04", b"\x01\x00"
_MESSAGE, _DESTINATION, _SOURCE = 0x80, 0x20, 0x08  # in the control octet
_LONGEST = 2048
_PATIENCE = 3.0


class Talker:
    """One UDP socket at `host`; `packets` are all that it sent and got, in their order."""

    def __init__(self, there: Place, host: str, port: int = 0) -> None:
        self.packets: list[Packet] = []
        self.notifications: list[bytes] = []
        self._there = there
        self.far = b""
        """The NPCI after its control octet of a station behind a router: DNET, DADR, hop count."""
        self._invoke = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((host, port))
        self.place: Place = self._socket.getsockname()

    def __enter__(self) -> "Talker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    async def ask(self, service: int, body: bytes, wait: float = _PATIENCE) -> bytes:
        """Return the APDU that answers a confirmed request, put together from its segments."""
        self._invoke = (self._invoke + 1) % 256
        asked = bytes((0x02, 0x75, self._invoke, service)) + body
        await self.send(frame(asked, npci=self._npci(_REPLY)))
        parts: list[bytes] = []
        async with asyncio.timeout(wait):
            while True:
                apdu = await self._next()
                if apdu[0] >> 4 not in _ENDS or apdu[1] != self._invoke:
                    continue
                if apdu[0] >> 4 != COMPLEX or not apdu[0] & 0x08:
                    return apdu
                parts.append(apdu[5:])
                # The first one is acknowledged by itself, then each window (135, 5.4.4.2).
                if not apdu[0] & 0x04 or not (len(parts) - 1) % max(1, apdu[3]):
                    ack = bytes((SEGMENT_ACK << 4, self._invoke, apdu[2], apdu[3]))
                    await self.send(frame(ack, npci=self._npci(_PLAIN)))
                if not apdu[0] & 0x04:
                    return bytes((COMPLEX << 4, self._invoke, apdu[4])) + b"".join(parts)

    async def send(self, datagram: bytes) -> None:
        """Send and keep one packet."""
        loop = asyncio.get_running_loop()
        self.packets.append(Packet(time.time(), self.place, self._there, datagram))
        await loop.sock_sendto(self._socket, datagram, self._there)

    async def listen(self, wait: float) -> list[bytes]:
        """Return the APDUs, or other packets as they are, until nothing comes for `wait` s."""
        found = []
        while True:
            try:
                found.append(await asyncio.wait_for(self._next(), wait))
            except TimeoutError:
                return found

    async def find(self, device: int) -> None:
        """Talk to `device` from now on, wherever it is behind the router (135, 6.2.2)."""
        limits = encoding.context_unsigned(0, device), encoding.context_unsigned(1, device)
        await self.send(frame(b"\x10\x08" + b"".join(limits), npci=b"\x01\x20\xff\xff\x00\xff"))
        async with asyncio.timeout(_PATIENCE):
            while (await self._next())[:2] != b"\x10\x00":
                pass
        data = self.packets[-1].data
        if data[5] & _SOURCE:
            self.far = data[6 : 9 + data[8]] + b"\xff"

    async def _next(self) -> bytes:
        """Return the APDU of the next packet; of one that has none, the packet."""
        loop = asyncio.get_running_loop()
        data, source = await loop.sock_recvfrom(self._socket, _LONGEST)
        self.packets.append(Packet(time.time(), source, self.place, data))
        if data[1] not in (0x0A, 0x0B) or data[5] & (_MESSAGE | _DESTINATION):
            return data
        apdu = data[9 + data[8] :] if data[5] & _SOURCE else data[6:]
        if apdu[0] >> 4 == _CONFIRMED:
            self.notifications.append(apdu)
            ack = bytes((SIMPLE << 4, apdu[2], apdu[3]))
            await self.send(frame(ack, npci=self._npci(_PLAIN)))
        elif apdu[:2] in (b"\x10\x02", b"\x10\x03"):
            self.notifications.append(apdu)
        return apdu

    def _npci(self, plain: bytes) -> bytes:
        return bytes((plain[0], plain[1] | _DESTINATION)) + self.far if self.far else plain
