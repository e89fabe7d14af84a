"""What an alarm of the last run does in the next one."""

import asyncio

from bacnet.alarms.followed import PUT, F, N, O, Told, follow, shown
from submeter.bacnet import clock, encoding
from submeter.bacnet.alarms.alarm import Alarm
from submeter.bacnet.alarms.event import Event
from submeter.bacnet.alarms.past import NO_EVENTS, Past
from submeter.bacnet.alarms.policy import Policy
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import EVENT_STATE, STATUS_FLAGS
from submeter.meter.reading import Reading
from tooling.alarm_station import good, stale

EVENTS = ("ackedTransitions", "eventTimeStamps", "eventMessageTexts")


def after_a_restart(*readings: Reading, policy: Policy = PUT) -> tuple[PointObject, Alarm, Told]:
    """Follow one object, and then that of the next run, which is never reliable so far."""
    entry, alarm, _ = follow(policy=policy)
    for reading in readings:
        entry.show(reading)
    before = [shown(entry, name) for name in EVENTS]
    again = follow(policy=policy, past=alarm.past)
    assert [shown(again[0], name) for name in EVENTS] == before
    assert again[0].live[EVENT_STATE] == encoding.enumerated(1)
    assert not again[2]
    return again


def test_alarm_that_ended_while_nobody_followed() -> None:
    entry, alarm, told = after_a_restart(good(0), good(1))
    entry.show(stale(0))
    assert not told
    entry.show(good(0))
    assert [(event.before, event.after, event.type) for _, event in told] == [(O, N, 1)]
    assert alarm.state is alarm.past.state is N


def test_alarm_that_still_stands_is_not_told_again() -> None:
    entry, alarm, told = after_a_restart(good(0), good(1))
    stamps = alarm.stamps
    entry.show(good(1))
    assert not told
    assert alarm.state is O
    assert entry.live[STATUS_FLAGS] == encoding.bits((True, False, False, False))
    entry.show(stale(1))
    entry.show(good(1))
    assert [(event.before, event.after) for _, event in told] == [(O, F), (F, N), (N, O)]
    assert alarm.stamps != stamps


def test_fault_that_ended_while_nobody_followed() -> None:
    entry, alarm, told = after_a_restart(good(0), stale(0))
    assert alarm.past.state is F
    entry.show(stale(0))
    assert not told
    entry.show(good(0))
    assert [(event.before, event.after, event.type) for _, event in told] == [(F, N, 19)]


def test_what_is_unacknowledged_stays_so() -> None:
    entry, alarm, _ = after_a_restart(good(0), good(1), good(0))
    assert alarm.acked == (False, True, False)
    result = alarm.acknowledge(O, alarm.stamps[0])
    assert isinstance(result, Event)
    assert (result.type, alarm.acked) == (1, (True, True, False))
    entry.show(good(0))
    assert alarm.acked == (True, True, False)


async def test_missing_normal_has_to_last_the_delay() -> None:
    past = Past(O, stamps=(encoding.enclosed(2, clock.date_time(0)), *NO_EVENTS.stamps[1:]))
    entry, alarm, told = follow(policy=PUT._replace(delay=1), settling=30, past=past)
    entry.show(good(0))
    assert (alarm.state, told) == (O, [])
    async with asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0.01)
    assert alarm.state is N
    alarm.close()
