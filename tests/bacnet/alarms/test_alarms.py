from collections.abc import Iterator

import pytest
from bacpypes3.apdu import (
    AcknowledgeAlarmRequest,
    GetAlarmSummaryRequest,
    GetEventInformationRequest,
)
from bacpypes3.basetypes import EventState as TheirState
from bacpypes3.basetypes import NotifyType, TimeStamp
from bacpypes3.pdu import PDUData
from bacpypes3.primitivedata import ObjectIdentifier, TagList
from hypothesis import given
from hypothesis import strategies as st

from bacnet.alarms.alarm_site import CLIENT, EVERYTHING, TOLD, Site, body
from submeter.bacnet import clock, encoding, fault
from submeter.bacnet.alarms.alarms import Alarms
from submeter.bacnet.alarms.event_state import EventState
from submeter.bacnet.alarms.past import Past, written
from submeter.bacnet.alarms.search import Search
from submeter.bacnet.answer import DONE, Ack, Fitted, RefusedError, Rejected
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import identifier
from submeter.bacnet.peer import Peer
from submeter.bacnet.settings import AlarmReporting, RecipientSettings
from submeter.meter.instant import Instant
from tooling.alarm_station import DEVICE, FakeSender, good, points, stale


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    made.alarms.start()
    yield made
    made.alarms.close()


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    at = iter(range(1_790_000_000, 1_800_000_000))
    monkeypatch.setattr(clock, "now", lambda: float(next(at)))


def acknowledge(
    entry: PointObject | int, state: int, stamp: bytes | None = None, source: str = "operator"
) -> AcknowledgeAlarmRequest:
    """Return a request; the stamp is the one that the object shows for that state."""
    number = entry if isinstance(entry, int) else entry.identifier
    if stamp is None:
        assert isinstance(entry, PointObject)
        image = entry.read(130, {2: 1, 1: 2, 0: 3}[state])
        assert isinstance(image, bytes)
        stamp = image
    return AcknowledgeAlarmRequest(
        acknowledgingProcessIdentifier=9,
        eventObjectIdentifier=ObjectIdentifier((number >> 22, number & 0x3FFFFF)),
        eventStateAcknowledged=TheirState(state),
        timeStamp=TimeStamp.decode(TagList.decode(PDUData(stamp))),
        acknowledgmentSource=source,
        timeOfAcknowledgment=TimeStamp(time=(12, 0, 0, 0)),
    )


def test_services(site: Site) -> None:
    assert sorted(site.alarms.confirmed) == [0, 3, 29]
    assert not site.alarms.unconfirmed
    assert 30 not in site.sender.table.device.live


def test_only_points_with_an_alarm_have_event_properties(site: Site) -> None:
    for entry in site.objects.values():
        assert (entry.image(130) is not None) == (entry.entry.alarm is not None)
    assert site["Pulse_Output_Active"].image(130) is None


def test_notification(site: Site) -> None:
    site["Overload_Alarm"].show(good(1))
    (sent,) = site.sender.unconfirmed
    assert (sent.service, sent.to, sent.priority) == (3, Peer(("192.0.2.20", 47808)), 2)
    told = sent.decoded
    assert told.processIdentifier == 9
    assert told.initiatingDeviceIdentifier == ObjectIdentifier(("device", DEVICE))
    assert told.eventObjectIdentifier == ObjectIdentifier(("binary-input", 5))
    assert told.priority == 64
    assert told.messageText.startswith("main: Overload_Alarm: ")
    assert told.ackRequired
    flags = told.eventValues.changeOfState.statusFlags
    assert list(flags) == [1, 0, 0, 0]


def test_confirmed_notification() -> None:
    site = Site(AlarmReporting(recipients=[RecipientSettings(address="192.0.2.20:47810")]))
    site.alarms.start()
    site["Tamper_Alarm"].show(good(1))
    (sent,) = site.sender.outgoing.sent
    assert (sent.service, sent.to.place) == (2, ("192.0.2.20", 47810))
    assert sent.decoded.toState == TheirState.offnormal
    assert not sent.decoded.ackRequired
    site.alarms.close()


