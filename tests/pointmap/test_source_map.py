"""Source maps: what is wrong in one is found when it is loaded, with its place."""

from pathlib import Path

import pytest

from submeter.errors import ConfigError
from submeter.meter.feed import Dial
from submeter.meter.reading import Quality
from submeter.pointmap import source_map

GOOD = """\
title: Small
document: none
max_age: 20
complete: [NAME, EAST]
identity: NAME
labels:
  NAME: {text: 12}
  EAST: {digits: [9], unit: Wh}
  EAIT: {digits: [9], unit: Wh}
  ERQ1: {digits: [9], unit: varh}
  URMS: {digits: [3], unit: V}
  PEAK: {digits: [5], unit: VA, horodate: true}
  STGE: {hex: 8}
options:
  peak: the day's peak
points:
  Active_Energy_Import: [{label: EAST}]
  Active_Power_Total: [{slope: Active_Energy_Import, unless: {STGE: 9}}]
  Voltage_L1_N: [{label: URMS}]
  Overload_Alarm: [{label: STGE, bit: 7}]
  Demand_Peak_Timestamp: [{label: PEAK, stamp: true, option: peak}]
"""
IMPORT = "[{label: EAST}]"
VOLTAGE = "[{label: URMS}]"
ALARM = "[{label: STGE, bit: 7}]"


