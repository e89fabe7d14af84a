"""What the data sets of a readout say by the objects of the map."""

from zoneinfo import ZoneInfo

import pytest

from submeter.pointmap import source_map
from submeter.sources.dlms.said import Reader
from submeter.sources.optical import local_time, text_items
from submeter.sources.optical.readout import Decoder
from submeter.sources.optical.text_code import code
from submeter.sources.translation.translator import Message, Translator
from tooling.iec_meter import E350, block

MAP = source_map.load("e350-text")
ZURICH = ZoneInfo("Europe/Zurich")


def message(*lines: str) -> Message:
    (readout,) = Decoder().feed(block(lines))
    return Message(Reader(MAP).said(text_items.items(readout, ZURICH)), readout.raw)


def test_an_e350_gives_the_points_of_its_map() -> None:
    update = Translator(MAP).translate(message(*E350), 0)
    assert update
    values = {name: value.number for name, value in update.values.items()}
    assert values == {
        "Active_Energy_Import": 1_234_567_000,
        "Active_Energy_Import_T1": 234_500_000,
        "Active_Energy_Import_T2": 1_000_067_000,
        "Active_Energy_Export": 12_000,
        "Active_Power_Total": -0.512,
        "Voltage_L1_N": 229,
        "Voltage_L2_N": 231.5,
        "Current_L1": 1.25,
        "Demand_Peak_Current": 2.345,
        "Demand_Peak_Timestamp": 1_709_572_500,
        "Instrument_Error": 0,
    }
    assert update.instrument == "00417829"
    assert update.clock
    assert update.clock.utc == 1_709_630_130
    assert {"Frequency", "Reactive_Energy_Import", "Voltage_L3_N"} <= update.absent


def test_an_error_code_is_an_error() -> None:
    update = Translator(MAP).translate(message("1.8.0(1*kWh)", "F.F(00000040)"), 0)
    assert update
    assert update.values["Instrument_Error"].number == 1


def test_the_unit_on_the_wire_wins_and_a_strange_one_gives_nothing() -> None:
    for unit, number in (("Wh", 1_000), ("MWh", 1_000_000_000), ("kvarh", None), ("??", None)):
        update = Translator(MAP).translate(message("C.1.0(1)", f"1.8.0(1*{unit})"), 0)
        value = update.values.get("Active_Energy_Import") if update else None
        assert (value.number if value else None) == number


@pytest.mark.parametrize("text", ["", "-", "1,5", "1e5", "0x10", "1.2.3", "9" * 40, "nan", "--1"])
def test_a_value_that_is_no_number_is_left_out(text: str) -> None:
    assert message(f"1.8.0({text}*kWh)").said == {}


def test_registers_of_the_past_are_not_those_of_now() -> None:
    assert message("1.8.0*01(5*kWh)", "1.8.0&2(6*kWh)").said == {}


def test_a_value_that_stands_twice_with_different_content_is_left_out() -> None:
    assert message("1.8.0(5*kWh)", "1.8.0(6*kWh)").said == {}
    assert "import" in message("1.8.0(5*kWh)", "1.8.0(5*kWh)").said


@pytest.mark.parametrize(
    ("identifier", "full"),
    [
        ("1.8.0", "1-0:1.8.0*255"),
        ("1-1:1.8.0", "1-1:1.8.0*255"),
        ("0.0", "1-0:0.0.0*255"),
        ("L.1.0", "1-0:98.1.0*255"),
        ("C.1.0", "0-0:96.1.0*255"),
        ("1.8.300", None),
        ("", None),
        ("X.1", None),
        ("1", None),
    ],
)
def test_codes(identifier: str, full: str | None) -> None:
    assert code(identifier) == full


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("24-03-04 18:15", 1_709_572_500),
        ("2024-03-04 18:15:00", 1_709_572_500),
        ("2403041815", 1_709_572_500),
        ("240304181500", 1_709_572_500),
        ("2240304171500", 1_709_572_500),
        ("24-10-27 02:30", 1_729_989_000),
        ("12410270230", 1_729_989_000),
        ("02410270230", 1_729_992_600),
        ("0000000000", None),
        ("24-13-01 00:00", None),
        ("24-03-04", None),
        ("", None),
    ],
)
def test_times(text: str, utc: int | None) -> None:
    stamp = local_time.stamp(text, ZURICH)
    assert (stamp.utc if stamp else None) == utc


def test_zones() -> None:
    assert local_time.zone("Europe/Zurich") == ZURICH
    assert local_time.zone(None) is not None
    for name in ("Europe/Nowhere", "../etc/passwd", ""):
        with pytest.raises(ValueError, match="no time zone"):
            local_time.zone(name)


@pytest.mark.parametrize(
    ("date", "time", "utc"),
    [
        ("24-03-05", "10:15:30", 1_709_630_130),
        ("2024-03-05", "10:15", 1_709_630_100),
        ("1240705", "1101530", 1_720_167_330),
        ("24-03-05", "", None),
        ("x", "10:15", None),
    ],
)
def test_the_clock_is_made_of_date_and_time(date: str, time: str, utc: int | None) -> None:
    found = message(f"0.9.1({time})", f"0.9.2({date})").said.get("clock")
    assert (found.stamp.utc if found and found.stamp else None) == utc