def test_nothing_is_sent_while_silenced(site: Site) -> None:
    site.sender.silenced = True
    site["Overload_Alarm"].show(good(1))
    assert not site.sender.unconfirmed
    assert site["Overload_Alarm"].event_state == 2
    site.sender.silenced = False
    site["Overload_Alarm"].show(good(0))
    assert [each.decoded.toState for each in site.sender.unconfirmed] == [TheirState.normal]


async def test_device_as_recipient() -> None:
    site = Site(AlarmReporting(recipients=[RecipientSettings(device=20)]))
    site.alarms.start()
    assert [each.service for each in site.sender.unconfirmed] == [8]
    site["Overload_Alarm"].show(good(1))
    assert not site.sender.outgoing.sent
    i_am = encoding.identifier(8, 20) + encoding.unsigned(480)
    site.alarms.unconfirmed[0](i_am, CLIENT, True)
    assert [each.to for each in site.sender.outgoing.sent] == [CLIENT]
    assert site.sender.table.device.read(30) == (
        encoding.identifier(8, 20)
        + encoding.unsigned(0)
        + encoding.octets(b"\xc0\x00\x02\x32\xba\xc0")
    )
    site.alarms.close()


async def test_bindings_are_not_made_for_each_of_many_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def counted(_: Search) -> bytes:
        asked.append(1)
        return b""

    monkeypatch.setattr(Search, "bindings", counted)
    site = Site(AlarmReporting(recipients=[RecipientSettings(device=20)]))
    for _ in range(700):
        assert site.sender.table.device.read(30) == b""
    assert len(asked) < 100
    site.alarms.close()


def test_acknowledge_alarm(site: Site) -> None:
    entry = site["Overload_Alarm"]
    entry.show(good(1))
    assert site.ask(acknowledge(entry, 2)) is DONE
    assert entry.read(0) == encoding.bits((True, True, True))
    first, second = site.sender.unconfirmed
    told = second.decoded
    assert told.notifyType == NotifyType.ackNotification
    assert told.eventObjectIdentifier == first.decoded.eventObjectIdentifier
    assert told.toState == TheirState.offnormal
    (noted,) = site.audit.take(Instant.now())
    assert noted.event == "alarm_acknowledged"
    assert noted.who == "bacnet 192.0.2.50"
    assert noted.detail == "point=Overload_Alarm state=offnormal source=operator"


def test_second_acknowledgement_does_nothing(site: Site) -> None:
    entry = site["Overload_Alarm"]
    entry.show(good(1))
    for _ in range(3):
        assert site.ask(acknowledge(entry, 2)) is DONE
    assert len(site.sender.unconfirmed) == 2
    assert len(site.audit.take(Instant.now())) == 1


def test_acknowledgement_goes_to_those_who_were_told() -> None:
    alarm_only = RecipientSettings(address="192.0.2.21", confirmed=False, transitions=["alarm"])
    site = Site(EVERYTHING.model_copy(update={"recipients": [TOLD, alarm_only]}))
    site.alarms.start()
    entry = site["Overload_Alarm"]
    entry.show(good(1))
    entry.show(good(0))
    site.sender.unconfirmed.clear()
    site.ask(acknowledge(entry, 0))
    site.ask(acknowledge(entry, 2))
    hosts = [each.to.place[0] for each in site.sender.unconfirmed if each.to]
    assert hosts == ["192.0.2.20", "192.0.2.20", "192.0.2.21"]
    site.alarms.close()


