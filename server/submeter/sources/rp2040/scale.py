"""From codes of the converter to volts and amperes of the mains, before any calibration."""

from typing import NamedTuple

REFERENCE = 3.3  # V over the whole range of the converter


class Scale(NamedTuple):
    """V and A for each volt at the inputs, by the ratings of transformer and clamps."""

    voltage: float
    current: float


def of_code(scale: float, span: int) -> float:
    """Return what one code is worth; `span` are the codes over the whole range."""
    return scale * REFERENCE / span
