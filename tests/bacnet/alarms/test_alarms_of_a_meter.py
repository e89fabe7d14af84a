"""A meter, its objects and the application of its device, put together."""

import asyncio
from dataclasses import dataclass, field

from bacpypes3 import object as schemas
from bacpypes3.apdu import AcknowledgeAlarmRequest
from bacpypes3.basetypes import EventState as TheirState
from bacpypes3.basetypes import NotifyType, TimeStamp
from bacpypes3.primitivedata import ObjectIdentifier

from submeter.bacnet.alarms.alarms import Alarms
from submeter.bacnet.application.application import Application
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.shown import shown
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.peer import GLOBAL, Peer
from submeter.bacnet.settings import AlarmReporting, RecipientSettings
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter, values
from submeter.pointmap import meter_map
from tooling import meters
from tooling.alarm_station import DEVICE, decoded

HERE = Peer(("192.0.2.20", 47808))
SETTINGS = AlarmReporting(
    acknowledge=["alarm"], recipients=[RecipientSettings(address="192.0.2.20")]
)
NUMBERS = {"Active_Power_Total": 3.0, "Overload_Alarm": 0}


@dataclass
class Wire:
    """Keeps what is sent: APDU and network priority."""

    sent: list[tuple[bytes, int]] = field(default_factory=list)

    def send(
        self, apdu: bytes, to: Peer, *, reply_expected: bool = False, priority: int = 0
    ) -> None:
        assert to == HERE
        self.sent.append((apdu, priority))

    def broadcast(self, apdu: bytes, network: int = GLOBAL, *, priority: int = 0) -> None:
        raise AssertionError("nothing is broadcast")


class Station:
    """The device of a meter with one source, whose readings last 60 s."""

    def __init__(self, settling: float) -> None:
        self.wire = Wire()
        points = meter_map.load("standard").points
        self.meter: Meter = meters.meter("main", points, list(NUMBERS), 60.0)
        objects = [PointObject(entry) for entry in meter_map.load("standard").objects]
        self.objects = {entry.entry.point.name: entry for entry in objects}
        self.meter.subscribe(shown(objects))
        device = ServedObject(schemas.DeviceObject, DEVICE, "Device")
        self.application = Application(ObjectTable([device, *objects]), self.wire)
        self.alarms = Alarms(self.application, objects, SETTINGS, DEVICE, Audit(), settling)
        self.application.confirmed.update(self.alarms.confirmed)
        self.alarms.start()

    def update(self, second: float, **changed: float) -> None:
        self.meter.update(values({**NUMBERS, **changed}), meters.at(second))

    def drain(self) -> list[tuple[str, TheirState, int]]:
        """Acknowledge what comes until nothing does: object, to-state and network priority."""
        found = []
        while self.wire.sent:
            apdu, priority = self.wire.sent.pop(0)
            told = decoded(apdu)
            number = int(told.eventObjectIdentifier[1])
            entry = self.application.table.find(3 << 22 | number)
            assert entry
            found.append((entry.name, told.toState, priority))
            self.application.receive(bytes((0x20, apdu[2], 2)), HERE, False)
        return found

    def close(self) -> None:
        self.alarms.close()
        self.application.close()


async def test_start_is_quiet() -> None:
    station = Station(settling=30)
    assert station.objects["Communication_Status"].number == 0
    await asyncio.sleep(0.01)
    station.update(10)
    assert station.drain() == []
    station.close()


async def test_instrument_that_is_never_heard() -> None:
    station = Station(settling=0.01)
    await asyncio.sleep(0.05)
    assert station.drain() == [("Communication_Status", TheirState.offnormal, 2)]
    station.close()


async def test_instrument_falls_silent_and_comes_back() -> None:
    station = Station(settling=30)
    station.update(10)
    station.update(11, Overload_Alarm=1)
    assert station.drain() == [("Overload_Alarm", TheirState.offnormal, 2)]
    station.meter.tick(meters.at(100))
    assert sorted(station.drain()) == [
        ("Communication_Status", TheirState.offnormal, 2),
        ("Overload_Alarm", TheirState.fault, 1),
    ]
    station.update(110, Overload_Alarm=1)
    assert sorted(station.drain()) == [
        ("Communication_Status", TheirState.normal, 0),
        ("Overload_Alarm", TheirState.normal, 0),
        ("Overload_Alarm", TheirState.offnormal, 2),
    ]
    station.close()


async def test_acknowledgement_over_the_wire() -> None:
    station = Station(settling=30)
    station.update(10)
    station.update(11, Overload_Alarm=1)
    told = decoded(station.wire.sent[0][0])
    station.drain()
    request = AcknowledgeAlarmRequest(
        acknowledgingProcessIdentifier=1,
        eventObjectIdentifier=ObjectIdentifier(("binary-input", 5)),
        eventStateAcknowledged=told.toState,
        timeStamp=TimeStamp(dateTime=told.timeStamp.dateTime),
        acknowledgmentSource="operator",
        timeOfAcknowledgment=TimeStamp(dateTime=told.timeStamp.dateTime),
    )
    body = bytes(request.encode().pduData)
    station.application.receive(b"\x00\x05\x09\x00" + body, HERE, False)
    replies = [apdu for apdu, _ in station.wire.sent]
    assert b"\x20\x09\x00" in replies
    (notice,) = (decoded(apdu) for apdu in replies if apdu[0] == 0)
    assert notice.notifyType == NotifyType.ackNotification
    station.application.receive(b"\x00\x05\x0a\x00" + body[:-1], HERE, False)
    assert station.wire.sent[-1][0][0] == 0x60
    (noted,) = station.alarms._audit.take(Instant.now())
    assert noted.event == "alarm_acknowledged"
    station.close()
