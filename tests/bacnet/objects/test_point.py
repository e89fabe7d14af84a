"""A point's object: what readings and event states make of it, and who is told."""

import pytest

from bacnet.objects.decoded import decoded
from bacnet.objects.entries import ENTRIES, EVERY, one_line
from submeter.bacnet import clock
from submeter.bacnet.fault import NOT_INITIALIZED
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import ServedObject
from submeter.meter.reading import Quality, Reading
from submeter.pointmap.meter_map import BacnetObject

PRESENT_VALUE, PRIORITY_ARRAY, RELINQUISH_DEFAULT, COMMAND_PRIORITY = 85, 87, 104, 431
RELIABILITY, STATUS_FLAGS, EVENT_STATE, OUT_OF_SERVICE = 103, 111, 36, 81
VALUE_CHANGE_TIME = 192
# In-alarm goes with any event state but normal, and a fault is one.
GOOD, FAULT, ALARM = b"\x82\x04\x00", b"\x82\x04\xc0", b"\x82\x04\x80"


class Told:
    """A listener that counts, and sees what a client would read."""

    def __init__(self, served: PointObject) -> None:
        self.seen: list[tuple[object, object]] = []
        served.listeners += (self,)

    def __call__(self, served: ServedObject) -> None:
        self.seen.append((served.read(PRESENT_VALUE), served.read(STATUS_FLAGS)))


def measured(value: float) -> Reading:
    return Reading(value, Quality.MEASURED)


def test_stale_reading_keeps_its_value_and_says_so() -> None:
    served = PointObject(ENTRIES["Active_Power_Total"])
    served.show(measured(1.5))
    assert (served.number, served.reliability) == (1.5, 0)
    assert served.read(STATUS_FLAGS) == GOOD
    served.show(Reading(1.5, Quality.STALE))
    assert served.read(PRESENT_VALUE) == b"\x44\x3f\xc0\x00\x00"
    assert served.read(RELIABILITY) == b"\x91\x0c"
    assert served.read(STATUS_FLAGS) == FAULT
    assert served.read(EVENT_STATE) == b"\x91\x01"
    assert served.read(OUT_OF_SERVICE) == b"\x10"
    assert (served.number, served.reliability) == (1.5, 12)


@pytest.mark.parametrize("entry", EVERY, ids=one_line)
def test_before_the_first_reading_nothing_is_known(entry: BacnetObject) -> None:
    served = PointObject(entry)
    assert (served.number, served.reliability, served.event_state) == (None, 7, 1)
    assert {PRESENT_VALUE, STATUS_FLAGS, EVENT_STATE, RELIABILITY} <= set(served.live)
    assert (served.read(STATUS_FLAGS), served.read(RELIABILITY)) == (FAULT, b"\x91\x07")
    assert served.read(EVENT_STATE) == b"\x91\x01"
    served.show(Reading(None, Quality.ABSENT))
    assert served.reliability == 1
    served.show(Reading(None, Quality.FAILED))
    assert served.reliability == 7
    served.show(Reading(None, Quality.MEASURED))
    assert served.reliability == 7


def test_out_of_range_is_a_fault_with_the_value_kept() -> None:
    served = PointObject(ENTRIES["Voltage_L1_N"])
    for volts, reliability in ((230, 0), (501, 2), (-1, 3), (500, 0), (0, 0)):
        served.show(measured(volts))
        assert (served.number, served.reliability) == (volts, reliability)
        assert served.read(RELIABILITY) == bytes((0x91, reliability))
        assert served.read(STATUS_FLAGS) == (FAULT if reliability else GOOD)
    served.show(measured(501))
    served.show(Reading(501, Quality.STALE))
    assert served.reliability == 12
    served.show(Reading(501, Quality.ESTIMATED))
    assert served.reliability == 2


def test_number_that_is_no_state_is_unreliable() -> None:
    served = PointObject(ENTRIES["Modbus_Baudrate"])
    served.show(measured(115200))
    assert served.read(PRESENT_VALUE) == NOT_INITIALIZED
    assert (served.number, served.reliability) == (None, 7)
    assert served.read(STATUS_FLAGS) == FAULT
    served.show(measured(19200))
    assert (served.number, served.reliability) == (2, 0)


def test_listeners_are_told_once_of_what_changed_on_the_wire() -> None:
    served = PointObject(ENTRIES["Active_Power_Total"])
    told = Told(served)
    served.show(measured(1.5))
    assert told.seen == [(b"\x44\x3f\xc0\x00\x00", GOOD)]
    served.show(Reading(1.5, Quality.ESTIMATED))
    served.show(measured(1.5 + 1e-12))  # the same REAL
    served.show(measured(1.5))
    assert len(told.seen) == 1
    served.show(Reading(1.5, Quality.STALE))
    assert told.seen[1:] == [(b"\x44\x3f\xc0\x00\x00", FAULT)]
    served.show(Reading(1.5, Quality.FAILED))  # the flags are the same, the reliability is not
    assert len(told.seen) == 3


