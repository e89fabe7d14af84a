"""What the map says of an object, and that no property lacks or has another data type."""

import dataclasses
from typing import Any

import pytest
from bacpypes3.primitivedata import CharacterString

from bacnet.objects.decoded import attribute, decoded, schema_of
from bacnet.objects.entries import ENTRIES, EVERY, LARGE, one_line
from submeter.bacnet.fault import UNKNOWN_PROPERTY, Fault
from submeter.bacnet.objects import fixed, image
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.required import required_of
from submeter.meter.reading import Quality, Reading
from submeter.pointmap.meter_map import BacnetObject

PRESENT_VALUE, UNITS, COV_INCREMENT, MIN, MAX, TAGS = 85, 117, 22, 69, 65, 486
ENTRY = pytest.mark.parametrize("entry", EVERY, ids=one_line)


def shown(entry: BacnetObject) -> PointObject:
    """Return an object that knows its present value."""
    served = PointObject(entry, 2000, "A_", "tenant: ")
    first = next(iter(entry.point.states), 1)
    served.show(Reading(first, Quality.MEASURED))
    return served


@ENTRY
def test_every_property_has_its_data_type(entry: BacnetObject) -> None:
    served = shown(entry)
    for number in served.numbers:
        value = decoded(served, number)
        elements = served.image(number)
        if isinstance(elements, tuple) and not isinstance(elements, Fault):
            assert len(value) == len(elements)
            for index in range(1, len(elements) + 1):
                decoded(served, number, index)
    assert len(decoded(served, 371)) == len(served.numbers) - 3


@ENTRY
def test_what_the_standard_requires_is_there(entry: BacnetObject) -> None:
    served = PointObject(entry)
    assert required_of(schema_of(served)) <= {*served.numbers, 371}
    assert {attribute(n) for n in served.numbers} >= {"description", "tags", "profileName"}


@ENTRY
def test_types_and_increments(entry: BacnetObject) -> None:
    served = PointObject(entry)
    assert served.type in fixed.TYPES
    analog = entry.object in ("analog-input", "analog-output", "large-analog-value")
    for number in (COV_INCREMENT, MIN):
        assert (served.read(number) == UNKNOWN_PROPERTY) == (not analog)
    assert (served.read(UNITS) == UNKNOWN_PROPERTY) == (not analog and served.type != 23)


def test_meters_with_the_same_entry_share_its_images() -> None:
    entry = ENTRIES["Voltage_L1_N"]
    one, two = PointObject(entry), PointObject(dataclasses.replace(entry), 1000)
    assert one.fixed is two.fixed
    assert one.live is not two.live
    assert PointObject(entry, vendor_id=1).fixed is not one.fixed
    with pytest.raises(TypeError):
        one.fixed[28] = b""  # type: ignore[index]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Active_Power_Total", (0.1, -5000, 5000)),
        ("Reactive_Power_Total", (0.1, -5000, 5000)),
        ("Apparent_Power_Total", (0.1, 0, 5000)),
        ("Voltage_L1_N", (1, 0, 500)),
        ("Current_Neutral", (0.1, 0, 6000)),
        ("Power_Factor_L2", (0.01, -1, 1)),
        ("Frequency", (0.05, 40, 70)),
        ("THD_Current_L1", (0.5, 0, 1000)),
        ("Voltage_Angle_L3", (1, 0, 360)),
        ("Active_Energy_Import_Float", (1, 0, 4294967295)),
        ("Demand_Interval", (0, 1, 60)),
    ],
)
def test_increment_and_range(name: str, expected: tuple[float, float, float]) -> None:
    served = PointObject(ENTRIES[name])
    found = [decoded(served, number) for number in (COV_INCREMENT, MIN, MAX)]
    assert found == pytest.approx(expected)


def test_range_in_the_unit_of_the_object() -> None:
    watts = dataclasses.replace(ENTRIES["Active_Power_L1"], unit="W", power=3)
    assert decoded(PointObject(watts), MIN) == -2_000_000
    energy = dataclasses.replace(LARGE["Active_Energy_Import_Float"], unit="Wh", power=-3)
    assert decoded(PointObject(energy), MAX) == 4_294_967_295_000
    assert decoded(PointObject(LARGE["Active_Power_Total"]), COV_INCREMENT) == 0.1


def test_accumulator() -> None:
    served = PointObject(ENTRIES["Active_Energy_Import"])
    assert decoded(served, 187).integerScale == 0
    prescale = decoded(served, 185)
    assert (prescale.multiplier, prescale.moduloDivide) == (1, 1)
    assert decoded(served, MAX) == 2**32 - 1
    assert served.read(UNITS) == b"\x91\x13"


def test_states() -> None:
    alarm = PointObject(ENTRIES["Phase_Loss_L1"])
    assert [decoded(alarm, number) for number in (46, 4)] == ["OK", "Loss"]
    assert alarm.read(84) == b"\x91\x00"
    direction = PointObject(ENTRIES["Energy_Direction"])
    assert decoded(direction, 74) == 2
    assert list(decoded(direction, 110)) == ["Import", "Export"]


def test_time_is_utc_and_says_so() -> None:
    served = PointObject(ENTRIES["Demand_Peak_Timestamp"], described="tenant: ")
    assert decoded(served, 28) == "tenant: Time of the maximum demand (UTC)"
    assert served.read(344) == b"\x11"


@ENTRY
def test_tags_and_profile(entry: BacnetObject) -> None:
    served = PointObject(entry, vendor_id=321)
    assert decoded(served, 168) == f"321-{entry.point.name}"
    found: list[Any] = list(decoded(served, TAGS))
    assert [each.name for each in found] == [*entry.point.haystack, "brick"]
    last = served.read(TAGS, len(found))
    assert isinstance(last, bytes)
    assert last == b"\x0d\x06\x00brick" + image.encode(CharacterString(entry.point.brick))
