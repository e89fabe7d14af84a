"""From a meter's entry to its setup: names, ranges and units."""

from pathlib import Path

import pytest

from submeter import installation
from submeter.errors import ConfigError
from submeter.meter.feed import Feed
from submeter.meter.reading import Quality
from submeter.meter.setup import Setup
from submeter.pointmap import points
from tooling.configs import GOOD, load

POWER = 5000.0
POINTS = tuple(points.all_points().values())
IMPORT, TOTAL = "Active_Energy_Import", "Active_Power_Total"
REGISTER = Feed("simulated", dict.fromkeys(("Frequency", IMPORT, TOTAL), Quality.MEASURED), 10)
CLAMP = Feed("clamp", {TOTAL: Quality.MEASURED}, 10)
VOLTMETER = Feed("voltmeter", {"Voltage_L1_N": Quality.MEASURED}, 10)
SOURCES = """\
      - {name: clamp, simulated: {}}
      - {name: voltmeter, simulated: {}}
"""


def setup(folder: Path, *lines: str, feeds: tuple[Feed, ...] = (REGISTER,)) -> Setup:
    text = GOOD.replace("unit_id: 1\n", "unit_id: 1\n" + "".join(f"    {x}\n" for x in lines))
    text = text.replace("{seed: 7}\n", "{seed: 7}\n" + (SOURCES if len(feeds) > 1 else ""))
    loaded = load(folder, text)
    return installation.setup(loaded, loaded.config.meters[0], ("meters", 0), POINTS, feeds, POWER)


def faults(folder: Path, *lines: str, feeds: tuple[Feed, ...] = (REGISTER,)) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        setup(folder, *lines, feeds=feeds)
    return [fault.removeprefix(f"{folder}/config.yaml:") for fault in caught.value.faults]


def test_nothing_configured(tmp_path: Path) -> None:
    made = setup(tmp_path)
    assert made.largest_power == POWER
    assert made.initial == {}
    assert made.configured == {
        "Modbus_Address": 1,
        "Modbus_Baudrate": 19_200,
        "Modbus_Character_Format": 0,
    }
    assert (made.sealed, made.certificate, made.cross_check) == (False, None, None)


@pytest.mark.parametrize(
    ("written", "milli"),
    [
        ("48211", 48_211_000_000),
        ("48211.337", 48_211_337_000),
        ("0.1", 100_000),
        ("999999999.999999", 999_999_999_999_999),
        ("0.0000001", 0),
    ],
)
def test_an_initial_index_is_exact(tmp_path: Path, written: str, milli: int) -> None:
    made = setup(tmp_path, f"initial_index: {{Active_Energy_Import: {written}}}")
    assert made.initial == {"Active_Energy_Import": milli}
    assert type(made.initial["Active_Energy_Import"]) is int


def test_a_rating_in_kilowatts_bounds_the_index(tmp_path: Path) -> None:
    assert setup(tmp_path, "rating: {power: 36}").largest_power == 36_000
    assert setup(tmp_path, "rating: {current: 60}").largest_power == POWER


def test_everything_reaches_the_meter(tmp_path: Path) -> None:
    made = setup(
        tmp_path,
        "settings: {CT_Primary_Rating: 200, Modbus_Address: 9}",
        "sealed: true",
        "return_after: 5",
        "demand: {window: fixed}",
        "alarms: {phase_loss: {below: 60}}",
        "priority: {Frequency: [simulated]}",
    )
    assert made.configured["CT_Primary_Rating"] == 200
    assert made.configured["Modbus_Address"] == 9, "what is written there is what is meant"
    assert made.sealed
    assert made.return_after == 5
    assert made.demand.window == "fixed"
    assert made.alarms.phase_loss.below == 60
    assert made.priority == {"Frequency": ["simulated"]}


