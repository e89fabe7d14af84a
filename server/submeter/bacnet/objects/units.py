"""Codes of BACnetEngineeringUnits for the units of the trade (ASHRAE 135, clause 21)."""

from submeter.pointmap.meter_map import BacnetObject

NO_UNITS = 95
_OF_BRICK = {("Power_Factor_Sensor", None): 15, ("Humidity_Sensor", "%"): 29}
"""By what the point is, as well as by its unit."""
_CODES = {
    "Wh": 18,
    "kWh": 19,
    "MWh": 146,
    "VAh": 239,
    "kVAh": 240,
    "varh": 242,
    "kvarh": 243,
    "Mvarh": 244,
    "W": 47,
    "kW": 48,
    "MW": 49,
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
    "mL": 197,
    "L": 82,
    "m3": 80,
    "L/h": 136,
    "m3/h": 135,
    "kg": 39,
    "kg/h": 44,
    "degC": 62,
    "K": 121,  # of a difference
    "bar": 55,
    "mbar": 134,
    "s": 73,
    "min": 72,
    # There is no energy per pulse; a pulse is a count, so its energy is what remains.
    "Wh/pulse": 18,
}


def code(entry: BacnetObject) -> int:
    """Return the units code of an object; no-units where BACnet has no word for it."""
    special = _OF_BRICK.get((entry.point.brick, entry.unit))
    return special or _CODES.get(entry.unit or "", NO_UNITS)
