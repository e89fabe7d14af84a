"""A BACnet client made of raw UDP frames; what it reads, bacpypes3's own decoder takes apart."""

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

from bacpypes3.apdu import APDU, APCISequence
from bacpypes3.pdu import PDU

Target = tuple[str, int]
SIMPLE, COMPLEX, SEGMENT_ACK, ERROR, REJECT, ABORT = 2, 3, 4, 5, 6, 7
DEVICE, ACCUMULATOR, ANALOG_INPUT, ANALOG_OUTPUT, BINARY_INPUT, BINARY_OUTPUT = 8, 23, 0, 1, 3, 4
MULTI_STATE_VALUE, DATETIME_VALUE, NETWORK_PORT = 19, 44, 56


def oid(kind: int, instance: int) -> bytes:
    """Return an object identifier's four octets."""
    return struct.pack(">I", kind << 22 | instance)


def read(kind: int, instance: int, number: int, index: int | None = None) -> bytes:
    """Return a ReadProperty request's parameters."""
    return b"\x0c" + oid(kind, instance) + reference(1, number, index)


def reference(tag: int, number: int, index: int | None = None) -> bytes:
    """Return a property under `tag`, and its array index under the next."""
    octets = _unsigned(tag, number)
    return octets if index is None else octets + _unsigned(tag + 1, index)


def _unsigned(tag: int, number: int) -> bytes:
    content = number.to_bytes(1 if number < 256 else 2, "big")
    return bytes((tag << 4 | 8 | len(content),)) + content


def read_multiple(*specifications: tuple[int, int, list[int]]) -> bytes:
    """Return a ReadPropertyMultiple request's parameters."""
    return b"".join(
        b"\x0c"
        + oid(kind, instance)
        + b"\x1e"
        + b"".join(reference(0, n) for n in numbers)
        + b"\x1f"
        for kind, instance, numbers in specifications
    )


def write(kind: int, instance: int, number: int, value: bytes, priority: int | None = 8) -> bytes:
    """Return a WriteProperty request's parameters; `value` is application-tagged."""
    last = b"" if priority is None else bytes((0x49, priority))
    return read(kind, instance, number) + b"\x3e" + value + b"\x3f" + last


def frame(apdu: bytes, function: int = 0x0A, npci: bytes = b"\x01\x04") -> bytes:
    """Return the B/IP packet of an APDU."""
    return bytes((0x81, function)) + struct.pack(">H", 4 + len(npci) + len(apdu)) + npci + apdu


@dataclass
class Answer:
    """An APDU that came back, without its NPCI."""

    apdu: bytes

    @property
    def kind(self) -> int:
        return self.apdu[0] >> 4

    @property
    def error(self) -> tuple[int, int]:
        """Error class and code."""
        assert self.kind == ERROR, self.apdu.hex()
        body = self.apdu[3:]
        assert (body[0], body[2]) == (0x91, 0x91), self.apdu.hex()
        return body[1], body[3]

    @property
    def reason(self) -> int:
        """The reason of a Reject or an Abort."""
        assert self.kind in (REJECT, ABORT), self.apdu.hex()
        return self.apdu[2]

    @property
    def decoded(self) -> Any:
        """What bacpypes3 makes of the APDU."""
        return APCISequence.decode(APDU.decode(PDU(self.apdu)))

    @property
    def results(self) -> dict[tuple[int, int, int], Any]:
        """Octets or (class, code) of each property of a ReadPropertyMultiple-ACK."""
        found: dict[tuple[int, int, int], Any] = {}
        for result in self.decoded.listOfReadAccessResults:
            kind, instance = result.objectIdentifier
            for element in result.listOfResults:
                key = int(kind), instance, int(element.propertyIdentifier)
                choice = element.readResult
                if choice.propertyAccessError is not None:
                    error = choice.propertyAccessError
                    found[key] = int(error.errorClass), int(error.errorCode)
                else:
                    found[key] = bytes(choice.propertyValue.tagList.encode().pduData)[1:-1]
        return found


@dataclass
class Client:
    """One UDP socket on loopback that talks to `target`."""

    target: Target
    source: str = "127.0.0.1"
    port: int = 0
    _socket: socket.socket = field(init=False)
    _invoke: int = 0

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._socket.setblocking(False)
        self._socket.bind((self.source, self.port))

    def close(self) -> None:
        self._socket.close()

    async def send(self, data: bytes, target: Target | None = None) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendto(self._socket, data, target or self.target)

    async def receive(self, wait: float = 2.0) -> Answer:
        """Return the next answer; raises TimeoutError."""
        loop = asyncio.get_running_loop()
        data = await asyncio.wait_for(loop.sock_recv(self._socket, 4096), wait)
        assert data[0] == 0x81
        assert struct.unpack(">H", data[2:4])[0] == len(data)
        assert data[4:6] in (b"\x01\x00", b"\x01\x04"), data.hex()
        return Answer(data[6:])

    async def silent(self, wait: float = 0.2) -> bool:
        """Tell whether nothing comes for a while."""
        try:
            await self.receive(wait)
        except TimeoutError:
            return True
        return False

    async def drain(self, wait: float) -> None:
        """Throw away what comes, until nothing comes for a while."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await asyncio.wait_for(loop.sock_recv(self._socket, 4096), wait)
            except TimeoutError:
                return

    async def ask(self, service: int, body: bytes, header: bytes = b"\x00\x05") -> Answer:
        """Send a confirmed request; return the answer with its invoke id."""
        self._invoke = (self._invoke + 1) % 256
        await self.send(frame(header + bytes((self._invoke, service)) + body))
        answer = await self.receive()
        assert answer.apdu[1] == self._invoke
        return answer

    async def value(self, kind: int, instance: int, number: int, index: int | None = None) -> bytes:
        """Return a property's application-tagged octets by ReadProperty."""
        answer = await self.ask(12, read(kind, instance, number, index))
        assert answer.kind == COMPLEX, answer.apdu.hex()
        head = read(kind, instance, number, index) + b"\x3e"
        body = answer.apdu[3:]
        assert body.startswith(head)
        assert body.endswith(b"\x3f")
        return body[len(head) : -1]

    async def fault(self, kind: int, instance: int, number: int) -> tuple[int, int]:
        """Return class and code with which a ReadProperty is refused."""
        return (await self.ask(12, read(kind, instance, number))).error
