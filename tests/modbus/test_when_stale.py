"""What a poller gets for values that are not known, as the map or the meter says."""

import math
import struct
from typing import get_args

import pytest

from modbus.wire import POINTS, measured, place, register, small_map
from submeter.meter.reading import Quality, Reading
from submeter.modbus.exceptions import SILENCE
from submeter.modbus.image import Image
from submeter.pointmap.address import Address, Table
from submeter.pointmap.meter_file import Fallback, WhenStale
from submeter.pointmap.register import Absent, Flags, Quantity, Register, Term

NAN = bytes.fromhex("7fc00000")
VOLTAGE, CURRENT, ERROR = "Voltage_L1_N", "Current_L1", "Meter_Error"
CODES: dict[Fallback, int] = {
    "invalid": 0,
    "last": 0,
    "failure": 0x04,
    "no-answer": 0x0B,
    "silence": SILENCE,
}


def image(when_stale: WhenStale, *more: Register) -> Image:
    places = [
        register(VOLTAGE, Table.HOLDING, 2, "float32"),
        register(CURRENT, Table.HOLDING, 4, "float32"),
        register(ERROR, Table.DISCRETE, 3),
        *more,
    ]
    return Image(small_map(places, when_stale=when_stale))


@pytest.mark.parametrize("fallback", get_args(Fallback))
@pytest.mark.parametrize("quality", [Quality.STALE, Quality.FAILED, Quality.ABSENT])
def test_each_quality_has_its_fallback(quality: Quality, fallback: Fallback) -> None:
    served = image(WhenStale(**{quality.value: fallback}))
    served.apply({VOLTAGE: measured(230.0), CURRENT: measured(5.0), ERROR: measured(1)})
    for block in served.blocks.values():
        assert block.denied is None
    served.apply({VOLTAGE: Reading(230.0, quality), ERROR: Reading(1, quality)})
    registers, states = served.blocks[3], served.blocks[2]
    kept = struct.pack(">f", 230) if fallback == "last" else NAN
    assert registers.read(2, 4) == kept + struct.pack(">f", 5)
    assert states.read(3, 1) == (b"\1" if fallback == "last" else b"\0")
    code = CODES[fallback]
    assert registers.refused(2, 2) == registers.refused(0, 3) == code
    assert registers.refused(4, 2) == registers.refused(0, 2) == 0
    assert states.refused(3, 1) == code
    assert states.refused(4, 1) == 0
    served.apply({VOLTAGE: measured(231.0), ERROR: measured(0)})
    assert registers.denied is None
    assert states.denied is None
    assert registers.read(2, 2) == struct.pack(">f", 231)


def test_the_meter_may_say_otherwise_than_the_map() -> None:
    meter_map = small_map(
        [register(VOLTAGE, Table.HOLDING, 0, "float32")], when_stale=WhenStale(stale="silence")
    )
    assert Image(meter_map).blocks[3].refused(0, 2) == SILENCE
    assert Image(meter_map, when_stale=WhenStale()).blocks[3].denied is None


def test_the_strongest_refusal_of_a_span_counts() -> None:
    served = image(WhenStale(stale="failure", failed="no-answer", absent="silence"))
    registers = served.blocks[3]
    served.apply({VOLTAGE: Reading(None, Quality.STALE), CURRENT: Reading(1.0, Quality.FAILED)})
    assert [registers.refused(*span) for span in ((2, 2), (2, 4), (4, 2))] == [0x04, 0x0B, 0x0B]
    served.apply({VOLTAGE: Reading(None, Quality.ABSENT)})
    assert registers.refused(0, 100) == SILENCE


def test_last_without_any_value_is_invalid() -> None:
    served = image(WhenStale(stale="last"))
    assert served.blocks[3].read(2, 2) == NAN
    assert served.blocks[3].denied is None


def test_a_stale_reading_that_comes_first_brings_its_last_value() -> None:
    served = image(WhenStale(stale="last"))
    served.apply(
        {VOLTAGE: Reading(229.0, Quality.STALE), CURRENT: Reading(math.nan, Quality.STALE)}
    )
    assert served.blocks[3].read(2, 4) == struct.pack(">f", 229) + NAN


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_the_last_value_stays_if_the_reading_does_not_bring_it(value: float | None) -> None:
    served = image(WhenStale(stale="last"))
    served.apply({VOLTAGE: measured(230.0)})
    served.apply({VOLTAGE: Reading(value, Quality.STALE)})
    assert served.blocks[3].read(2, 2) == struct.pack(">f", 230)
    assert served.blocks[3].denied is None


def test_a_last_value_is_not_known() -> None:
    meter_map = small_map(
        [register(VOLTAGE, Table.HOLDING, 0, "float32")],
        when_stale=WhenStale(stale="last"),
        validity=Address(Table.DISCRETE, 0),
    )
    served = Image(meter_map)
    wire = list(POINTS).index(VOLTAGE)
    served.apply({VOLTAGE: measured(230.0)})
    assert served.blocks[2].read(wire, 1) == b"\1"
    served.apply({VOLTAGE: Reading(230.0, Quality.STALE)})
    assert served.blocks[3].read(0, 2) == struct.pack(">f", 230)
    assert served.blocks[2].read(wire, 1) == b"\0"


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_good_reading_without_a_number_counts_as_failed(value: float | None) -> None:
    served = image(WhenStale(failed="failure"))
    served.apply({VOLTAGE: Reading(value, Quality.MEASURED)})
    assert served.blocks[3].refused(2, 2) == 0x04


