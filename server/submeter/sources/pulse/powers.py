"""Which power, or flow, an index that is counted in pulses comes from, and with which sign."""

import re

USUAL = {
    "Active_Energy_Import": "Active_Power_Total",
    "Reactive_Energy_Import": "Reactive_Power_Total",
    "Apparent_Energy_Import": "Apparent_Power_Total",
    "Volume": "Volume_Flow",
    "Heat_Energy": "Heat_Power",
}
"""The power that is meant where none is named."""
RATES = {"kWh": "kW", "kvarh": "kvar", "kVAh": "kVA", "m3": "m3/h"}
"""The unit of an index -> that of its power."""

_EXPORTED = re.compile(r"(?:Active|Reactive)_Energy_(?:Export|Q[34])")
_POSITIVE_WHEN_EXPORTED = re.compile(r"Export|Injected")


def sign(index: str, power: str) -> int:
    """Return the sign of `power` while `index` counts.

    What is exported is negative, the reactive energy of the quadrants III and IV too
    (IEC 62053-23). An apparent power has no sign, and one of exports alone is positive.
    """
    exported = _EXPORTED.match(index) and not _POSITIVE_WHEN_EXPORTED.search(power)
    return -1 if exported else 1
