"""The object list of a map: increments, alarms and types, and what is wrong with an entry."""

from pathlib import Path

import pytest

from submeter.errors import ConfigError
from submeter.pointmap import meter_map, points
from submeter.pointmap.meter_map import BacnetObject

HEAD = "title: S\nmodbus: {registers: []}\nbacnet:\n  objects:\n    - "


def read(folder: Path, entry: str) -> BacnetObject:
    path = folder / "small.yaml"
    path.write_text(HEAD + entry + "\n", encoding="utf-8")
    (found,) = meter_map.read(path).objects
    return found


@pytest.mark.parametrize(
    ("entry", "cov"),
    [
        ("{point: Active_Power_Total, object: analog-input, instance: 1}", 0.1),
        ("{point: Active_Power_Total, object: analog-input, instance: 1, unit: W}", 100),
        ("{point: Active_Power_Total, object: analog-input, instance: 1, unit: W, cov: 25}", 25),
        ("{point: Active_Power_Total, object: large-analog-value, instance: 1, cov: 0.5}", 0.5),
        ("{point: Active_Power_Total, object: analog-input, instance: 1, cov: 0}", 0),
        ("{point: Active_Energy_Import, object: large-analog-value, instance: 1}", 1),
        ("{point: Active_Energy_Import, object: analog-input, instance: 1, unit: Wh}", 1000),
        ("{point: Active_Energy_Import, object: analog-input, instance: 1, unit: MWh}", 0.001),
        ("{point: Active_Energy_Import, object: accumulator, instance: 1}", 0),
        ('{point: Power_Factor_L1, object: analog-input, instance: 1, unit: "%"}', 1),
        ("{point: Demand_Interval, object: analog-output, instance: 1}", 0),
        ("{point: Overload_Alarm, object: binary-input, instance: 1}", 0),
    ],
)
def test_increment(tmp_path: Path, entry: str, cov: float) -> None:
    assert read(tmp_path, entry).cov == pytest.approx(cov, abs=0)


def test_numbers_of_the_point_in_the_unit_of_the_object(tmp_path: Path) -> None:
    head = "{point: Active_Energy_Import, object: analog-input, instance: 1"
    assert read(tmp_path, head + ", unit: Wh}").in_unit(2.5) == 2500
    assert read(tmp_path, head + "}").in_unit(2.5) == 2.5
    head = "{point: Power_Factor_L1, object: analog-input, instance: 1"
    assert read(tmp_path, head + ', unit: "%"}').in_unit(-0.5) == -50


def test_alarm(tmp_path: Path) -> None:
    entry = "{point: Tamper_Alarm, object: binary-input, instance: 6"
    assert read(tmp_path, entry + "}").alarm is None
    assert read(tmp_path, entry + ", alarm: 1}").alarm == 1
    assert read(tmp_path, entry + ", alarm: 0}").alarm == 0


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            "{point: Active_Energy_Import, object: accumulator, instance: 1, cov: 1}",
            "5:76: accumulator has no COV increment; remove 'cov'",
        ),
        (
            "{point: Tamper_Alarm, object: binary-input, instance: 6, cov: 1}",
            "5:69: binary-input has no COV increment; remove 'cov'",
        ),
        (
            "{point: Frequency, object: analog-input, instance: 6, cov: -0.1}",
            "5:66: bacnet.objects.0.cov: input should be greater than or equal to 0, not -0.1",
        ),
        (
            "{point: Frequency, object: analog-input, instance: 6, cov: nan}",
            "5:66: bacnet.objects.0.cov: input should be a valid number, not 'nan'",
        ),
        (
            "{point: Frequency, object: analog-input, instance: 6, alarm: 1}",
            "5:68: analog-input reports no alarm, a binary-input can; remove 'alarm'",
        ),
        (
            "{point: Sync_Clock, object: binary-output, instance: 6, alarm: 1}",
            "5:70: binary-output reports no alarm, a binary-input can; remove 'alarm'",
        ),
        (
            "{point: Tamper_Alarm, object: binary-input, instance: 6, alarm: 2}",
            "5:71: Tamper_Alarm has no state 2; possible: 0 (OK), 1 (Open)",
        ),
        (
            "{point: Tamper_Alarm, object: binary-input, instance: 6, alarm: true}",
            "5:71: bacnet.objects.0.alarm: input should be a valid integer, not ",
        ),
        (
            '{point: Frequency, object: analog-input, instance: 6, name: "Hertz\\a"}',
            "5:67: bacnet.objects.0.name: 'Hertz\\x07' has characters that cannot be printed; take",
        ),
        (
            f"{{point: Frequency, object: analog-input, instance: 6, name: {'n' * 101}}}",
            "5:67: bacnet.objects.0.name: string should have at most 100 characters, not 'nnn",
        ),
        (
            '{point: Frequency, object: analog-input, instance: 6, name: ""}',
            "5:67: bacnet.objects.0.name: ",
        ),
    ],
)
def test_what_is_wrong(tmp_path: Path, entry: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, entry)
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].startswith(f"{tmp_path / 'small.yaml'}:{expected}")


def test_entries_of_maps_can_be_told_apart_quickly() -> None:
    objects = meter_map.load("standard").objects
    again = meter_map.load("standard").objects
    assert len(set(objects)) == len(objects)
    assert set(again) == set(objects)
    assert len(set(points.all_points().values())) == len(points.all_points())
