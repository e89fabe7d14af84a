"""A device with alarm points, and the rest of it that sends for them: all of it in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bacpypes3 import object as schemas
from bacpypes3.apdu import APDU, APCISequence
from bacpypes3.pdu import PDU

from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.peer import Peer
from submeter.meter.reading import Quality, Reading
from submeter.pointmap import meter_map

DEVICE = 4000


@dataclass
class Request:
    """A confirmed request that was sent; `done` ends it."""

    service: int
    body: bytes
    to: Peer
    done: Callable[[bool], None]
    priority: int

    @property
    def decoded(self) -> Any:
        """What bacpypes3 makes of it."""
        return decoded(bytes((0x00, 0x05, 1, self.service)) + self.body)


@dataclass
class Unconfirmed:
    """An unconfirmed request that was sent; no `to`: to all."""

    service: int
    body: bytes
    to: Peer | None
    priority: int

    @property
    def decoded(self) -> Any:
        """What bacpypes3 makes of it."""
        return decoded(bytes((0x10, self.service)) + self.body)


@dataclass
class FakeOutgoing:
    """Keeps confirmed requests; `full` takes none."""

    sent: list[Request] = field(default_factory=list)
    full: bool = False

    def request(
        self,
        service: int,
        body: bytes,
        to: Peer,
        done: Callable[[bool], None],
        priority: int = 0,
    ) -> bool:
        if self.full:
            return False
        self.sent.append(Request(service, body, to, done, priority))
        return True


class FakeSender:
    """Keeps what is sent."""

    def __init__(self, objects: list[PointObject] | None = None) -> None:
        device = ServedObject(schemas.DeviceObject, DEVICE, "Device")
        self.table = ObjectTable([device, *(objects or [])])
        self.outgoing = FakeOutgoing()
        self.unconfirmed: list[Unconfirmed] = []
        self.silenced = False

    def may_initiate(self) -> bool:
        return not self.silenced

    def send_unconfirmed(self, service: int, body: bytes, to: Peer, priority: int = 0) -> None:
        self.unconfirmed.append(Unconfirmed(service, body, to, priority))

    def broadcast_unconfirmed(self, service: int, body: bytes) -> None:
        self.unconfirmed.append(Unconfirmed(service, body, None, 0))


def decoded(apdu: bytes) -> Any:
    """Return what bacpypes3 makes of an APDU."""
    return APCISequence.decode(APDU.decode(PDU(apdu)))


def points(described: str = "") -> dict[str, PointObject]:
    """Return the objects of the standard map, by point."""
    return {
        entry.point.name: PointObject(entry, described=described)
        for entry in meter_map.load("standard").objects
        if entry.object == "binary-input"
    }


def good(value: int) -> Reading:
    """Return a reading of a state."""
    return Reading(value, Quality.MEASURED)


def stale(value: int | None) -> Reading:
    """Return a reading that is too old."""
    return Reading(value, Quality.STALE)
