"""The shipped maps over answers of the meters that they are for."""

import os
from pathlib import Path

import pytest

from submeter.errors import Condition
from submeter.meter.reading import Update
from submeter.pointmap import source_map
from submeter.sources.mbus import address, telegram
from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.answer import Answer
from submeter.sources.mbus.link import Decoder, Long
from submeter.sources.mbus.reading import Reader
from tooling import mbus_records as made

METER = Secondary("12345678", "ABB", 2, 2)
HEAT, COOLING, BOTH = (Secondary("12345678", "LUG", 2, medium) for medium in (4, 0x0A, 0x0D))
CAPTURES = [
    (
        "EMU_EMU-Professional-375-M-Bus",
        "emu-professional",
        {
            "Active_Energy_Import": 1_364_000,
            "Active_Energy_Import_T1": 1_364_000,
            "Reactive_Energy_Import": 7_854_000,
            "Active_Power_Total": -0.002,
            "Active_Power_L1": -0.002,
            "Reactive_Power_Total": 0.014,
            "Voltage_L1_N": 225.7,
            "Voltage_L2_N": 0,
            "Current_L1": -0.066,
            "Power_Factor_L1": 0.13,
            "Frequency": 50,
            "Instrument_Error": 0,
        },
    ),
    (
        "FIN-Finder-7E.23.8.230.0020",
        "finder-7e",
        {
            "Active_Energy_Import": 1_728_680_000,
            "Voltage_L1_N": 230,
            "Current_L1": 0.6,
            "Active_Power_Total": 0.09,
            "Reactive_Power_Total": -0.03,
        },
    ),
    (
        "electricity-meter-1",
        "finder-7e",
        {
            "Active_Energy_Import": 10 * (1252 + 1_774_433) * 1000,
            "Voltage_L3_N": 228,
            "Current_L3": 6.9,
            "Active_Power_L2": 0.81,
            "Active_Power_Total": 3.2,
            "Reactive_Power_Total": -0.65,
        },
    ),
    ("abb_delta", "abb-delta", {"Active_Energy_Import": 0, "Reactive_Energy_Import": 0}),
    (
        "eastron_sdm630",
        "eastron-sdm630",
        {
            "Voltage_L1_N": 1234.56,
            "Voltage_L3_L1": 1234.56,
            "Current_L1": 123.456,
            "Current_Neutral": 123.456,
        },
    ),
    ("filler", "mbus-electricity", {"Active_Energy_Import": 5_000_000}),
    ("oms_frame2", "mbus-water", {"Volume": 2_850_427_000, "Volume_Flow": 0.127}),
    ("REL-Relay-Padpuls2", "mbus-pulse-adapter", {"Volume_Input_1": 28_760_810_000}),
    ("REL-Relay-Padpuls2", "mbus-gas", {"Volume": 28_760_810_000}),
    ("SEN_Pollustat", "mbus-heat", {"Instrument_Error": 0}),
    (
        "engelmann_sensostar2c",
        "mbus-heat",
        {
            "Heat_Energy": 800_000_000,
            "Volume": 12_900_000,
            "Flow_Temperature": 95,
            "Return_Temperature": 43,
            "Temperature_Difference": 52.58,
            "Operating_Time": 43_718_400,
            "Heat_Power": 0,
            "Volume_Flow": 0,
        },
    ),
    # Its temperatures are those of an error state, and its status is a temporary error.
    ("SEN_Sensus-PolluTherm", "mbus-heat", {"Heat_Energy": 0, "Instrument_Error": 1}),
]


def reader(name: str) -> Reader:
    return Reader("one", address.parse(1), None, source_map.load(name))


def answer(frame: Long) -> Answer:
    return Answer((telegram.read(frame),), frame.encode())


def update(name: str, frame: Long) -> Update:
    made_of = reader(name).understand(answer(frame), 0.0)
    assert made_of is not None
    return made_of


@pytest.mark.skipif("SUBMETER_CAPTURES" not in os.environ, reason="SUBMETER_CAPTURES is not set")
@pytest.mark.parametrize(("capture", "name", "wanted"), CAPTURES)
def test_captures(capture: str, name: str, wanted: dict[str, float]) -> None:
    file = Path(os.environ["SUBMETER_CAPTURES"]) / "mbus" / f"{capture}.hex"
    (frame,) = Decoder().feed(bytes.fromhex(file.read_text()))
    assert isinstance(frame, Long)
    said = {point: value.number for point, value in update(name, frame).values.items()}
    assert {point: said.get(point) for point in wanted} == pytest.approx(wanted)
    if capture == "SEN_Sensus-PolluTherm":
        assert "Flow_Temperature" not in said


def number(codes: bytes, value: int, **kind: int) -> bytes:
    return made.dib(made.INTEGERS[4], **kind) + codes + made.integer(value, 4)  # type: ignore[arg-type]


def test_a_standard_electricity_meter() -> None:
    records = number(made.vib(0x03, 0x3C), 1234) + number(made.vib(0x03), 5000)
    records += b"".join(
        number(made.vib(0x7D, 0x48, 0x7C, phase), 2300 + phase)
        + number(made.vib(0x7D, 0x59, 0x7C, phase), 1000 * phase)
        + number(made.vib(0x2B, 0x7C, phase), 100 * phase)
        for phase in (3, 1, 2)
    )
    values = update("mbus-electricity", made.answer(1, METER, records)).values
    assert values["Active_Energy_Import"].number == 5_000_000
    assert values["Active_Energy_Export"].number == 1_234_000
    assert values["Voltage_L2_N"].number == pytest.approx(230.2)
    assert values["Current_L3"].number == 3
    assert values["Active_Power_L1"].number == pytest.approx(0.1)
    assert values["Active_Power_Total"].number == pytest.approx(0.6)