def test_refused_acknowledgements(site: Site) -> None:
    entry = site["Overload_Alarm"]
    entry.show(good(1))
    stamp = entry.read(130, 1)
    assert isinstance(stamp, bytes)
    wrong = encoding.enclosed(2, clock.date_time(1_500_000_000))
    silent = site["Pulse_Output_Active"]
    assert site.refused(acknowledge(identifier(3, 4444), 2, stamp)) == fault.UNKNOWN_OBJECT
    assert site.refused(acknowledge(silent.identifier, 2, stamp)) == fault.NO_ALARM
    assert site.refused(acknowledge(identifier(8, DEVICE), 2, stamp)) == fault.NO_ALARM
    assert site.refused(acknowledge(entry, 2, wrong)) == fault.INVALID_TIME_STAMP
    assert site.refused(acknowledge(entry, 0, stamp)) == fault.INVALID_EVENT_STATE
    assert site.refused(acknowledge(entry, 3, stamp)) == fault.INVALID_EVENT_STATE
    for other in (b"\x19\x05", b"\x0c\x0c\x00\x00\x00"):  # a sequence number, a time of day
        assert site.refused(acknowledge(entry, 2, other)) == fault.INVALID_TIME_STAMP
    assert entry.read(0) == encoding.bits((False, True, True))
    assert not site.audit.take(Instant.now())


@pytest.mark.parametrize("character_set", [0, 4, 5, 9])
def test_source_in_any_character_set(site: Site, character_set: int) -> None:
    entry = site["Overload_Alarm"]
    entry.show(good(1))
    plain = body(acknowledge(entry, 2))
    text = encoding.context(4, b"\x00operator")
    assert text in plain
    other = encoding.context(4, bytes((character_set,)) + b"op\xff\x00\n")
    site.alarms.confirmed[0](plain.replace(text, other), CLIENT)
    (noted,) = site.audit.take(Instant.now())
    assert "\n" not in noted.detail


def test_event_information(site: Site) -> None:
    entry = site["Overload_Alarm"]
    entry.show(good(1))
    answer = site.ask(GetEventInformationRequest())
    assert not answer.moreEvents
    (summary,) = answer.listOfEventSummaries
    assert summary.objectIdentifier == ObjectIdentifier(("binary-input", 5))
    assert summary.eventState == TheirState.offnormal
    assert list(summary.acknowledgedTransitions) == [0, 1, 1]
    stamps = b"".join(bytes(each.encode().encode().pduData) for each in summary.eventTimeStamps)
    assert stamps == entry.read(130)
    assert summary.notifyType == NotifyType.alarm
    assert list(summary.eventEnable) == [1, 1, 1]
    assert [int(each) for each in summary.eventPriorities] == [64, 128, 192]


def test_events_that_are_over_but_not_acknowledged(site: Site) -> None:
    entry = site["Overload_Alarm"]
    assert site.events() == []
    entry.show(good(1))
    entry.show(good(0))
    assert site.events() == [(5, False)]
    site.ask(acknowledge(entry, 2))
    site.ask(acknowledge(entry, 0))
    assert site.events() == []


@pytest.mark.parametrize("room", [125, 250, 477])
def test_more_events_than_one_answer_holds(site: Site, room: int) -> None:
    expected = []
    for entry in site.objects.values():
        if entry.entry.alarm is not None:
            entry.show(good(entry.entry.alarm))
            expected.append(entry.instance)
    site.room = room
    found = site.events()
    assert [instance for instance, _ in found] == sorted(expected)
    assert sum(not more for _, more in found) <= room // 60
    answer = site.alarms.confirmed[29](b"", CLIENT)
    assert isinstance(answer, Fitted)
    part = answer.make(room)
    assert isinstance(part, Ack)
    assert room - 80 < len(part.body) <= room


def test_an_event_that_does_not_fit_at_all(site: Site) -> None:
    """It is given all the same, and aborted: who got none would ask for ever."""
    site["Overload_Alarm"].show(good(1))
    site.room = 47
    assert site.events() == [(5, False)]