def write(folder: Path, text: str) -> Path:
    path = folder / "sources" / "small.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> list[str]:
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        source_map.read(path)
    assert all(fault.startswith(f"{path}:") for fault in caught.value.faults)
    return [fault.removeprefix(f"{path}:") for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "complete: [NAME, EAST]",
            "complete: [NAME, EASTT]",
            "4:18: label 'EASTT' is not among those of this map; did you mean 'EAST'?",
        ),
        (
            "identity: NAME",
            "identity: WHO",
            "5:11: label 'WHO' is not among those of this map; known here: NAME, EAST, ",
        ),
        ("unit: V}", "unit: Volt}", "11:29: unknown unit 'Volt'"),
        (
            "  Voltage_L1_N:",
            "  Voltage_L1:",
            "19:3: unknown point 'Voltage_L1'; did you mean 'Voltage_L1_N'?",
        ),
        (
            VOLTAGE,
            "[{label: URM}]",
            "19:18: label 'URM' is not among those of this map; did you mean 'URMS'?",
        ),
        ("{STGE: 9}", "{STG: 9}", "18:24: label 'STG' is not among those of this map; did you"),
        (
            "slope: Active_Energy_Import",
            "slope: Active_Energy_Export",
            "18:24: 'Active_Energy_Export' is not an index point of this map",
        ),
        (
            "slope: Active_Energy_Import",
            "slope: Voltage_L1_N",
            "18:24: 'Voltage_L1_N' is not an index point of this map",
        ),
        (
            "option: peak",
            "option: peek",
            "21:62: option 'peek' is not among 'options' of this map",
        ),
        (
            VOLTAGE,
            "[{label: EAST}]",
            "19:18: Voltage_L1_N is in V; the rule gives another unit: add 'unit'",
        ),
        (
            VOLTAGE,
            "[{label: STGE}]",
            "19:18: Voltage_L1_N is in V; the rule gives another unit: add 'unit'",
        ),
        (
            VOLTAGE,
            "[{label: STGE, bit: 3}]",
            "19:18: Voltage_L1_N is of the kind analog: its rule needs a number",
        ),
        (
            ALARM,
            "[{label: STGE}]",
            "20:20: Overload_Alarm is of the kind binary: its rule needs 'bit', 'bits', 'any_bit'",
        ),
        (
            "PEAK, stamp: true",
            "PEAK",
            "21:27: Demand_Peak_Timestamp: 'stamp' goes with time stamps, and only with them",
        ),
        (
            "label: PEAK",
            "label: EAST",
            "21:27: label 'EAST' has no time stamp; the rule needs one",
        ),
        # labels that give no number
        (
            ALARM,
            "[{label: NAME, bit: 7}]",
            "20:20: label 'NAME' is text; the rule needs a number",
        ),
        (
            VOLTAGE,
            "[{label: NAME, unit: V}]",
            "19:18: label 'NAME' is text; the rule needs a number",
        ),
        (
            "{STGE: 9}",
            "{NAME: 9}",
            "18:24: label 'NAME' is text; the rule needs a number",
        ),
        (
            IMPORT,
            "[{sum: [EAST, ERQ1]}]",
            "17:26: label 'ERQ1' is in varh, 'EAST' in Wh; add 'unit'",
        ),
        # form
        (
            IMPORT,
            "[{sum: []}]",
            "17:32: points.Active_Energy_Import.0.sum: at least one entry should stand here",
        ),
        (
            IMPORT,
            "[{label: ''}]",
            "17:34: points.Active_Energy_Import.0.label: string should have at least 1 character",
        ),
        (
            IMPORT,
            "[{label: EAST, sum: [EAST]}]",
            "17:26: points.Active_Energy_Import.0: a rule has one of 'label', 'sum', 'present' ",
        ),
        (
            IMPORT,
            "[{unit: Wh}]",
            "17:26: points.Active_Energy_Import.0: a rule has one of 'label', 'sum', 'present' ",
        ),
        (
            "STGE: {hex: 8}",
            "STGE: {hex: 8, text: 8}",
            "13:9: labels.STGE: a label has one of 'digits', 'upto', 'hex', 'text', 'date'",
        ),
        ("STGE: {hex: 8}", "STGE: {}", "13:9: labels.STGE: a label has one of 'digits', 'upto', "),
        (
            ALARM,
            "[{label: STGE, bit: 64}]",
            "20:39: points.Overload_Alarm.0.bit: input should be less than or equal to 63, not 64",
        ),
        ("max_age: 20", "max_age: 0", "3:10: max_age: input should be greater than 0, not 0"),
        (
            VOLTAGE,
            "[{label: URMS, quality: stale}]",
            "19:41: points.Voltage_L1_N.0.quality: input should be 'measured', 'derived' or ",
        ),
        (
            "{STGE: 9}",
            "{STGE: -3}",
            "18:69: points.Active_Power_Total.0.unless.STGE: input should be greater than or equal",
        ),
        (
            "unit: V}",
            "unit: V, smallest: 9, largest: 1}",
            "11:9: labels.URMS: 'smallest' is larger than 'largest'; turn them round",
        ),
        (
            "{text: 12}",
            "{text: 32, pattern: '(a|a)*c'}",
            "7:9: labels.NAME: 'pattern' can be matched in too many ways",
        ),
        (
            IMPORT,
            "[{label: EAST, by: [EAST]}]",
            "17:26: points.Active_Energy_Import.0: 'by' and 'past' name other labels than 'EAST'",
        ),
        (
            IMPORT,
            "[{label: EAST, by: []}]",
            "17:44: points.Active_Energy_Import.0.by: at least one entry should stand here",
        ),
        (
            IMPORT,
            "[{sum: [EAST, -EAST]}]",
            "17:26: points.Active_Energy_Import.0: a label stands once in a 'sum'",
        ),
        (
            "slope: Active_Energy_Import",
            "slope: Active_Energy_Import, minus: Active_Energy_Import",
            "18:24: points.Active_Power_Total.0: a slope less itself is always 0; 'minus' is",
        ),
        # the instrument's clock
        (
            "identity: NAME",
            "identity: NAME\nclock: DAT",
            "6:8: label 'DAT' is not among those of this map; known here: NAME, EAST, ",
        ),
        (
            "identity: NAME",
            "identity: NAME\nclock: EAST",
            "6:8: label 'EAST' has no time stamp; name one that has",
        ),
        (
            "  EAIT: {digits: [9], unit: Wh}",
            "  EAST: {digits: [9], unit: Wh}",
            "9:3: key 'EAST' stands twice, first in line 8; remove one",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in GOOD
    found = faults(tmp_path, GOOD.replace(old, new, 1))
    assert any(fault.startswith(expected) for fault in found), found


def test_a_rule_with_a_unit_of_its_own_may_add_what_differs(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace(IMPORT, "[{sum: [EAST, ERQ1], unit: Wh}]"))
    assert source_map.load("small", own=[tmp_path]).rules["Active_Energy_Import"]


def test_options_choose_rules(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    plain, with_peak = (source_map.load("small", o, [tmp_path]) for o in ((), ("peak",)))
    assert plain.options == with_peak.options == ("peak",)
    assert with_peak.rules.keys() - plain.rules.keys() == {"Demand_Peak_Timestamp"}


def test_expected_quality_is_that_of_the_preferred_rule(tmp_path: Path) -> None:
    write(
        tmp_path,
        GOOD.replace(VOLTAGE, "[{label: URMS, quality: estimated}, {label: URMS}]"),
    )
    assert source_map.load("small", own=[tmp_path]).expected() == {
        "Active_Energy_Import": Quality.MEASURED,
        "Voltage_L1_N": Quality.ESTIMATED,
        "Overload_Alarm": Quality.MEASURED,
        "Active_Power_Total": Quality.DERIVED,
    }


def test_powers_follow_indexes_wherever_their_rule_stands(tmp_path: Path) -> None:
    text = GOOD.replace(f"  Active_Energy_Import: {IMPORT}\n", "").replace(
        "points:\n  Active_Power_Total: [{slope",
        "points:\n  Active_Power_Total: [{label: PEAK, unit: W}, {slope",
    )
    write(tmp_path, f"{text}  Active_Energy_Import: {IMPORT}\n")
    names = list(source_map.load("small", own=[tmp_path]).rules)
    assert names.index("Active_Energy_Import") < names.index("Active_Power_Total")


def test_a_clock_is_a_label_with_a_time_stamp(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("identity: NAME", "identity: NAME\nclock: PEAK"))
    assert source_map.load("small", own=[tmp_path]).clock == "PEAK"


def test_without_a_clock_there_is_none(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    assert source_map.load("small", own=[tmp_path]).clock is None


@pytest.mark.parametrize(
    ("label", "rules", "dial"),
    [
        ("{digits: [9], unit: Wh}", IMPORT, Dial(1000, (10**12,))),
        ("{digits: [8, 9], unit: Wh}", IMPORT, Dial(1000, (10**11, 10**12))),
        ("{digits: [6], unit: kWh}", IMPORT, Dial(10**6, (10**12,))),
        ("{hex: 8, unit: Wh}", IMPORT, Dial(1000, ())),
        (
            "{digits: [9], unit: Wh}",
            "[{label: EAST}, {sum: [EAST, EAIT]}]",
            Dial(1000, (10**12,)),
        ),
        (
            "{digits: [6], unit: kWh}",
            "[{label: EAST}, {label: EAIT}]",
            Dial(10**6, (10**12,)),
        ),
    ],
)
def test_the_dial_behind_an_index(tmp_path: Path, label: str, rules: str, dial: Dial) -> None:
    """In mWh: what the last digit stands for, and where the register starts over."""
    text = GOOD.replace("EAST: {digits: [9], unit: Wh}", f"EAST: {label}").replace(IMPORT, rules)
    write(tmp_path, text)
    assert source_map.load("small", own=[tmp_path]).dials() == {"Active_Energy_Import": dial}


def test_the_dials_of_a_linky() -> None:
    nine = Dial(1000, (10**12,))
    dials = source_map.load("tic-standard").dials()
    assert {
        "Active_Energy_Import",
        "Active_Energy_Import_T10",
        "Reactive_Energy_Q4",
    } <= dials.keys()
    assert set(dials.values()) == {nine}
    assert source_map.load("tic-standard").clock == "DATE"
    historique = source_map.load("tic-historique")
    assert historique.clock is None
    assert historique.dials()["Active_Energy_Import"].step == 1000


@pytest.mark.parametrize("name", ["tic-standard", "tic-historique", "tic-pme-pmi"])
def test_shipped_maps_are_good(name: str) -> None:
    shipped = source_map.load(name)
    assert shipped.rules
    assert shipped.complete <= shipped.labels.keys()
    assert "Active_Energy_Import" in shipped.expected()