def test_the_baud_rate_is_that_of_the_serial_port_and_the_certificate_is_handed_on(
    tmp_path: Path,
) -> None:
    overrides = (
        "modbus.rtu={port: /dev/ttyS0, baudrate: 9600}",
        "meters.1.mid={number: X, expires: '2034-12-31'}",
    )
    loaded = load(tmp_path, GOOD, *overrides)
    entry = loaded.config.meters[1]
    made = installation.setup(loaded, entry, ("meters", 1), POINTS, (REGISTER,), POWER)
    assert made.configured["Modbus_Baudrate"] == 9600
    assert made.certificate
    assert made.certificate.number == "X"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "initial_index: {Active_Energy_Imported: 5}",
            "5:21: 'Active_Energy_Imported' cannot stand here; did you mean "
            "'Active_Energy_Import'?",
        ),
        (
            "initial_index: {Frequency: 5}",
            "5:21: 'Frequency' cannot stand here; known here: Active_Energy_Import, "
            "Active_Energy_Export, Reactive_Energy_Import, Reactive_Energy_Export",
        ),
        (
            "settings: {Demand_Intervall: 5}",
            "5:16: 'Demand_Intervall' cannot stand here; did you mean 'Demand_Interval'?",
        ),
        ("settings: {Reset_Demand_Peak: 1}", "5:16: 'Reset_Demand_Peak' cannot stand here; "),
        (
            "priority: {Frequenzy: [simulated]}",
            "5:16: 'Frequenzy' cannot stand here; did you mean 'Frequency'?",
        ),
        (
            "settings: {Demand_Interval: 61}",
            "5:33: Demand_Interval is 1 to 60 min, not 61",
        ),
        (
            "settings: {Demand_Interval: 1.5}",
            "5:33: Demand_Interval is a whole number, not 1.5",
        ),
        (
            "settings: {Modbus_Baudrate: 115200}",
            "5:33: Modbus_Baudrate is one of 9600, 19200, 38400 bit/s, not 115200",
        ),
        (
            "settings: {CT_Primary_Rating: 10}",
            "5:35: CT_Primary_Rating is 50 to 5000 A, not 10",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(tmp_path: Path, line: str, expected: str) -> None:
    (found,) = faults(tmp_path, line)
    assert found.startswith(expected)


def test_faults_are_told_together(tmp_path: Path) -> None:
    found = faults(tmp_path, "settings: {X: 1, Demand_Interval: 0}", "initial_index: {Y: 1}")
    assert sorted(fault.split(":")[0] for fault in found) == ["5", "5", "6"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "priority: {Frequency: [clamp], Current_L1: [clamp]}",
            "5:36: no source of this meter gives Current_L1; known here: ",
        ),
        ("priority: {Tamper_Alarm: []}", "5:16: no source of this meter gives Tamper_Alarm; "),
        (
            "initial_index: {Reactive_Energy_Import: 5}",
            "5:21: no source of this meter counts Reactive_Energy_Import; did you mean",
        ),
        (
            "cross_check: {sources: [simulated, voltmeter]}",
            "5:18: Active_Energy_Import is compared, but source 'voltmeter' does not count it; "
            "known here: none",
        ),
        (
            "cross_check: {sources: [clamp, simulated], point: Active_Energy_Export}",
            "5:55: Active_Energy_Export is compared, but source 'simulated' does not count it; "
            "did you mean 'Active_Energy_Import'?",
        ),
    ],
)
def test_what_no_source_has_is_told(tmp_path: Path, line: str, expected: str) -> None:
    (found,) = faults(tmp_path, line, feeds=(REGISTER, CLAMP, VOLTMETER))
    assert found.startswith(expected)


def test_an_index_may_follow_from_power_alone(tmp_path: Path) -> None:
    made = setup(
        tmp_path,
        "priority: {Active_Energy_Export: [clamp]}",
        "initial_index: {Active_Energy_Export: 5}",
        "cross_check: {sources: [simulated, clamp]}",
        feeds=(REGISTER, CLAMP, VOLTMETER),
    )
    assert made.initial == {"Active_Energy_Export": 5_000_000}
    assert made.cross_check


def test_what_the_map_has_not_is_of_no_use(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        GOOD,
        "meters.0.priority={Frequency: [simulated]}",
        "meters.0.initial_index={Active_Energy_Import: 1}",
    )
    entry = loaded.config.meters[0]
    with pytest.raises(ConfigError) as caught:
        installation.setup(loaded, entry, ("meters", 0), [], (REGISTER,), POWER)
    assert ["gives Frequency" in fault for fault in caught.value.faults] == [True, False]
