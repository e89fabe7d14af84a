"""An application over a carrier that only takes notes, and what a client of it would say."""

from dataclasses import dataclass, field
from typing import Any

from bacpypes3.apdu import APDU
from bacpypes3.object import DeviceObject
from bacpypes3.pdu import PDU

from submeter.bacnet.answer import AbortReason, Ack, Answer
from submeter.bacnet.application.application import Application
from submeter.bacnet.application.shares import Shares
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.peer import GLOBAL, Peer

CLIENT = Peer(("192.0.2.1", 47808))
OTHER = Peer(("192.0.2.2", 47808), 2001, b"\x11")
ECHO, READ, READ_MULTIPLE = 200, 12, 14
LONG = bytes(range(256)) * 2
"""512 octets: 12 segments of 45."""


@dataclass
class Sent:
    apdu: bytes
    to: Peer
    reply_expected: bool
    priority: int

    @property
    def kind(self) -> int:
        return self.apdu[0] >> 4

    @property
    def decoded(self) -> Any:
        """The fixed part as bacpypes3 reads it."""
        return APDU.decode(PDU(self.apdu))


@dataclass
class Notes:
    """A carrier: `sent` to stations, `broadcasts` to networks with their priority."""

    sent: list[Sent] = field(default_factory=list)
    broadcasts: list[tuple[bytes, int, int]] = field(default_factory=list)

    def send(
        self, apdu: bytes, to: Peer, *, reply_expected: bool = False, priority: int = 0
    ) -> None:
        self.sent.append(Sent(apdu, to, reply_expected, priority))

    def broadcast(self, apdu: bytes, network: int = GLOBAL, *, priority: int = 0) -> None:
        self.broadcasts.append((apdu, network, priority))

    def take(self) -> list[bytes]:
        """Return what was sent since."""
        sent, self.sent = self.sent, []
        return [each.apdu for each in sent]


def echo(body: bytes, peer: Peer) -> Answer:
    return Ack(body)


def application(
    carrier: Notes | None = None, shares: Shares | None = None
) -> tuple[Application, Notes]:
    """Return a device whose service ECHO answers what it is asked, and its carrier."""
    notes = carrier or Notes()
    made = Application(ObjectTable([ServedObject(DeviceObject, 1, "device")]), notes, shares)
    made.confirmed[ECHO] = echo
    return made, notes


def whole(
    service: int = ECHO, body: bytes = b"", invoke_id: int = 1, code: int = 5, segments: int = -1
) -> bytes:
    """Return a request; `segments` is the code of Max-Segments-Accepted, -1: takes none."""
    takes = segments >= 0
    return bytes((2 * takes, max(segments, 0) << 4 | code, invoke_id, service)) + body


def piece(
    sequence: int,
    body: bytes,
    more: bool = True,
    window: int = 4,
    invoke_id: int = 1,
    service: int = ECHO,
) -> bytes:
    """Return a segment of a request of a client that takes any segments of 50 octets."""
    first = 0x0A | (4 if more else 0)
    return bytes((first, 0x70, invoke_id, sequence, window, service)) + body


def acknowledgement(
    sequence: int, window: int, invoke_id: int = 1, negative: bool = False
) -> bytes:
    """Return the SegmentACK of a client."""
    return bytes((0x40 | 2 * negative, invoke_id, sequence, window))


def left(made: Application) -> tuple[int, int, int, int, int]:
    """Return what is kept of requests: all 0 when nothing is left behind."""
    shares = made.shares
    waiting = made.transactions, len(shares.clients), shares.answered
    return *waiting, len(made.outgoing), len(shares.stations)


NOTHING = (0, 0, 0, 0, 0)


def abort(reason: AbortReason, invoke_id: int = 1) -> bytes:
    """Return the Abort of a device."""
    return bytes((0x71, invoke_id, reason))


def receive(made: Application, apdu: bytes, peer: Peer = CLIENT) -> None:
    """Have the device receive what was not broadcast."""
    made.receive(apdu, peer, False)
