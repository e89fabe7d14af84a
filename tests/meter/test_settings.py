"""Settings: where a value comes from, what is refused, and what the seal freezes."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.reading import Quality, Reading
from submeter.meter.settings import Settings
from submeter.pointmap import points

POINTS = tuple(points.standard().values())
PRIMARY, WINDOW, BAUD = "CT_Primary_Rating", "Demand_Interval", "Modbus_Baudrate"
ADDRESS, OVERLOAD, UNBALANCE = (
    "Modbus_Address",
    "Overload_Threshold",
    "Voltage_Unbalance_Threshold",
)


def made(
    configured: Mapping[str, Any] | None = None,
    stored: Mapping[str, Any] | None = None,
    sealed: bool = False,
) -> Settings:
    return Settings(POINTS, configured or {}, stored or {}, sealed)


def refusal(settings: Settings, name: str, value: object) -> Refusal:
    with pytest.raises(WriteRefusedError) as caught:
        settings.set(name, value)
    return caught.value.reason


def test_the_nine_points_and_their_defaults() -> None:
    settings = made()
    assert {name: settings.value(name) for name in settings.points} == {
        "CT_Primary_Rating": None,
        "CT_Secondary_Rating": None,
        "Demand_Interval": 15,
        "Pulse_Constant": 1000,
        "Modbus_Address": None,
        "Modbus_Baudrate": 19200,
        "Display_Backlight_Timeout": 60,
        "Overload_Threshold": 100,
        "Voltage_Unbalance_Threshold": 2,
    }


def test_every_default_fits_its_point() -> None:
    settings = made()
    for name in settings.points:
        if (value := settings.value(name)) is not None:
            assert settings.check(name, value) == value


def test_stored_before_configured_before_default() -> None:
    settings = made({WINDOW: 30, OVERLOAD: 90}, {WINDOW: 5})
    assert (settings.value(WINDOW), settings.origin(WINDOW)) == (5, "stored")
    assert (settings.value(OVERLOAD), settings.origin(OVERLOAD)) == (90, "configuration")
    assert (settings.value(BAUD), settings.origin(BAUD)) == (19200, "default")
    assert settings.origin(PRIMARY) is None
    assert settings.origin("Nothing") is None


def test_readings() -> None:
    settings = made({ADDRESS: 7})
    readings = settings.readings()
    assert readings[ADDRESS] == Reading(7, Quality.MEASURED)
    assert readings[PRIMARY] == Reading(None, Quality.ABSENT)
    assert settings.readings() is readings
    settings.set(ADDRESS, 8)
    assert settings.readings()[ADDRESS] == Reading(8, Quality.MEASURED)
    assert readings[ADDRESS].value == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (WINDOW, 0),
        (WINDOW, 61),
        (WINDOW, 15.5),
        (WINDOW, math.nan),
        (WINDOW, math.inf),
        (WINDOW, -math.inf),
        (WINDOW, True),
        (WINDOW, "15"),
        (WINDOW, None),
        pytest.param(WINDOW, 10**5000, id="huge"),
        (WINDOW, 1.7e308),
        (ADDRESS, 0),
        (ADDRESS, 248),
        (ADDRESS, 1.5),
        (BAUD, 9601),
        (BAUD, 1),
        (BAUD, math.nan),
        pytest.param(BAUD, 10**5000, id="huge state"),
        (UNBALANCE, 0.99),
        (OVERLOAD, 120.1),
        ("Pulse_Constant", 1.25),
        ("Display_Backlight_Timeout", -1),
    ],
)
def test_what_does_not_fit(name: str, value: Any) -> None:
    settings = made({ADDRESS: 1})
    before = settings.value(name)
    assert refusal(settings, name, value) is Refusal.OUT_OF_RANGE
    assert settings.value(name) == before
    assert not settings.unsaved()


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [(WINDOW, 10.0, int), (BAUD, 9600.0, int), (ADDRESS, 247, int), (UNBALANCE, 3, float)],
)
def test_what_fits_is_tidied(name: str, value: float, kind: type) -> None:
    settings = made({ADDRESS: 1})
    assert settings.set(name, value) == value
    assert type(settings.value(name)) is kind


def test_messages_say_what_would_be_right() -> None:
    settings = made()
    with pytest.raises(WriteRefusedError, match=r"^Demand_Interval is 1 to 60 min, not 61$"):
        settings.check(WINDOW, 61)
    with pytest.raises(WriteRefusedError, match=r"is one of 9600, 19200, 38400 bit/s, not 300$"):
        settings.check(BAUD, 300)


def test_a_point_without_use_is_absent_and_not_written() -> None:
    settings = made()
    assert refusal(settings, PRIMARY, 100) is Refusal.UNSUPPORTED
    assert made({PRIMARY: 200}).set(PRIMARY, 100) == 100


@pytest.mark.parametrize("name", ["Nothing", "Active_Energy_Import", "Reset_Demand_Peak"])
def test_other_points_are_no_settings(name: str) -> None:
    settings = made()
    assert refusal(settings, name, 1) is Refusal.UNKNOWN
    with pytest.raises(WriteRefusedError):
        settings.reset(name)


def test_the_seal() -> None:
    settings = made({PRIMARY: 200, "CT_Secondary_Rating": 5}, sealed=True)
    assert refusal(settings, PRIMARY, 100) is Refusal.SEALED
    assert refusal(settings, "CT_Secondary_Rating", 1) is Refusal.SEALED
    assert settings.set("Pulse_Constant", 100) == 100
    assert settings.set(WINDOW, 5) == 5


@pytest.mark.parametrize(
    ("name", "value", "sealed", "served"),
    [
        (PRIMARY, 100, True, 200),
        (WINDOW, 61, False, 15),
        (WINDOW, math.nan, False, 15),
        (BAUD, 115200, False, 19200),
        (ADDRESS, 5, False, None),
        ("Gone_Setting", 5, False, None),
    ],
)
def test_a_stored_value_that_does_not_fit_is_not_used(
    name: str, value: float, sealed: bool, served: float | None
) -> None:
    settings = made({PRIMARY: 200}, {name: value, OVERLOAD: 110}, sealed)
    assert settings.value(name) == served
    assert settings.origin(name) != "stored"
    assert list(settings.ignored) == [name]
    assert settings.ignored[name]
    assert settings.value(OVERLOAD) == 110


def test_a_reset_removes_what_is_ignored() -> None:
    settings = made({PRIMARY: 200}, {PRIMARY: 100}, sealed=True)
    assert settings.reset(PRIMARY) == 200
    assert settings.unsaved() == [(PRIMARY, None)]
    assert not settings.ignored


def test_there_is_a_name_for_all_that_is_stored() -> None:
    stored = {PRIMARY: 100, WINDOW: 61, OVERLOAD: 110, "Gone_Setting": 5}
    settings = made({PRIMARY: 200, BAUD: 1}, stored, sealed=True)
    assert sorted(settings.stored_names()) == sorted(stored), "what only the file says is not"
    for name in settings.stored_names():
        settings.reset(name)
    assert settings.stored_names() == []
    assert dict(settings.unsaved()) == dict.fromkeys(stored)
    assert refusal(settings, "Gone_Setting", 5) is Refusal.UNKNOWN
    with pytest.raises(WriteRefusedError):
        settings.reset("Gone_Setting")


def test_what_is_ignored_later_is_kept_but_not_used() -> None:
    settings = made({ADDRESS: 1}, {ADDRESS: 5})
    heard: list[tuple[str, float]] = []
    settings.subscribe(lambda name, value: heard.append((name, value)))
    heard.clear()
    settings.ignore(ADDRESS, "meter b has it")
    assert (settings.value(ADDRESS), settings.origin(ADDRESS)) == (1, "configuration")
    assert settings.readings()[ADDRESS].value == 1
    assert settings.ignored == {ADDRESS: "meter b has it"}
    assert heard == [(ADDRESS, 1)]
    assert settings.unsaved() == []
    assert settings.stored_names() == [ADDRESS]
    assert settings.set(ADDRESS, 6) == 6
    assert not settings.ignored


def test_a_configured_value_that_does_not_fit_is_not_used_and_check_says_why() -> None:
    settings = made({PRIMARY: 1, WINDOW: 99})
    assert settings.value(PRIMARY) is None
    assert settings.value(WINDOW) == 15
    with pytest.raises(WriteRefusedError, match="50 to 5000 A"):
        settings.check(PRIMARY, 1)


def test_listeners_hear_now_and_at_once() -> None:
    settings = made({ADDRESS: 1})
    heard: list[tuple[str, float]] = []
    settings.subscribe(lambda name, value: heard.append((name, value)))
    assert (ADDRESS, 1) in heard
    assert PRIMARY not in dict(heard)
    heard.clear()
    settings.set(WINDOW, 5)
    settings.set(WINDOW, 5)
    settings.check(WINDOW, 6)
    settings.reset(WINDOW)
    settings.reset(WINDOW)
    assert heard == [(WINDOW, 5), (WINDOW, 15)]


def test_a_value_equal_to_the_default_is_stored_but_changes_nothing() -> None:
    settings = made()
    heard: list[str] = []
    settings.subscribe(lambda name, _: heard.append(name))
    heard.clear()
    settings.set(WINDOW, 15)
    assert settings.origin(WINDOW) == "stored"
    assert settings.unsaved() == [(WINDOW, 15)]
    assert not heard


def test_objections() -> None:
    settings = made({ADDRESS: 1})
    settings.object_to(ADDRESS, lambda number: "meter b has it" if number == 2 else None)
    with pytest.raises(WriteRefusedError, match="meter b has it"):
        settings.set(ADDRESS, 2)
    assert settings.set(ADDRESS, 3) == 3


def test_a_reset_is_objected_to_as_a_value_is() -> None:
    taken = {1}
    settings = made({ADDRESS: 1}, {ADDRESS: 5})
    settings.object_to(ADDRESS, lambda number: "meter b has it" if number in taken else None)
    with pytest.raises(WriteRefusedError, match="meter b has it"):
        settings.reset(ADDRESS)
    assert settings.value(ADDRESS) == 5
    assert settings.unsaved() == []
    taken.clear()
    assert settings.reset(ADDRESS) == 1
    taken.add(1)
    assert settings.reset(ADDRESS) == 1, "it is not stored: nothing changes"


def test_what_is_not_committed_stays_unsaved() -> None:
    settings = made()
    settings.set(WINDOW, 5)
    rows = settings.unsaved()
    settings.set(WINDOW, 6)
    settings.set(OVERLOAD, 90)
    settings.mark_saved(rows)
    assert settings.unsaved() == [(WINDOW, 6), (OVERLOAD, 90.0)]
    settings.mark_saved(settings.unsaved())
    assert settings.unsaved() == []
    settings.reset(WINDOW)
    assert settings.unsaved() == [(WINDOW, None)]


ANY_NUMBER = st.one_of(st.integers(), st.floats(), st.booleans(), st.integers(1, 300))
NAMES = [name for name, point in points.standard().items() if point.group == "configuration"]


@given(
    sealed=st.booleans(),
    stored=st.dictionaries(st.sampled_from(NAMES), ANY_NUMBER),
    writes=st.lists(st.tuples(st.sampled_from(NAMES), st.none() | ANY_NUMBER)),
)
def test_every_value_ever_served_fits_and_survives(
    sealed: bool, stored: dict[str, Any], writes: list[tuple[str, Any]]
) -> None:
    configured = {PRIMARY: 200, "CT_Secondary_Rating": 5, ADDRESS: 1}
    settings = made(configured, stored, sealed)
    file = {n: v for n, v in stored.items() if n not in settings.ignored}
    for name, value in writes:
        try:
            settings.reset(name) if value is None else settings.set(name, value)
        except WriteRefusedError:
            continue
    for name, value in settings.unsaved():
        file.pop(name, None)
        file |= {} if value is None else {name: value}
    again = made(configured, file, sealed)
    assert not again.ignored
    for name in NAMES:
        served = settings.value(name)
        assert served is not None
        assert made(configured).check(name, served) == served
        assert again.value(name) == served
        if sealed and name.startswith("CT_"):
            assert served == configured[name]


def test_a_listener_that_breaks_stops_neither_the_others_nor_the_write(
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = made()
    heard: list[tuple[str, float]] = []
    armed = False

    def breaks(_: str, __: float) -> None:
        if armed:
            raise ZeroDivisionError("a fault of ours")

    settings.subscribe(breaks)
    settings.subscribe(lambda name, value: heard.append((name, value)))
    heard.clear()
    armed = True
    assert settings.set(WINDOW, 5) == 5
    assert settings.set(OVERLOAD, 90) == 90
    assert settings.reset(WINDOW) == 15
    assert heard == [(WINDOW, 5), (OVERLOAD, 90), (WINDOW, 15)]
    assert settings.readings()[OVERLOAD].value == 90
    assert dict(settings.unsaved()) == {WINDOW: None, OVERLOAD: 90}
    assert caplog.text.count("event=setting_not_followed") == 1


def test_what_was_checked_is_not_objected_to_again() -> None:
    settings = made({ADDRESS: 1})
    number = settings.check(ADDRESS, 3)
    settings.object_to(ADDRESS, lambda _: "taken since")
    settings.put(ADDRESS, number)
    assert settings.value(ADDRESS) == 3
