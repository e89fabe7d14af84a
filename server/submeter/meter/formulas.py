"""Formulas of derived points: pure functions of numbers in the units of the point list.

Active and reactive power are positive when imported (IEC 62053-23, annex C); rms values are not
negative. A formula returns None where its result is not defined or its inputs contradict each
other.
"""

import cmath
import math

ROUNDING = 1.05  # how far P may exceed S before one of them is wrong
_ROOT_ERROR = 1e-9  # what rounding may push a triangle's measure below zero
_LAG_120, _LAG_240 = cmath.rect(1, math.radians(-120)), cmath.rect(1, math.radians(-240))


def total(*phases: float) -> float:
    """Return the sum of the phases, in their unit (IEEE 1459-2010, 3.2: P is additive)."""
    return sum(phases)


def same(number: float, *_evidence: float) -> float:
    """Return `number`: in a single-phase circuit the total is the phase.

    The other inputs only show that the circuit is one, and that they are known too.
    """
    return number


def line_voltage(a: float, b: float) -> float:
    """Return the voltage in V between two phases of `a` and `b` volts, 120 degrees apart.

    Law of cosines with cos 120 degrees = -1/2; the angle is assumed, so the result is an estimate.
    """
    return math.sqrt(a * a + b * b + a * b)


def line_voltage_at(a: float, b: float, lag: float, lag_of_first: float = 0.0) -> float:
    """Return the voltage in V between two phases of `a` and `b` volts, by the law of cosines.

    `lag_of_first` and `lag` are the degrees by which the two follow L1.
    """
    cosine = math.cos(math.radians((lag - lag_of_first) % 360))
    return math.sqrt(max(0.0, a * a + b * b - 2 * a * b * cosine))


def apparent_of_phases(*volts_and_amperes: float) -> float:
    """Return the arithmetic apparent power in kVA of U1, I1, U2, I2, ... (IEEE 1459, 3.2.2.5)."""
    volts, amperes = volts_and_amperes[::2], volts_and_amperes[1::2]
    return sum(u * i for u, i in zip(volts, amperes, strict=True)) / 1000


def apparent(active: float, reactive: float) -> float:
    """Return the apparent power in kVA of kW and kvar: S^2 = P^2 + Q^2 (IEEE 1459, 3.1.2.7)."""
    return math.hypot(active, reactive)


def reactive_magnitude(active: float, apparent_power: float) -> float | None:
    """Return |Q| in kvar of kW and kVA; the sign cannot be known, so it is an estimate.

    None where P exceeds S by more than rounding can explain.
    """
    if abs(active) > ROUNDING * abs(apparent_power):
        return None
    return math.sqrt(max(0.0, apparent_power * apparent_power - active * active))


def power_factor(active: float, apparent_power: float) -> float | None:
    """Return P/S with the sign of P (IEEE 1459, 3.1.2.16).

    None where P exceeds S by more than rounding can explain. Without load it is not defined; 1 is
    what meters show then.
    """
    if not apparent_power:
        return None if active else 1.0
    if abs(active) > ROUNDING * abs(apparent_power):
        return None
    return max(-1.0, min(1.0, active / abs(apparent_power)))


def phase_power_factor(active: float, volts: float, amperes: float) -> float | None:
    """Return the power factor of one phase of kW, V and A, with the sign of P."""
    return power_factor(active, volts * amperes / 1000)


def phase_power(volts: float, amperes: float, factor: float) -> float:
    """Return the active power in kW of one phase: U I PF, with the sign of PF (IEEE 1459, 3.1)."""
    return volts * amperes * factor / 1000


def neutral_current(
    i1: float, i2: float, i3: float, f1: float, f2: float, f3: float, reactive: float = 0.0
) -> float:
    """Return the neutral current in A of phase currents in A and power factors: an estimate.

    The vector sum of the phase currents (Kirchhoff's first law). Assumed: voltages 120 degrees
    apart in the sequence L1-L2-L3, sine waves (the third harmonics of electronic loads add up in
    the neutral, so it may carry more), and every phase as inductive or capacitive as the sum is,
    by the sign of `reactive` in kvar; inductive where that is 0.
    """
    second = _vector(i2, f2, reactive) * _LAG_120
    sum_ = _vector(i1, f1, reactive) + second + _vector(i3, f3, reactive) * _LAG_240
    return math.hypot(sum_.real, sum_.imag)


def neutral_current_at(
    i1: float,
    i2: float,
    i3: float,
    f1: float,
    f2: float,
    f3: float,
    reactive: float,
    lag2: float,
    lag3: float,
) -> float:
    """Return the neutral current as `neutral_current` does, with measured voltage angles.

    `lag2` and `lag3` are the degrees by which the voltages of L2 and L3 follow that of L1.
    """
    second = _vector(i2, f2, reactive) * cmath.rect(1, math.radians(-lag2 % 360))
    third = _vector(i3, f3, reactive) * cmath.rect(1, math.radians(-lag3 % 360))
    sum_ = _vector(i1, f1, reactive) + second + third
    return math.hypot(sum_.real, sum_.imag)


def _vector(amperes: float, factor: float, reactive: float) -> complex:
    """Return a phase's current against its own voltage; it lags where `reactive` is imported."""
    sine = math.sqrt(max(0.0, 1.0 - factor * factor))
    return complex(amperes * factor, amperes * (sine if reactive < 0 else -sine))


def negative_sequence(u12: float, u23: float, u31: float) -> float | None:
    """Return the voltage unbalance u2 = |U-|/|U+| in % of the line voltages (IEC 61000-4-30, 5.7).

    With b = (sum of U^4) / (sum of U^2)^2 and r = sqrt(3 - 6b): u2 = sqrt((1 - r) / (1 + r)). The
    standard takes the fundamentals; these are rms values. None without voltage, and where the
    three form no triangle, which line voltages do.
    """
    a, b, c = u12 * u12, u23 * u23, u31 * u31
    squares = a + b + c
    if not squares > 0:
        return None
    radicand = 3 - 6 * (a / squares * a + b / squares * b + c / squares * c) / squares
    if not radicand > -_ROOT_ERROR:
        return None
    root = math.sqrt(max(0.0, min(1.0, radicand)))
    return 100 * math.sqrt((1 - root) / (1 + root))


def phase_unbalance(a: float, b: float, c: float) -> float | None:
    """Return the largest deviation from the mean in % of the mean; None where that is 0.

    For voltages the phase voltage unbalance rate (IEEE 112-1991), which needs no angles; for
    currents the same measure, which no standard names.
    """
    mean = (a + b + c) / 3
    if not mean > 0:
        return None
    return 100 * max(max(a, b, c) - mean, mean - min(a, b, c)) / mean
