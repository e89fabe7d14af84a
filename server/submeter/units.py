"""Units of the trade and the powers of ten between them."""

_SCALES: dict[str, tuple[str, int]] = {
    "mWh": ("Wh", -3),
    "Wh": ("Wh", 0),
    "kWh": ("Wh", 3),
    "MWh": ("Wh", 6),
    "mvarh": ("varh", -3),
    "varh": ("varh", 0),
    "kvarh": ("varh", 3),
    "Mvarh": ("varh", 6),
    "mVAh": ("VAh", -3),
    "VAh": ("VAh", 0),
    "kVAh": ("VAh", 3),
    "mL": ("m3", -6),
    "L": ("m3", -3),
    "dL": ("m3", -4),
    "daL": ("m3", -2),
    "m3": ("m3", 0),
    "L/h": ("m3/h", -3),
    "m3/h": ("m3/h", 0),
    "kg": ("kg", 0),
    "t": ("kg", 3),
    "kg/h": ("kg/h", 0),
    "degC": ("degC", 0),
    "K": ("K", 0),
    "bar": ("bar", 0),
    "mbar": ("bar", -3),
    "W": ("W", 0),
    "kW": ("W", 3),
    "MW": ("W", 6),
    "var": ("var", 0),
    "kvar": ("var", 3),
    "VA": ("VA", 0),
    "kVA": ("VA", 3),
    "mV": ("V", -3),
    "V": ("V", 0),
    "kV": ("V", 3),
    "mA": ("A", -3),
    "A": ("A", 0),
    "Hz": ("Hz", 0),
    "%": ("%", 0),
    "deg": ("deg", 0),
    "s": ("s", 0),
    "UTC s": ("UTC s", 0),
    "min": ("min", 0),
    "bit/s": ("bit/s", 0),
    "Wh/pulse": ("Wh/pulse", 0),
}


def known(unit: str) -> bool:
    """Tell whether `unit` is one of ours."""
    return unit in _SCALES


def exponent(unit: str, target: str) -> int | None:
    """Return n so that a number in `unit` times 10**n is in `target`; None if they do not convert.

    >>> exponent("Wh", "kWh")
    -3
    """
    dimension, power = _SCALES.get(unit, (unit, 0))
    target_dimension, target_power = _SCALES.get(target, (target, 0))
    return power - target_power if dimension == target_dimension else None


def scale(number: int | float, power: int) -> int | float:
    """Return `number` times 10**power; an integer stays one when the power is not negative."""
    factor: int = 10 ** abs(power)
    return number * factor if power >= 0 else number / factor