def test_index_is_told_by_whole_units() -> None:
    served = PointObject(ENTRIES["Active_Energy_Import"])
    told = Told(served)
    for milli in (1_000_000, 1_000_001, 1_999_999, 2_000_000):
        served.show(measured(milli))
    assert [image for image, _ in told.seen] == [b"\x21\x01", b"\x21\x02"]
    assert served.number == 2


def test_time_of_the_last_count(monkeypatch: pytest.MonkeyPatch) -> None:
    served = PointObject(ENTRIES["Active_Energy_Import"])
    unspecified = served.read(VALUE_CHANGE_TIME)
    assert unspecified == b"\xa4\xff\xff\xff\xff\xb4\xff\xff\xff\xff"
    served.show(measured(1_000_000))  # no count yet: the first that is known
    assert served.read(VALUE_CHANGE_TIME) == unspecified
    monkeypatch.setattr(clock, "now", lambda: 1_700_000_000.25)
    served.show(measured(2_000_000))
    assert served.read(VALUE_CHANGE_TIME) == clock.date_time(1_700_000_000.25)
    monkeypatch.setattr(clock, "now", lambda: 1_700_000_060.0)
    served.show(measured(2_500_000))
    assert served.read(VALUE_CHANGE_TIME) == clock.date_time(1_700_000_000.25)
    assert decoded(served, VALUE_CHANGE_TIME).time[3] == 25


def test_event_state_shows_in_the_flags_and_tells_nobody() -> None:
    served = PointObject(ENTRIES["Overload_Alarm"])
    served.reports_events = True
    served.show(measured(1))
    told = Told(served)
    served.show_event_state(2)
    assert (served.event_state, served.read(EVENT_STATE)) == (2, b"\x91\x02")
    assert served.read(STATUS_FLAGS) == ALARM
    assert told.seen == []
    served.show(Reading(1, Quality.STALE))
    assert served.event_state == 2
    assert told.seen == [(b"\x91\x01", FAULT)]
    served.show_event_state(0)
    assert served.read(STATUS_FLAGS) == b"\x82\x04\x40"


def test_event_state_follows_the_reliability_of_what_reports_no_events() -> None:
    served = PointObject(ENTRIES["Frequency"])
    for reading, state in (
        (Reading(None, Quality.STALE), 1),
        (measured(50), 0),
        (measured(5000), 1),
        (measured(50), 0),
        (Reading(50, Quality.STALE), 1),
        (Reading(50, Quality.ABSENT), 1),
        (Reading(50, Quality.DERIVED), 0),
    ):
        served.show(reading)
        assert served.event_state == state
        assert served.read(EVENT_STATE) == bytes((0x91, state))
        assert served.read(STATUS_FLAGS) == (FAULT if state else GOOD)


def test_stale_reading_without_a_value_was_never_read() -> None:
    served = PointObject(ENTRIES["Demand_Peak_Current"])
    told = Told(served)
    served.show(Reading(None, Quality.STALE))
    assert (served.reliability, told.seen) == (7, [])
    served.show(Reading(1.5, Quality.STALE))
    assert served.reliability == 12
    assert len(told.seen) == 1
    served.show(Reading(None, Quality.STALE))
    assert served.reliability == 7


@pytest.mark.parametrize("name", ["Demand_Interval", "Reset_Demand_Peak"])
def test_outputs_show_the_reading_and_no_command(name: str) -> None:
    served = PointObject(ENTRIES[name])
    assert served.read(RELINQUISH_DEFAULT) == served.read(PRESENT_VALUE)
    served.show(measured(1))
    assert served.read(PRESENT_VALUE) in (b"\x44\x3f\x80\x00\x00", b"\x91\x01")
    assert served.read(RELINQUISH_DEFAULT) == served.read(PRESENT_VALUE)
    assert served.read(PRIORITY_ARRAY) == b"\x00" * 16
    assert served.read(PRIORITY_ARRAY, 0) == b"\x21\x10"
    assert served.read(PRIORITY_ARRAY, 16) == b"\x00"
    assert served.read(COMMAND_PRIORITY) == b"\x00"


def test_relinquish_default_of_a_commanded_output_stays() -> None:
    served = PointObject(ENTRIES["Demand_Interval"])
    served.show(measured(15))
    before = served.read(RELINQUISH_DEFAULT)
    served.live[COMMAND_PRIORITY] = b"\x21\x08"
    served.show(measured(30))
    assert served.read(PRESENT_VALUE) == b"\x44\x41\xf0\x00\x00"
    assert served.read(RELINQUISH_DEFAULT) == before


def test_offset_and_prefix() -> None:
    served = PointObject(ENTRIES["Demand_Peak_Timestamp"], 2000, "A_", "tenant: ")
    assert served.read(75) == b"\xc4" + (44 << 22 | 2001).to_bytes(4, "big")
    assert decoded(served, 77) == "A_Demand_Peak_Timestamp"
    assert decoded(served, 28).startswith("tenant: ")