def test_tariffs_without_a_total() -> None:
    records = made.energy(100, tariff=1) + made.energy(20, tariff=2)
    values = update("mbus-electricity", made.answer(1, METER, records)).values
    assert values["Active_Energy_Import"].number == 120_000
    assert values["Active_Energy_Import_T2"].number == 20_000


@pytest.mark.parametrize("tariffs", [1, 2, 3, 4])
def test_what_flows_back_in_tariffs_without_a_total(tariffs: int) -> None:
    several = range(1, tariffs + 1)
    records = made.energy(1000) + b"".join(
        number(made.vib(0x03, 0x3C), 100 * tariff, tariff=tariff) for tariff in several
    )
    values = update("mbus-electricity", made.answer(1, METER, records)).values
    assert values["Active_Energy_Export"].number == sum(100_000 * tariff for tariff in several)
    assert values[f"Active_Energy_Export_T{tariffs}"].number == 100_000 * tariffs


def test_a_power_that_follows_from_the_indexes_has_the_sign_of_the_flow() -> None:
    """300 W in, then 300 W out."""
    one, powers = reader("mbus-electricity"), []
    for turn in range(41):
        drawn, fed = 5 * min(turn, 20), 5 * max(turn - 20, 0)
        records = made.energy(drawn) + number(made.vib(0x03, 0x3C), fed)
        made_of = one.understand(answer(made.answer(1, METER, records)), 60.0 * turn)
        assert made_of is not None
        power = made_of.values.get("Active_Power_Total")
        powers.append(power and power.number)
    assert powers[20] == pytest.approx(0.3)
    assert powers[40] == pytest.approx(-0.3)


def test_heat_in_joules_and_cooling() -> None:
    records = number(made.vib(0x0E), 36) + number(made.vib(0x0E, 0x3C), 72)
    values = update("mbus-heat", made.answer(1, BOTH, records)).values
    assert values["Heat_Energy"].number == 10_000_000
    assert values["Cooling_Energy"].number == 20_000_000


def test_a_cooling_meter_counts_no_heat() -> None:
    made_of = update("mbus-cooling", made.answer(1, COOLING, number(made.vib(0x0E), 36)))
    assert made_of.values["Cooling_Energy"].number == 10_000_000
    assert "Heat_Energy" not in made_of.values


@pytest.mark.parametrize(
    ("name", "meter", "fits"),
    [
        ("mbus-heat", HEAT, True),
        ("mbus-heat", BOTH, True),
        ("mbus-heat", COOLING, False),
        ("mbus-cooling", COOLING, True),
        ("mbus-cooling", HEAT, False),
        ("mbus-gas", HEAT, False),
        ("mbus-water", HEAT, False),
        ("mbus-electricity", HEAT, False),
        ("mbus-pulse-adapter", HEAT, True),
        ("mbus-heat", HEAT._replace(medium=0), True),  # it says that it is of another kind
        ("mbus-heat", HEAT._replace(medium=0xFF), True),  # it does not say
    ],
)
def test_a_map_is_for_some_media(
    name: str, meter: Secondary, fits: bool, caplog: pytest.LogCaptureFixture
) -> None:
    records = made.energy(36) + made.dib(made.BCDS[8]) + made.vib(0x13) + made.bcd(1, 8)
    one = reader(name)
    made_of = one.understand(answer(made.answer(1, meter, records)), 0.0)
    assert (made_of is not None) == fits
    assert one.trouble == (None if fits else Condition.WRONG_LAYOUT)
    assert one.identity == str(meter)
    if meter == COOLING and not fits:
        assert "is a meter of cooling (outlet); the map is for heat (inlet), heat" in caplog.text


def test_a_medium_that_is_not_told_may_be_any() -> None:
    assert update("mbus-heat", Long(8, 1, 0x78, made.energy(1))).values["Heat_Energy"].number


def test_a_record_that_says_it_has_no_value_gives_none_and_is_not_absent() -> None:
    records = number(made.vib(0x03, 0x15), 99) + number(made.vib(0x2B), 5)
    made_of = update("mbus-electricity", made.answer(1, METER, records))
    assert "Active_Energy_Import" not in made_of.values
    assert "Active_Energy_Import" not in made_of.absent
    assert made_of.values["Active_Power_Total"].number == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("status", "error", "battery"),
    [(0, 0, 0), (1, 0, 0), (2, 1, 0), (3, 1, 0), (4, 0, 1), (8, 1, 0), (16, 1, 0), (0xE0, 0, 0)],
)
def test_the_status(status: int, error: int, battery: int) -> None:
    frame = made.answer(1, METER, made.energy(1), status=status)
    values = update("mbus-electricity", frame).values
    assert values["Instrument_Error"].number == error
    assert values["Instrument_Battery_Low"].number == battery


def test_an_answer_without_a_header_tells_no_status() -> None:
    made_of = update("mbus-electricity", Long(8, 1, 0x78, made.energy(1)))
    assert made_of.values["Active_Energy_Import"].number == 1000
    assert "Instrument_Error" not in made_of.values
    assert "Instrument_Battery_Low" not in made_of.values
    assert made_of.instrument is None
