"""One entry for many points, registers or objects that differ in a number."""

from pathlib import Path

import pytest

from submeter.errors import ConfigError
from submeter.pointmap import address, meter_map, points
from tooling import small_map

LIST = """\
points:
  Before: {group: extension, description: a, description_fr: b, kind: analog,
    haystack: [sensor], brick: Sensor}
  Tone_{n}_L1:
    series: {first: 9, last: 11}
    group: extension
    description: Tone {n} of {n}
    description_fr: Ton {n}
    kind: analog
    unit: "%"
    range: {min: 0, max: 5}
    haystack: [sensor]
    brick: Sensor
  After: {group: extension, description: a, description_fr: b, kind: analog,
    haystack: [sensor], brick: Sensor}
"""
HARMONIC = 'point: "Voltage_Harmonic_{n}_L1", at:'
THREE = "series: {first: 2, last: 4}"
HEAD = "title: S\nmodbus: {registers: []}\nbacnet:\n  objects:\n    - {"


def load(folder: Path, text: str) -> list[str]:
    """Return the names of the points of the list, and prove their texts."""
    path = folder / "points.yaml"
    path.write_text(text, encoding="utf-8")
    found = points.load(path)
    assert [point.name for point in found.values()] == list(found)
    for name in ("Tone_9_L1", "Tone_10_L1"):
        if point := found.get(name):
            number = name.split("_")[1]
            assert point.description == f"Tone {number} of {number}"
            assert (point.unit, point.bounds, point.states) == ("%", (0, 5), {})
    return list(found)


def test_points_stand_in_the_place_of_the_series(tmp_path: Path) -> None:
    assert load(tmp_path, LIST) == ["Before", "Tone_9_L1", "Tone_10_L1", "Tone_11_L1", "After"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Tone_{n}_L1", "Tone", "5:5: points.Tone: all of the series would be called 'Tone'; put"),
        ("    series: {first: 9, last: 11}\n", "", "5:5: points.Tone_{n}_L1: {n} in 'Tone_{n}_L1'"),
        ("last: 11", "last: 9", "5:13: points.Tone_{n}_L1.series: 'last' is above 'first'"),
        ("last: 11", "lust: 11", "5:24: unknown key 'points.Tone_{n}_L1.series.lust'; did you "),
        ("last: 11", "last: 1e9", "5:30: points.Tone_{n}_L1.series.last: input should be "),
        ('unit: "%"', "unit: furlong", "10:11: unknown unit 'furlong'"),
        ("  After", "  Tone_10_L1", "14:3: point Tone_10_L1 stands twice; remove one"),
    ],
)
def test_a_series_of_points_that_is_wrong(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in LIST
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, LIST.replace(old, new))
    assert caught.value.faults[0].startswith(f"{tmp_path / 'points.yaml'}:{expected}")


def test_registers_follow_each_other(tmp_path: Path) -> None:
    loaded = small_map.read(
        tmp_path,
        f"{HARMONIC} 32001, type: float32, {THREE}",
        f"{HARMONIC} IR 0x000F, type: uint16, scale: 0.01, {THREE}",
    )
    found = [(r.at, r.words, r.point.name) for r in loaded.registers if r.point]
    assert found == [
        ("32001", 2, "Voltage_Harmonic_2_L1"),
        ("32003", 2, "Voltage_Harmonic_3_L1"),
        ("32005", 2, "Voltage_Harmonic_4_L1"),
        ("IR 0x000F", 1, "Voltage_Harmonic_2_L1"),
        ("IR 0x0010", 1, "Voltage_Harmonic_3_L1"),
        ("IR 0x0011", 1, "Voltage_Harmonic_4_L1"),
    ]
    assert {r.place.rpartition(":")[2] for r in loaded.registers[:3]} == {"4"}