def test_goes_on_after_an_object_that_is_no_event(site: Site) -> None:
    for name in ("Overload_Alarm", "Meter_Error"):
        site[name].show(good(1))
    last = ObjectIdentifier(("binary-input", 5))
    answer = site.ask(GetEventInformationRequest(lastReceivedObjectIdentifier=last))
    assert [int(each.objectIdentifier[1]) for each in answer.listOfEventSummaries] == [9]
    for name, expected in ({"Tamper_Alarm": [9], "Phase_Loss_L1": [5, 9]}).items():
        last = ObjectIdentifier(("binary-input", site[name].instance))
        answer = site.ask(GetEventInformationRequest(lastReceivedObjectIdentifier=last))
        assert [int(e.objectIdentifier[1]) for e in answer.listOfEventSummaries] == expected
    unknown = ObjectIdentifier(("binary-input", 4444))
    request = GetEventInformationRequest(lastReceivedObjectIdentifier=unknown)
    assert site.refused(request) == fault.UNKNOWN_OBJECT


def test_what_is_kept_is_told_while_the_object_is_not_reliable_yet() -> None:
    """As after a restart: the silent fault of the start is no event."""
    objects = points("main: ")
    name = objects["Overload_Alarm"].name
    note = written({name: Past(EventState.OFFNORMAL, (False, True, True))})
    notes = {f"bacnet_events:{DEVICE}": note}
    site = Site()
    site.objects = objects
    listed = list(objects.values())
    settings = AlarmReporting()
    site.alarms = Alarms(FakeSender(listed), listed, settings, DEVICE, site.audit, 0, notes=notes)
    site.alarms.start()
    assert objects["Overload_Alarm"].event_state == EventState.FAULT
    (summary,) = site.ask(GetEventInformationRequest()).listOfEventSummaries
    assert summary.eventState == TheirState.offnormal
    (summary,) = site.ask(GetAlarmSummaryRequest()).listOfAlarmSummaries
    assert summary.alarmState == TheirState.offnormal
    site.alarms.close()


def test_alarm_summary(site: Site) -> None:
    # bacpypes3 does not decode an empty one.
    assert site.alarms.confirmed[3](b"", CLIENT) == Ack(b"")
    site["Overload_Alarm"].show(good(1))
    site["Meter_Error"].show(good(1))
    site["Meter_Error"].show(good(0))
    site["Tamper_Alarm"].show(good(0))
    site["Tamper_Alarm"].show(stale(0))
    listed = site.ask(GetAlarmSummaryRequest()).listOfAlarmSummaries
    found = [
        (int(each.objectIdentifier[1]), each.alarmState, list(each.acknowledgedTransitions))
        for each in listed
    ]
    assert found == [(5, TheirState.offnormal, [0, 1, 1]), (6, TheirState.fault, [1, 0, 1])]


PLAIN = [
    (0, body(acknowledge(identifier(3, 5), 2, encoding.enclosed(2, clock.date_time(0))))),
    (3, b""),
    (29, b""),
    (29, body(GetEventInformationRequest(lastReceivedObjectIdentifier=("binary-input", 5)))),
]


@pytest.mark.parametrize("service", [0, 3, 29])
def test_too_much(site: Site, service: int) -> None:
    for known, request in PLAIN:
        if known == service:
            with pytest.raises(Rejected):
                site.alarms.confirmed[service](request + b"\x09\x01", CLIENT)


def test_cut_off(site: Site) -> None:
    whole = PLAIN[0][1]
    for length in range(len(whole)):
        with pytest.raises(Rejected):
            site.alarms.confirmed[0](whole[:length], CLIENT)


@given(st.data())
def test_any_request_is_answered_rejected_or_refused(data: st.DataObject) -> None:
    site = Site()
    service, plain = data.draw(st.sampled_from(PLAIN))
    octets = bytearray(plain)
    for _ in range(data.draw(st.integers(0, 4))):
        if octets:
            at = data.draw(st.integers(0, len(octets) - 1))
            octets[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    request = bytes(octets) if data.draw(st.booleans()) else data.draw(st.binary(max_size=40))
    try:
        answer = site.alarms.confirmed[service](request, CLIENT)
    except (Rejected, RefusedError):
        return
    assert answer is DONE or isinstance(answer, Ack | Fitted)
