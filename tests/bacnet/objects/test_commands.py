"""Commands as Binary Outputs, and settings as Multi-state Values."""

import pytest

from bacnet.client import BINARY_OUTPUT, MULTI_STATE_VALUE
from bacnet.site import BAD_TYPE, DENIED, OPEN, OUT_OF_RANGE, Site
from submeter.bacnet import encoding
from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.door import MOMENT
from submeter.meter.instant import Instant
from submeter.meter.setup import Setup
from tooling import meters

RESET, SYNC = 1, 2  # Reset_Demand_Peak is refused here: the peak is the instrument's own
PRESENT_VALUE, PRIORITY_ARRAY, DEFAULT, CURRENT = 85, 87, 104, 431
INACTIVE, ACTIVE, NULL = encoding.enumerated(0), encoding.enumerated(1), encoding.NULL
BAUDRATE, FORMAT = 2, 902


@pytest.fixture
def given() -> list[str]:
    return []


@pytest.fixture
def site(given: list[str]) -> Site:
    def sync(who: Who, now: Instant) -> str:
        given.append(str(who))
        return "asked"

    return Site(OPEN, Setup(configured=meters.WHOLE.configured, commands={"Sync_Clock": sync}))


def shown(site: Site) -> tuple[bool, list[int], bool]:
    """Return whether it is active, which slots are, and whether one is in effect."""
    slots = [
        priority
        for priority in range(1, 17)
        if site.read(BINARY_OUTPUT, SYNC, PRIORITY_ARRAY, priority) == ACTIVE
    ]
    current = site.read(BINARY_OUTPUT, SYNC, CURRENT)
    assert current == (encoding.unsigned(min(slots)) if slots else NULL)
    active = site.read(BINARY_OUTPUT, SYNC, PRESENT_VALUE) == ACTIVE
    return active, slots, bool(slots)


def later(now: float = MOMENT + 1) -> Instant:
    at = Instant.now()
    return Instant(at.mono + now, at.utc + now)


def test_a_command_acts_and_then_relinquishes_its_slot(site: Site, given: list[str]) -> None:
    assert shown(site) == (False, [], False)
    assert site.write(BINARY_OUTPUT, SYNC, ACTIVE, 8) is None
    assert given == ["bacnet 192.0.2.7"]
    assert shown(site) == (True, [8], True)
    site.meter.tick(later())
    assert shown(site) == (False, [], False)
    assert [event for event, _ in site.told()] == ["command"]


def test_each_write_of_active_acts(site: Site, given: list[str]) -> None:
    for priority in (8, 8, None):
        assert site.write(BINARY_OUTPUT, SYNC, ACTIVE, priority) is None
    assert len(given) == 3
    assert shown(site) == (True, [8, 16], True)
    site.meter.tick(later())
    assert shown(site) == (False, [], False)


@pytest.mark.parametrize("content", [INACTIVE, NULL])
def test_inactive_and_null_do_nothing_but_relinquish(
    site: Site, given: list[str], content: bytes
) -> None:
    assert site.write(BINARY_OUTPUT, SYNC, content, 8) is None
    assert shown(site) == (False, [], False)
    site.write(BINARY_OUTPUT, SYNC, ACTIVE, 8)
    site.write(BINARY_OUTPUT, SYNC, ACTIVE, 10)
    assert site.write(BINARY_OUTPUT, SYNC, content, 8) is None
    assert shown(site) == (True, [10], True)
    assert len(given) == 2
    assert [event for event, _ in site.told()].count("write_unchanged") == 2


def test_what_the_machine_refuses_fills_no_slot(site: Site) -> None:
    assert site.write(BINARY_OUTPUT, RESET, ACTIVE) == DENIED
    assert site.read(BINARY_OUTPUT, RESET, CURRENT) == NULL

    def fail(who: Who, now: Instant) -> str:
        raise WriteRefusedError(Refusal.UNSUPPORTED, "no clock")

    broken = Site(OPEN, Setup(commands={"Sync_Clock": fail}))
    assert broken.write(BINARY_OUTPUT, SYNC, ACTIVE, 3) == DENIED
    assert shown(broken) == (False, [], False)
    assert [event for event, _ in broken.told()] == ["write_refused"]


def test_values_that_a_command_does_not_take(site: Site, given: list[str]) -> None:
    for number in (2, 255, 2**32):
        assert site.write(BINARY_OUTPUT, SYNC, encoding.enumerated(number)) == OUT_OF_RANGE
    for content in (encoding.real(1), encoding.unsigned(1), encoding.boolean(True)):
        assert site.write(BINARY_OUTPUT, SYNC, content) == BAD_TYPE
    assert site.write(BINARY_OUTPUT, SYNC, ACTIVE, 6) == DENIED
    assert given == []
    assert shown(site) == (False, [], False)


def test_the_listeners_hear_when_a_slot_is_filled(site: Site) -> None:
    entry = next(each for each in site.points if each.entry.point.name == "Sync_Clock")
    heard: list[object] = []
    entry.listeners = (*entry.listeners, lambda each: heard.append(each.live[CURRENT]))
    site.write(BINARY_OUTPUT, SYNC, ACTIVE, 8)
    site.write(BINARY_OUTPUT, SYNC, ACTIVE, 3)
    assert heard[-1] == encoding.unsigned(3)
    site.meter.tick(later())
    assert heard[-1] == NULL


def test_a_state_is_set_by_its_position(site: Site) -> None:
    assert site.write(MULTI_STATE_VALUE, BAUDRATE, encoding.unsigned(3), 8) is None
    assert site.meter.readings["Modbus_Baudrate"].value == 38400
    assert site.read(MULTI_STATE_VALUE, BAUDRATE, PRESENT_VALUE) == encoding.unsigned(3)
    assert site.write(MULTI_STATE_VALUE, BAUDRATE, encoding.unsigned(1), 6) is None
    assert site.meter.readings["Modbus_Baudrate"].value == 9600
    assert site.write(MULTI_STATE_VALUE, FORMAT, encoding.unsigned(2)) is None


def test_states_that_there_are_not(site: Site) -> None:
    for number in (0, 4, 9600, 2**63):
        content = encoding.unsigned(number)
        assert site.write(MULTI_STATE_VALUE, BAUDRATE, content) == OUT_OF_RANGE
    for content in (encoding.real(1), encoding.enumerated(1), NULL):
        assert site.write(MULTI_STATE_VALUE, BAUDRATE, content) == BAD_TYPE
    assert site.meter.readings["Modbus_Baudrate"].value == 19200
    assert {event for event, _ in site.told()} == {"write_refused"}


def test_a_state_of_the_meter_is_read_only(site: Site) -> None:
    assert site.write(MULTI_STATE_VALUE, 1, encoding.unsigned(1)) == DENIED