def test_bits_follow_each_other(tmp_path: Path) -> None:
    loaded = small_map.read(
        tmp_path, 'point: "Relay_{n}", at: DI 2011, series: {first: 1, last: 3}'
    )
    assert [r.at for r in loaded.registers] == ["DI 2011", "DI 2012", "DI 2013"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            f"{HARMONIC} 32001, type: float32, series: {{first: 24, last: 27}}",
            "4:15: unknown point 'Voltage_Harmonic_26_L1'; did you mean",
        ),
        (
            f"{HARMONIC} 39997, type: float32, {THREE}",
            "4:76: '39997' and 4 more is beyond the end of its addresses",
        ),
        (
            f"{HARMONIC} HR 65533, type: float32, {THREE}",
            "4:79: 'HR 65533' and 4 more is beyond the end of its addresses",
        ),
        (f"{HARMONIC} 32001, type: float32", "4:7: modbus.registers.0: {n} in 'Voltage_Harm"),
        (
            f"point: Frequency, at: 32001, type: float32, {THREE}",
            "4:7: modbus.registers.0: all of the series would be called 'Frequency'",
        ),
        (
            f"constant: 1, at: 32001, type: float32, {THREE}",
            "4:55: 'series' does not go with 'constant'; remove it",
        ),
        (f"{HARMONIC} 32001, type: flaot32, {THREE}", "4:59: modbus.registers.0.type: input sh"),
    ],
)
def test_a_series_of_registers_that_is_wrong(tmp_path: Path, entry: str, expected: str) -> None:
    (fault,) = small_map.faults(tmp_path, entry)
    assert fault.startswith(expected)


def test_registers_of_a_series_do_not_lie_over_others(tmp_path: Path) -> None:
    entries = [f"{HARMONIC} 32001, type: float32, {THREE}", "text: x, at: 32004, type: string"]
    found = small_map.faults(tmp_path, entries[0], f"{entries[1]}, words: 1")
    assert found == [
        "5:21: 'x' at 32004 overlaps Voltage_Harmonic_3_L1 at 32003; move one",
    ]


def read(folder: Path, entry: str) -> list[tuple[str, int, str]]:
    """Return point, instance and name of the objects of `entry`."""
    path = folder / "small.yaml"
    path.write_text(f"{HEAD}{entry}}}\n", encoding="utf-8")
    return [(o.point.name, o.instance, o.name) for o in meter_map.read(path).objects]


def test_instances_follow_each_other(tmp_path: Path) -> None:
    entry = 'point: "Relay_{n}", object: binary-input, instance: 7, series: {first: 1, last: 2}'
    assert read(tmp_path, entry) == [("Relay_1", 7, "Relay_1"), ("Relay_2", 8, "Relay_2")]
    assert read(tmp_path, f'{entry}, name: "K{{n}}"')[1] == ("Relay_2", 8, "K2")


@pytest.mark.parametrize(
    ("last", "rest", "expected"),
    [
        (9, "", "5:15: unknown point 'Relay_9'; did you mean"),
        (2, ", name: K", "5:15: name 'K' stands twice; give one a 'name'"),
        (3, "", "5:77: the series goes beyond instance 4194302; shorten it"),
    ],
)
def test_a_series_of_objects_that_is_wrong(
    tmp_path: Path, last: int, rest: str, expected: str
) -> None:
    instance = 4194301 if last == 3 else 1
    head = f'point: "Relay_{{n}}", object: binary-input, instance: {instance}'
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"{head}, series: {{first: 1, last: {last}}}{rest}")
    (fault,) = caught.value.faults
    assert fault.startswith(f"{tmp_path / 'small.yaml'}:{expected}")


@pytest.mark.parametrize(
    ("text", "steps", "expected"),
    [
        ("30009", 1, "30010"),
        ("300009", 1, "300010"),
        ("HR 9", 1, "HR 10"),
        ("di 0x00ff", 1, "di 0x0100"),
        ("IR 0xFFFE", 1, "IR 0xFFFF"),
        ("Coil 65535", 1, "Coil 65536"),
    ],
)
def test_a_later_address(text: str, steps: int, expected: str) -> None:
    assert address.later(text, steps) == expected
    before, after = address.parse(text), address.parse(expected)
    assert after == (before.table, before.wire + steps)


@pytest.mark.parametrize("text", ["39999", "49999", "365536", "IR 0xFFFF", "Coil 65536"])
def test_no_later_address(text: str) -> None:
    assert address.parse(text)
    with pytest.raises(ValueError, match=r"beyond the end|out of range|no address"):
        address.later(text, 1)


def test_the_harmonics_of_the_standard_map() -> None:
    """Where docs/meter.md says that they stand."""
    standard = meter_map.load("standard")
    at = {r.point.name: int(r.at) for r in standard.registers if r.point and r.at[0] == "3"}
    instances = {each.name: each.instance for each in standard.objects}
    for first, instance, quantity in ((32001, 400, "Voltage"), (32151, 500, "Current")):
        for phase in range(3):
            for number in range(2, 26):
                name = f"{quantity}_Harmonic_{number}_L{phase + 1}"
                assert at[name] == first + 50 * phase + 2 * (number - 2)
                assert instances[name] == instance + 30 * phase + number
