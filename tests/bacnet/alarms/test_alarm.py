import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from bacpypes3.pdu import PDUData
from bacpypes3.primitivedata import TagList
from hypothesis import given
from hypothesis import strategies as st

from bacnet.alarms.followed import ALL, NONE, PRIORITIES, PUT, F, N, O, follow, shown
from submeter.bacnet import clock, encoding, fault
from submeter.bacnet.alarms.alarm import Alarm
from submeter.bacnet.alarms.event import Event
from submeter.bacnet.alarms.event_state import EventState
from submeter.bacnet.alarms.past import NO_EVENTS, UNSPECIFIED_STAMP, Past
from submeter.bacnet.alarms.policy import Policy
from submeter.bacnet.objects.served import EVENT_STATE, STATUS_FLAGS, property_number
from submeter.meter.reading import Quality, Reading
from tooling.alarm_station import good, points, stale


@pytest.fixture
def tick(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A clock that goes on when told."""
    at = [1_790_000_000.0]

    def go_on() -> None:
        at[0] += 1

    monkeypatch.setattr(clock, "now", lambda: at[0])
    return go_on


def test_properties_before_the_first_event() -> None:
    entry, _, told = follow(policy=Policy((True, False, True), PRIORITIES, NONE, 90))
    assert not told
    assert {
        name: shown(entry, name)
        for name in ("timeDelay", "timeDelayNormal", "notificationClass", "alarmValue")
    } == {
        "timeDelay": encoding.unsigned(90),
        "timeDelayNormal": encoding.unsigned(90),
        "notificationClass": encoding.unsigned(1),
        "alarmValue": encoding.enumerated(1),
    }
    assert shown(entry, "eventEnable") == encoding.bits((True, False, True))
    assert shown(entry, "ackedTransitions") == encoding.bits(ALL)
    assert shown(entry, "notifyType") == encoding.enumerated(0)
    assert shown(entry, "eventDetectionEnable") == b"\x11"
    assert shown(entry, "eventTimeStamps") == UNSPECIFIED_STAMP * 3
    assert entry.read(property_number("eventTimeStamps"), 0) == encoding.unsigned(3)
    assert shown(entry, "eventMessageTexts") == encoding.text("") * 3
    assert shown(entry, "eventState") == encoding.enumerated(1)


def test_properties_have_their_types() -> None:
    entry, _, _ = follow()
    entry.show(good(0))
    entry.show(good(1))
    schema = entry._schema
    for number in entry.live:
        name = next(
            (n for n in schema._elements if n.isidentifier() and property_number(n) == number), None
        )
        assert name, f"no property of the object: {number}"
        image = entry.read(number)
        if not isinstance(image, fault.Fault):
            assert read(schema._elements[name], image) == image


def read(datatype: Any, image: bytes) -> bytes:
    """Return what bacpypes3 makes of an image and encodes again."""
    tags = TagList.decode(PDUData(image))
    value = datatype.decode(tags)
    assert not tags
    return bytes(value.encode().encode().pduData)


async def test_alarm_value_may_be_the_first_state() -> None:
    entry, alarm, told = follow("Communication_Status")
    assert shown(entry, "alarmValue") == encoding.enumerated(0)
    entry.show(good(1))
    assert alarm.state is N
    entry.show(good(0))
    assert alarm.state is O
    assert told[0][1].text == "Communication_Status: Fault"


def test_alarm_and_back() -> None:
    entry, alarm, told = follow()
    entry.show(good(0))
    entry.show(good(1))
    assert alarm.state is O
    assert entry.live[EVENT_STATE] == encoding.enumerated(2)
    assert entry.live[STATUS_FLAGS] == encoding.bits((True, False, False, False))
    entry.show(good(0))
    assert alarm.state is N
    assert entry.live[STATUS_FLAGS] == encoding.bits((False,) * 4)
    events = [(which, event.before, event.after, event.priority) for which, event in told]
    assert events == [(0, N, O, 10), (2, O, N, 200)]
    texts = ["Overload_Alarm: Overload", "Overload_Alarm: OK"]
    assert [event.text for _, event in told] == texts
    assert shown(entry, "eventMessageTexts") == (
        encoding.text(texts[0]) + encoding.text("") + encoding.text(texts[1])
    )


def test_fault_and_back() -> None:
    entry, _, told = follow()
    entry.show(good(1))
    entry.show(stale(1))
    assert entry.live[STATUS_FLAGS] == encoding.bits((True, True, False, False))
    entry.show(good(1))
    assert [(event.before, event.after) for _, event in told] == [(N, O), (O, F), (F, N), (N, O)]
    assert [which for which, _ in told] == [0, 1, 2, 0]
    assert [event.type for _, event in told] == [1, 19, 19, 1]
    words = [(event.text or "").split(": ")[1] for _, event in told]
    assert words == ["Overload", "loss of communication", "reliable again", "Overload"]


def test_nothing_before_the_first_good_reading() -> None:
    entry, alarm, told = follow()
    for reading in (stale(None), Reading(1, Quality.FAILED), Reading(None, Quality.ABSENT)):
        entry.show(reading)
    assert not told
    assert (alarm.state, alarm.past) == (F, NO_EVENTS)
    assert entry.live[EVENT_STATE] == encoding.enumerated(1)
    assert entry.live[STATUS_FLAGS] == encoding.bits((True, True, False, False))
    entry.show(good(0))
    assert not told
    assert (alarm.state, alarm.past) == (N, NO_EVENTS)
    assert entry.live[STATUS_FLAGS] == encoding.bits((False,) * 4)


def test_other_listeners_hear_of_both_at_once() -> None:
    entry = points()["Overload_Alarm"]
    heard: list[object] = []
    entry.listeners = (lambda each: heard.append(each.live[STATUS_FLAGS]),)
    Alarm(entry, 1, PUT, lambda *_: None, 0).start()
    entry.show(good(0))
    heard.clear()
    entry.show(good(1))
    assert heard == [encoding.bits((True, False, False, False))]


async def test_alarm_from_the_start_is_told_after_a_while() -> None:
    entry, alarm, told = follow(settling=0.02)
    heard: list[EventState] = []
    entry.listeners = (*entry.listeners, lambda _: heard.append(alarm.state))
    entry.show(good(1))
    assert alarm.state is N
    async with asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0.005)
    assert alarm.state is O
    assert heard == [N, O], "what follows by itself is told to the other listeners"


async def test_nothing_after_the_end() -> None:
    entry, alarm, told = follow(settling=0.01)
    entry.show(good(1))
    alarm.close()
    await asyncio.sleep(0.03)
    assert not told
    assert entry.listeners == ()


async def test_delay() -> None:
    entry, alarm, told = follow(policy=PUT._replace(delay=1))
    entry.show(good(0))
    entry.show(good(1))
    assert alarm.state is N
    entry.show(good(0))
    await asyncio.sleep(1.05)
    assert not told
    entry.show(good(1))
    async with asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0.01)
    assert alarm.state is O
    alarm.close()


def test_disabled_events_are_shown_but_not_told() -> None:
    entry, alarm, told = follow(policy=Policy((False, True, True), PRIORITIES, ALL, 0))
    entry.show(good(1))
    assert alarm.state is O
    assert not told
    assert alarm.acked == ALL, "nobody was told, so nobody has to acknowledge"
    assert alarm.stamps[0] != UNSPECIFIED_STAMP


def test_acknowledgement(tick: Callable[[], None]) -> None:
    entry, alarm, told = follow(policy=Policy(ALL, PRIORITIES, (True, False, False), 0))
    entry.show(good(1))
    first = alarm.stamps[0]
    assert told[0][1].acknowledge
    assert shown(entry, "ackedTransitions") == encoding.bits((False, True, True))
    tick()
    entry.show(good(0))
    assert not told[1][1].acknowledge
    assert alarm.acked == (False, True, True)
    tick()
    result = alarm.acknowledge(O, first)
    assert isinstance(result, Event)
    assert (result.after, result.before, result.type, result.priority) == (O, None, 1, 10)
    assert result.stamp not in alarm.stamps
    assert shown(entry, "ackedTransitions") == encoding.bits(ALL)
    assert alarm.acknowledge(O, first) is None
    assert alarm.acknowledge(N, alarm.stamps[2]) is None
    assert alarm.stamps[1] == UNSPECIFIED_STAMP
    assert alarm.acknowledge(F, UNSPECIFIED_STAMP) == fault.INVALID_TIME_STAMP, "it never was"


def test_new_event_is_to_be_acknowledged_anew(tick: Callable[[], None]) -> None:
    entry, alarm, _ = follow(policy=Policy(ALL, PRIORITIES, (True, False, False), 0))
    entry.show(good(1))
    old = alarm.stamps[0]
    assert isinstance(alarm.acknowledge(O, old), Event)
    tick()
    entry.show(good(0))
    tick()
    entry.show(good(1))
    assert alarm.acked == (False, True, True)
    assert alarm.acknowledge(O, old) == fault.INVALID_TIME_STAMP


def test_acknowledgement_of_what_was_not(tick: Callable[[], None]) -> None:
    entry, alarm, _ = follow()
    entry.show(good(1))
    tick()
    entry.show(good(0))
    alarmed, normal = alarm.stamps[0], alarm.stamps[2]
    other = encoding.enclosed(2, clock.date_time(1_600_000_000))
    for state in EventState:
        assert alarm.acknowledge(state, other) == fault.INVALID_TIME_STAMP
    assert alarm.acknowledge(N, alarmed) == fault.INVALID_EVENT_STATE
    assert alarm.acknowledge(F, normal) == fault.INVALID_EVENT_STATE
    for unknown in (3, 5, 70, 0xFFFFFFFF):
        assert alarm.acknowledge(unknown, alarmed) == fault.INVALID_EVENT_STATE
    assert alarm.acked == (False, True, False)


def test_listeners_hear_of_an_acknowledgement() -> None:
    entry, alarm, _ = follow()
    entry.show(good(1))
    heard: list[object] = []
    entry.listeners = (*entry.listeners, heard.append)
    alarm.acknowledge(O, alarm.stamps[0])
    assert heard == [entry]


def test_every_change_is_to_be_remembered() -> None:
    entry = points()["Overload_Alarm"]
    pasts: list[Past] = []
    alarm = Alarm(entry, 1, PUT, lambda *_: None, 0, remember=lambda: pasts.append(alarm.past))
    alarm.start()
    for reading in (good(0), good(1), good(1), stale(1)):
        entry.show(reading)
    assert [past.state for past in pasts] == [O, F]
    alarm.acknowledge(O, alarm.stamps[0])
    assert pasts[-1].acked == (True, False, True)


def test_text_names_object_and_meter() -> None:
    entry = points("tenant a: ")["Phase_Loss_L1"]
    told: list[str | None] = []
    Alarm(entry, 1, PUT, lambda _, event: told.append(event.text), 0).start()
    entry.show(good(0))
    entry.show(stale(0))
    assert told == ["tenant a: Phase_Loss_L1: loss of communication"]


READINGS = st.one_of(
    st.builds(Reading, st.sampled_from([0, 1, 0.0, 1.0]), st.sampled_from(list(Quality))),
    st.just(Reading(None, Quality.STALE)),
    st.just(Reading(5, Quality.MEASURED)),  # none of the states
)


@given(
    st.lists(st.one_of(READINGS, st.integers(0, 2)), max_size=30),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_what_always_holds(
    steps: list[Reading | int],
    enabled: tuple[bool, bool, bool],
    wanted: tuple[bool, bool, bool],
) -> None:
    now = [1_790_000_000.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: now[0])
        entry, alarm, told = follow(policy=Policy(enabled, PRIORITIES, wanted, 0))
        once_good = False
        for step in steps:
            now[0] += 1
            before = [_seconds(stamp) for stamp in alarm.stamps]
            if isinstance(step, Reading):
                entry.show(step)
                once_good = once_good or entry.reliability == 0
            else:
                state = (O, F, N)[step]
                never = alarm.stamps[step] == UNSPECIFIED_STAMP
                result = alarm.acknowledge(state, alarm.stamps[step])
                assert isinstance(result, fault.Fault) == never
                assert alarm.acked[step]
            after = [_seconds(stamp) for stamp in alarm.stamps]
            assert all(old <= new for old, new in zip(before, after, strict=True))
            assert (alarm.state is F) == (entry.reliability != 0)
            if once_good and entry.reliability == 0:
                assert (alarm.state is O) == (entry.number == 1)
            assert entry.event_state == alarm.state
            assert shown(entry, "ackedTransitions") == encoding.bits(alarm.acked)
            flags = encoding.bits((alarm.state is not N, entry.reliability != 0, False, False))
            assert entry.live[STATUS_FLAGS] == flags
            for which in range(3):
                may_wait = enabled[which] and wanted[which]
                assert alarm.acked[which] or may_wait
        assert all(enabled[which] for which, _ in told)


def _seconds(stamp: bytes) -> tuple[int, ...]:
    return () if stamp == UNSPECIFIED_STAMP else (*stamp[2:5], *stamp[7:11])
