"""A whole device with all objects of a real meter, its services, and one client of them."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Interface
from typing import Any

from bacnet.client import oid, reference
from submeter.bacnet import encoding
from submeter.bacnet.answer import Ack, Answer, Fitted, Pending, RefusedError, Rejected, SimpleAck
from submeter.bacnet.answer import ErrorAnswer as Error
from submeter.bacnet.application.limits import LARGEST_ANSWER
from submeter.bacnet.application.memory import Memory
from submeter.bacnet.fault import Fault
from submeter.bacnet.objects.device import describe, device_object
from submeter.bacnet.objects.network_port import ip_port
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.shown import shown
from submeter.bacnet.objects.structured_view import structured_view
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.objects.unlock import UnlockObject
from submeter.bacnet.objects.writables import writables
from submeter.bacnet.peer import Peer
from submeter.bacnet.reading.fast import Fast
from submeter.bacnet.reading.read_services import ReadServices
from submeter.bacnet.settings import BacnetSettings
from submeter.bacnet.writing.write_services import Writing
from submeter.meter.access import Access
from submeter.meter.access_settings import AccessSettings
from submeter.meter.audit import Audit, Entry
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality
from submeter.meter.setup import Setup
from submeter.pointmap import meter_map
from tooling import meters

DEVICE_ID = 4000
CLIENT = Peer(("192.0.2.7", 47808))
STRANGER = Peer(("198.51.100.7", 47808))
OPEN = AccessSettings(networks=["192.0.2.0/24"], unlock="none")
MAP = meter_map.load("standard")
GIVEN = [point.name for point in MAP.points if point.name != "Communication_Status"]
SERVICES = encoding.bits([0] * 41)
DENIED, OUT_OF_RANGE, BAD_TYPE = (2, 40), (2, 37), (2, 9)


class Eager(Memory):
    """Finds worth keeping what comes for the first time."""

    def worth(self, where: dict[bytes, Any], request: bytes) -> bool:
        return True


class Site:
    """The device of one meter; `access` says who may write, and nobody may without."""

    def __init__(
        self, access: AccessSettings | None = None, setup: Setup = meters.WHOLE, prefix: str = ""
    ) -> None:
        self.audit = Audit()
        self.access = Access(access or AccessSettings(), self.audit)
        feed = Feed(meters.SOURCE, dict.fromkeys(GIVEN, Quality.MEASURED), 60.0)
        self.meter = Meter(
            "main",
            MAP.points,
            [feed],
            setup,
            audit=self.audit,
            access=self.access,
            start=Instant.now(),
        )
        self.points = [PointObject(entry, prefix=prefix) for entry in MAP.objects]
        self.meter.subscribe(shown(self.points))
        self.unlock = UnlockObject(1, "Unlock_Code", self.access)
        self.table = _table(self.points, self.unlock)
        found = writables(self.points, self.meter)
        doors = dict.fromkeys((each.identifier for each in self.points), self.meter)
        reading = ReadServices(self.table)
        self.writing = Writing(
            self.table,
            {**found, self.unlock.identifier: self.unlock},
            self.access,
            doors,
            self.audit,
        )
        self.confirmed = {**reading.confirmed, **self.writing.confirmed}
        self.fast = Fast(self.table, Eager(1 << 24))

    def serve(self, service: int, body: bytes, peer: Peer = CLIENT) -> Answer | Fault | Rejected:
        """Return what `service` answers, with an Error of a class and a code as the fault."""
        try:
            answer = self.confirmed[service](body, peer)
            if isinstance(answer, Pending):
                answer = answer.finish(answer.work())
            if isinstance(answer, Fitted):
                answer = answer.make(LARGEST_ANSWER)
        except RefusedError as refused:
            return refused.fault
        except Rejected as rejected:
            return rejected
        if isinstance(answer, Error) and len(answer.body) == 4:
            return Fault(answer.body[1], answer.body[3])
        return answer

    def read(self, kind: int, instance: int, number: int, index: int | None = None) -> Any:
        """Return a property's application-tagged octets, or the fault."""
        head = b"\x0c" + oid(kind, instance) + reference(1, number, index)
        answer = self.serve(12, head)
        if not isinstance(answer, Ack):
            return answer
        assert answer.body.startswith(head + b"\x3e")
        assert answer.body.endswith(b"\x3f")
        return answer.body[len(head) + 1 : -1]

    def write(
        self,
        kind: int,
        instance: int,
        value: bytes,
        priority: int | None = None,
        peer: Peer = CLIENT,
        number: int = 85,
    ) -> Any:
        """Write a present value; return None once it is, else the fault or the Rejected."""
        answer = self.serve(15, wish(kind, instance, value, priority, number), peer)
        return None if isinstance(answer, SimpleAck) else answer

    def told(self) -> list[tuple[str, str]]:
        """Return event and detail of what the audit log was told since the last call."""
        return [(entry.event, entry.detail) for entry in self.entries()]

    def entries(self) -> list[Entry]:
        return self.audit.take()


def wish(
    kind: int, instance: int, value: bytes, priority: int | None = None, number: int = 85
) -> bytes:
    """Return a WriteProperty request's parameters."""
    last = b"" if priority is None else encoding.context_unsigned(4, priority)
    head = b"\x0c" + oid(kind, instance) + reference(1, number)
    return head + encoding.enclosed(3, value) + last


def wishes(*each: tuple[int, int, bytes]) -> bytes:
    """Return a WritePropertyMultiple request's parameters: present values, without priority."""
    return b"".join(
        b"\x0c" + oid(kind, instance) + b"\x1e\x09\x55" + encoding.enclosed(2, value) + b"\x1f"
        for kind, instance, value in each
    )


def _table(points: Sequence[PointObject], unlock: UnlockObject) -> ObjectTable:
    settings = BacnetSettings(device_id=DEVICE_ID)
    device = device_object(
        DEVICE_ID,
        "Submeter",
        settings,
        model="submeter",
        serial="0000001",
        location="cellar",
        description="a submeter",
    )
    interface, nowhere = IPv4Interface("192.0.2.1/24"), IPv4Address(0)
    port = ip_port(1, interface, 47808, nowhere, lambda: 0, lambda: 0)
    annotations = [each.entry.point.description for each in points]
    view = structured_view(1, "Meter", "the meter", DEVICE_ID, points, annotations)
    others: list[ServedObject] = [device, port, view, unlock]
    table = ObjectTable([*others, *points])
    describe(device, table, SERVICES, 1)
    return table