def test_what_the_meter_never_has_is_absent() -> None:
    served = image(
        WhenStale(absent="no-answer"), place(Absent("tariff"), Table.HOLDING, 6, "int16")
    )
    assert served.blocks[3].read(6, 1) == b"\x80\0"
    assert served.blocks[3].refused(6, 1) == 0x0B
    assert served.blocks[3].refused(2, 2) == 0


def test_a_sum_is_refused_as_its_worst_term() -> None:
    both = Quantity("sum", (Term(POINTS[VOLTAGE]), Term(POINTS[CURRENT])))
    served = image(
        WhenStale(stale="failure", failed="no-answer"), place(both, Table.HOLDING, 6, "float32")
    )
    served.apply({VOLTAGE: measured(1.0), CURRENT: Reading(1.0, Quality.STALE)})
    assert served.blocks[3].refused(6, 2) == 0x04
    served.apply({VOLTAGE: Reading(1.0, Quality.FAILED)})
    assert served.blocks[3].refused(6, 2) == 0x0B
    served.apply({VOLTAGE: measured(1.0), CURRENT: measured(2.0)})
    assert served.blocks[3].denied is None
    assert served.blocks[3].read(6, 2) == struct.pack(">f", 3)


def test_a_sum_of_last_values_is_shown_where_they_are() -> None:
    both = Quantity("sum", (Term(POINTS[VOLTAGE]), Term(POINTS[CURRENT])))
    served = image(WhenStale(stale="last"), place(both, Table.HOLDING, 6, "float32"))
    served.apply({VOLTAGE: measured(1.0), CURRENT: measured(2.0)})
    served.apply({VOLTAGE: Reading(1.0, Quality.STALE), CURRENT: measured(3.0)})
    assert served.blocks[3].read(6, 2) == struct.pack(">f", 4)


def test_flags_are_never_refused() -> None:
    flags = place(Flags({0: POINTS[ERROR]}), Table.HOLDING, 6, "bits")
    served = image(WhenStale(stale="silence"), flags)
    served.apply({VOLTAGE: measured(1.0), CURRENT: measured(1.0)})
    assert served.blocks[3].refused(6, 1) == 0


def test_what_only_one_read_sees_is_refused_only_there() -> None:
    alone = register(ERROR, Table.HOLDING, 4, "uint16", count=1)
    served = image(WhenStale(stale="failure"), alone)
    served.apply({VOLTAGE: measured(1.0), CURRENT: measured(1.0)})
    assert served.blocks[3].refused(4, 1) == 0x04
    assert served.blocks[3].refused(4, 2) == 0
    served.apply({ERROR: measured(1), CURRENT: Reading(1.0, Quality.STALE)})
    assert served.blocks[3].refused(4, 1) == 0
    assert served.blocks[3].read_alone(4, 1) == b"\0\1"
    assert served.blocks[3].refused(4, 2) == 0x04


@pytest.mark.parametrize("quality", [Quality.STALE, Quality.FAILED])
def test_a_lost_value_without_a_pattern_is_refused(quality: Quality) -> None:
    marked = register("Frequency", Table.INPUT, 0, "int16")
    unmarked = register("Voltage_L1_N", Table.INPUT, 1, "int16", unmarked=True)
    image = Image(small_map([marked, unmarked]))
    block = image.blocks[4]
    image.apply({"Frequency": measured(50), "Voltage_L1_N": measured(230)})
    assert block.refused(0, 2) == 0
    image.apply({"Frequency": Reading(50, quality), "Voltage_L1_N": Reading(230, quality)})
    assert (block.refused(0, 1), block.refused(1, 1)) == (0, 0x04)
    assert block.read(0, 1) == b"\x80\x00"
    absent = Reading(None, Quality.ABSENT)
    image.apply({"Frequency": absent, "Voltage_L1_N": absent})
    assert block.refused(0, 2) == 0, "or the block could never be read"


def test_the_last_value_needs_no_pattern_until_there_is_none() -> None:
    unmarked = register("Voltage_L1_N", Table.INPUT, 0, "int16", unmarked=True)
    image = Image(small_map([unmarked]), when_stale=WhenStale(stale="last"))
    assert image.blocks[4].refused(0, 1) == 0x04
    image.apply({"Voltage_L1_N": Reading(230, Quality.STALE)})
    assert image.blocks[4].refused(0, 1) == 0
    assert image.blocks[4].read(0, 1) == b"\x00\xe6"


def test_a_value_that_is_too_large_for_a_register_without_a_pattern_is_refused() -> None:
    unmarked = register("Voltage_L1_N", Table.INPUT, 0, "int16", unmarked=True)
    image = Image(small_map([unmarked]))
    image.apply({"Voltage_L1_N": measured(230)})
    assert image.blocks[4].refused(0, 1) == 0
    image.apply({"Voltage_L1_N": measured(40_000)})
    assert image.blocks[4].refused(0, 1) == 0x04
    image.apply({"Voltage_L1_N": measured(231)})
    assert image.blocks[4].refused(0, 1) == 0
