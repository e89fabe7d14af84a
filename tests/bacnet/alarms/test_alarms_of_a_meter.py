"""A meter, its objects and the application of its device, put together."""

import asyncio
import json
from dataclasses import dataclass, field

import pytest
from bacpypes3 import object as schemas
from bacpypes3.apdu import AcknowledgeAlarmRequest
from bacpypes3.basetypes import EventState as TheirState
from bacpypes3.basetypes import NotifyType, TimeStamp
from bacpypes3.primitivedata import ObjectIdentifier

from submeter.bacnet import encoding
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

    def __init__(self, settling: float, notes: dict[str, str] | None = None) -> None:
        self.wire = Wire()
        self.notes: dict[str, str] = {} if notes is None else notes
        points = meter_map.load("standard").points
        self.meter: Meter = meters.meter("main", points, list(NUMBERS), 60.0)
        objects = [PointObject(entry) for entry in meter_map.load("standard").objects]
        self.objects = {entry.entry.point.name: entry for entry in objects}
        self.meter.subscribe(shown(objects))
        device = ServedObject(schemas.DeviceObject, DEVICE, "Device")
        self.application = Application(ObjectTable([device, *objects]), self.wire)
        self.alarms = Alarms(
            self.application,
            objects,
            SETTINGS,
            DEVICE,
            Audit(),
            settling,
            notes=self.notes,
            keep=self.notes.__setitem__,
        )
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


async def restarted(station: Station) -> Station:
    """Return the station of the next run, which has what the first one kept."""
    station.close()
    again = Station(settling=30, notes=dict(station.notes))
    await asyncio.sleep(0.01)
    assert again.drain() == [], "the start is quiet"
    return again


def listed(station: Station) -> bytes:
    """Return what GetEventInformation answers."""
    station.application.receive(b"\x00\x05\x09\x1d", HERE, False)
    return station.wire.sent.pop()[0]


async def test_alarm_that_ends_during_a_restart_is_told_to_have_ended() -> None:
    station = Station(settling=30)
    station.update(10)
    station.update(11, Overload_Alarm=1)
    station.drain()
    shown_before = station.objects["Overload_Alarm"].read(130)
    station = await restarted(station)
    entry = station.objects["Overload_Alarm"]
    assert (entry.read(130), entry.read(0)) == (shown_before, b"\x82\x05\x60")
    assert encoding.context(0, entry.identifier.to_bytes(4, "big")) in listed(station)
    station.update(12)
    assert station.drain() == [("Overload_Alarm", TheirState.normal, 0)]
    assert entry.read(0) == b"\x82\x05\x60", "nobody has acknowledged it"
    station = await restarted(station)
    station.update(13)
    assert station.drain() == []
    station.close()


async def test_alarm_that_still_stands_after_a_restart_is_not_told_again() -> None:
    station = Station(settling=30)
    station.update(10)
    station.update(11, Overload_Alarm=1)
    station.drain()
    station = await restarted(station)
    station.update(12, Overload_Alarm=1)
    assert station.drain() == []
    assert station.objects["Overload_Alarm"].event_state == 2
    station.close()


async def test_note_of_a_kept_event_that_is_damaged(caplog: pytest.LogCaptureFixture) -> None:
    station = Station(settling=0, notes={f"bacnet_events:{DEVICE}": "{"})
    station.update(10)
    station.update(11, Overload_Alarm=1)
    assert ("Overload_Alarm", TheirState.offnormal, 2) in station.drain()
    assert len([each for each in caplog.messages if "bacnet_events_lost" in each]) == 1
    station.close()


async def test_fault_from_the_start_shows_but_is_no_event() -> None:
    station = Station(settling=30)
    entry = station.objects["Overload_Alarm"]
    assert (entry.event_state, entry.reliability) == (1, 7)
    assert listed(station)[3:] == b"\x0e\x0f\x19\x00"
    station.application.receive(b"\x00\x05\x09\x03", HERE, False)
    assert station.wire.sent.pop()[0] == b"\x30\x09\x03", "no alarm summary either"
    station.update(10)
    station.meter.tick(meters.at(100))
    assert encoding.context(0, entry.identifier.to_bytes(4, "big")) in listed(station)
    station.close()


async def test_nothing_is_left_after_the_end() -> None:
    station = Station(settling=0.02)
    station.update(10)
    station.update(11, Overload_Alarm=1)
    station.close()
    assert json.loads(station.notes[f"bacnet_events:{DEVICE}"])["Overload_Alarm"][0] == 2
    kept, sent = dict(station.notes), list(station.wire.sent)
    station.meter.tick(meters.at(100))
    await asyncio.sleep(0.05)
    assert (station.notes, station.wire.sent) == (kept, sent)
