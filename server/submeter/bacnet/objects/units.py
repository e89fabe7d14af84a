"""Codes of BACnetEngineeringUnits for the units of the trade (ASHRAE 135, clause 21)."""

from submeter.pointmap.meter_map import BacnetObject

NO_UNITS = 95
_POWER_FACTOR = 15
_CODES = {
    "Wh": 18,
    "kWh": 19,
    "MWh": 146,
    "varh": 242,
    "kvarh": 243,
    "Mvarh": 244,
    "W": 47,
    "kW": 48,
    "var": 11,
    "kvar": 12,
    "VA": 8,
    "kVA": 9,
    "mV": 124,
    "V": 5,
    "kV": 6,
    "mA": 2,
    "A": 3,
    "Hz": 27,
    "%": 98,
    "deg": 90,
    "s": 73,
    "min": 72,
    # There is no energy per pulse; a pulse is a count, so its energy is what remains.
    "Wh/pulse": 18,
}


def code(entry: BacnetObject) -> int:
    """Return the units code of an object; no-units where BACnet has no word for it."""
    if entry.unit is None:
        is_factor = entry.point.brick == "Power_Factor_Sensor"
        return _POWER_FACTOR if is_factor else NO_UNITS
    return _CODES.get(entry.unit, NO_UNITS)
