import pytest

from bacnet.objects.entries import EVERY, one_line
from submeter.bacnet.objects import units
from submeter.pointmap.meter_map import BacnetObject

# ASHRAE 135, clause 21, BACnetEngineeringUnits.
EXPECTED = {
    "kWh": 19, "kvarh": 243, "kW": 48, "kvar": 12, "kVA": 9, "V": 5, "A": 3, "Hz": 27, "%": 98,
    "min": 72, "s": 73, "Wh/pulse": 18, "deg": 90, "kVAh": 240, "m3": 80, "m3/h": 135, "degC": 62,
    "K": 121,
}  # fmt: skip


@pytest.mark.parametrize("entry", EVERY, ids=one_line)
def test_units_of_the_standard_map(entry: BacnetObject) -> None:
    if entry.name.startswith("Power_Factor"):
        assert units.code(entry) == 15
    elif entry.name == "Humidity":
        assert units.code(entry) == 29  # percent-relative-humidity
    elif "analog" in entry.object or entry.object == "accumulator":
        assert units.code(entry) == EXPECTED.get(entry.unit or "", 95)
