"""A setting as an Analog Output: the priority array, and what it does to the setting."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bacnet.client import ANALOG_OUTPUT
from bacnet.site import BAD_TYPE, DENIED, OPEN, OUT_OF_RANGE, STRANGER, Site
from submeter.bacnet import encoding
from submeter.bacnet.peer import Peer
from submeter.meter.access import Who
from submeter.meter.instant import Instant
from submeter.meter.setup import Setup
from tooling import meters

WINDOW, INSTANCE = "Demand_Interval", 3
PRIMARY, THRESHOLD = 1, 8
PRESENT_VALUE, PRIORITY_ARRAY, DEFAULT, CURRENT = 85, 87, 104, 431
CLI = Who("cli", "root")
NULL = encoding.NULL


@pytest.fixture
def site() -> Site:
    return Site(OPEN)


def put(site: Site, value: float | None, priority: int | None = None) -> object:
    content = NULL if value is None else encoding.real(value)
    return site.write(ANALOG_OUTPUT, INSTANCE, content, priority)


def setting(site: Site) -> int | float | None:
    return site.meter.readings[WINDOW].value


def real(image: bytes) -> float:
    assert image[0] == 0x44
    return float(struct.unpack(">f", image[1:])[0])


def shown(site: Site) -> tuple[float, float, int | None, dict[int, float]]:
    """Return present value, relinquish default, current priority and the slots that are filled."""
    slots = {}
    for priority in range(1, 17):
        image = site.read(ANALOG_OUTPUT, INSTANCE, PRIORITY_ARRAY, priority)
        if image != NULL:
            slots[priority] = real(image)
    current = site.read(ANALOG_OUTPUT, INSTANCE, CURRENT)
    assert current == (encoding.unsigned(min(slots)) if slots else NULL)
    value = real(site.read(ANALOG_OUTPUT, INSTANCE, PRESENT_VALUE))
    default = real(site.read(ANALOG_OUTPUT, INSTANCE, DEFAULT))
    assert value == setting(site)
    return value, default, min(slots, default=None), slots


def test_at_first_it_shows_its_relinquish_default(site: Site) -> None:
    assert shown(site) == (15, 15, None, {})


def test_a_command_sets_and_null_returns_to_what_was_before(site: Site) -> None:
    assert put(site, 20, 8) is None
    assert shown(site) == (20, 15, 8, {8: 20})
    assert put(site, None, 8) is None
    assert shown(site) == (15, 15, None, {})
    events = [event for event, _ in site.told()]
    assert events == ["setting_changed", "commanded", "setting_changed", "relinquished"]


def test_without_a_priority_it_is_the_lowest(site: Site) -> None:
    assert put(site, 20) is None
    assert shown(site) == (20, 15, 16, {16: 20})


def test_the_highest_slot_rules(site: Site) -> None:
    put(site, 20, 8)
    assert put(site, 30, 12) is None
    assert shown(site) == (20, 15, 8, {8: 20, 12: 30})
    assert put(site, 10, 3) is None
    assert shown(site) == (10, 15, 3, {3: 10, 8: 20, 12: 30})
    put(site, None, 8)
    assert shown(site) == (10, 15, 3, {3: 10, 12: 30})
    put(site, None, 3)
    assert shown(site) == (30, 15, 12, {12: 30})
    put(site, None, 12)
    assert shown(site) == (15, 15, None, {})


def test_a_command_that_does_not_take_effect_is_checked_and_told(site: Site) -> None:
    put(site, 20, 8)
    site.told()
    assert put(site, 61, 12) == OUT_OF_RANGE
    assert put(site, 30, 12) is None
    assert [event for event, _ in site.told()] == ["write_refused", "commanded"]
    assert shown(site) == (20, 15, 8, {8: 20, 12: 30})


def test_a_slot_that_is_empty_is_relinquished_without_effect(site: Site) -> None:
    put(site, 20, 8)
    site.told()
    for priority in (1, 9, None):
        assert put(site, None, priority) is None
    assert shown(site) == (20, 15, 8, {8: 20})
    assert not site.told()


def test_a_command_that_changes_nothing_is_not_told_again(site: Site) -> None:
    put(site, 20, 8)
    put(site, 30, 12)
    site.told()
    for _ in range(3):
        assert put(site, 20, 8) is None
        assert put(site, 30, 12) is None
    assert "commanded" not in {event for event, _ in site.told()}
    other = Peer(("192.0.2.77", 47808))
    assert site.write(ANALOG_OUTPUT, INSTANCE, encoding.real(30), 12, other) is None
    assert [(each.event, each.who) for each in site.entries()] == [
        ("commanded", "bacnet 192.0.2.77")
    ], "it is another's command now"


def test_the_audit_log_says_who_commanded_what_takes_effect(site: Site) -> None:
    one, two, three = (Peer((f"192.0.2.{number}", 47808)) for number in (1, 2, 3))
    for peer, content, priority in (
        (one, encoding.real(20), 8),
        (two, encoding.real(30), 16),
        (three, NULL, 8),
        (three, NULL, 16),
    ):
        assert site.write(ANALOG_OUTPUT, INSTANCE, content, priority, peer) is None
    point = f"point={WINDOW}"
    assert [(each.who, each.event, each.detail) for each in site.entries()] == [
        ("bacnet 192.0.2.1", "setting_changed", f"{point} old=15 new=20"),
        ("bacnet 192.0.2.1", "commanded", f"{point} priority=8 value=20"),
        ("bacnet 192.0.2.2", "commanded", f"{point} priority=16 value=30"),
        ("bacnet 192.0.2.3", "setting_changed", f"{point} old=20 new=30"),
        (
            "bacnet 192.0.2.3",
            "relinquished",
            f'{point} priority=8 value=30 of=16 commanded_by="bacnet 192.0.2.2"',
        ),
        # More of the same in the same minute, of which the last is told.
        ("bacnet 192.0.2.3", "setting_changed", f"{point} old=30 new=15 count=1"),
        (
            "bacnet 192.0.2.3",
            "relinquished",
            f"{point} priority=16 value=15 of=default count=1",
        ),
    ]


def test_nothing_is_relinquished_by_strangers(site: Site) -> None:
    put(site, 20, 8)
    for priority in (8, 9):
        assert site.write(ANALOG_OUTPUT, INSTANCE, NULL, priority, STRANGER) == DENIED
    assert shown(site) == (20, 15, 8, {8: 20})


def test_a_refused_command_fills_no_slot(site: Site) -> None:
    put(site, 20, 8)
    for value in (0, 61, 15.5, float("nan"), float("inf"), -float("inf"), 3e38, 1e-40):
        for priority in (5, 8, 16):
            assert put(site, value, priority) == OUT_OF_RANGE
    assert shown(site) == (20, 15, 8, {8: 20})


def test_another_value_by_somebody_else_ends_all_commands(site: Site) -> None:
    put(site, 20, 8)
    put(site, 30, 12)
    site.meter.write(WINDOW, 40, Who("modbus", "192.0.2.9"), Instant.now())
    assert shown(site) == (40, 40, None, {})
    put(site, 20, 8)
    site.meter.reset_settings(WINDOW, CLI, Instant.now())
    assert shown(site) == (15, 15, None, {})


def test_the_same_value_by_somebody_else_ends_nothing(site: Site) -> None:
    put(site, 20, 8)
    site.meter.write(WINDOW, 20, CLI, Instant.now())
    assert shown(site) == (20, 15, 8, {8: 20})


def test_the_listeners_hear_of_every_change(site: Site) -> None:
    entry = next(each for each in site.points if each.entry.point.name == WINDOW)
    heard: list[object] = []
    entry.listeners = (*entry.listeners, lambda each: heard.append(each.live[PRIORITY_ARRAY]))
    put(site, 20, 8)
    assert heard[-1] == entry.live[PRIORITY_ARRAY]
    count = len(heard)
    put(site, 30, 12)
    assert heard[count:] == [entry.live[PRIORITY_ARRAY]]
    put(site, 30, 12)
    assert len(heard) == count + 1


def test_no_priority_of_minimum_on_and_off_times(site: Site) -> None:
    assert put(site, 20, 6) == DENIED
    assert put(site, None, 6) == DENIED
    assert shown(site) == (15, 15, None, {})
    assert {event for event, _ in site.told()} == {"write_refused"}


@pytest.mark.parametrize(
    "content",
    [
        encoding.unsigned(20),
        encoding.enumerated(1),
        encoding.double(20),
        encoding.text("20"),
        encoding.boolean(True),
        encoding.date(2026, 1, 1, 4),
    ],
)
def test_only_a_real_will_do(site: Site, content: bytes) -> None:
    assert site.write(ANALOG_OUTPUT, INSTANCE, content) == BAD_TYPE
    assert shown(site) == (15, 15, None, {})
    assert site.told()[0][0] == "write_refused"


def test_a_fraction_becomes_what_was_meant(site: Site) -> None:
    assert site.write(ANALOG_OUTPUT, THRESHOLD, encoding.real(2.3)) is None
    assert site.meter.readings["Voltage_Unbalance_Threshold"].value == 2.3


def test_a_sealed_setting_stays(site: Site) -> None:
    sealed = Site(OPEN, Setup(configured=meters.WHOLE.configured, sealed=True))
    before = sealed.meter.readings["CT_Primary_Rating"]
    for content in (encoding.real(400), NULL):
        for priority in (None, 1):
            assert sealed.write(ANALOG_OUTPUT, PRIMARY, content, priority) == DENIED
    assert sealed.meter.readings["CT_Primary_Rating"] == before
    assert {event for event, _ in sealed.told()} == {"write_refused"}


def test_a_setting_without_use_has_no_slots(site: Site) -> None:
    bare = Site(OPEN, Setup())
    for content in (encoding.real(400), NULL):
        assert bare.write(ANALOG_OUTPUT, PRIMARY, content) == DENIED
    assert bare.read(ANALOG_OUTPUT, PRIMARY, DEFAULT)[1:3] == b"\x7f\xc0"
    assert {event for event, _ in bare.told()} == {"write_refused"}


def test_an_objection_keeps_a_command_from_being_relinquished(site: Site) -> None:
    put(site, 20, 8)
    site.meter.settings.object_to(WINDOW, lambda value: "taken" if value == 15 else None)
    assert put(site, None, 8) == OUT_OF_RANGE
    assert shown(site) == (20, 15, 8, {8: 20})


VALUES = st.sampled_from([1.0, 15.0, 20.0, 60.0, 0.0, 61.0, float("nan")])
STEPS = st.one_of(
    st.tuples(st.just("bacnet"), st.none() | VALUES, st.none() | st.integers(1, 16)),
    st.tuples(st.just("cli"), VALUES, st.none()),
)


@given(st.lists(STEPS, max_size=20))
@settings(max_examples=100, deadline=None)
def test_any_sequence_is_that_of_the_standard(
    steps: list[tuple[str, float | None, int | None]],
) -> None:
    """A model: slots and a default, of which the highest is the setting at all times."""
    site = Site(OPEN)
    slots: dict[int, float] = {}
    default = 15.0
    for face, value, priority in steps:
        good = value is None or 1 <= value <= 60
        if face == "cli" and value is not None:
            if not good:
                continue
            if value != slots.get(min(slots, default=0), default):
                slots, default = {}, value
            site.meter.write(WINDOW, value, CLI, Instant.now())
            continue
        slot = priority or 16
        refused = put(site, value, priority)
        assert (refused is None) == (good and slot != 6)
        if refused is None:
            slots.pop(slot, None)
            if value is not None:
                slots[slot] = value
        top = min(slots, default=None)
        assert shown(site) == (slots[top] if top else default, default, top, slots)
