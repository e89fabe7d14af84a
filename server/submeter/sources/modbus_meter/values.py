"""From what stands in the registers of a meter to readings of its points."""

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from submeter.meter.point import Point
from submeter.pointmap.register import Quantity, Register
from submeter.pointmap.register_codec import as_reading, decode, raw_number
from submeter.sources.modbus_meter.backwards import Place, Plan, active_power
from submeter.sources.modbus_meter.blocks import Heard

Number = int | float

_LARGEST_SCALE = 10  # of the powers of ten that a meter tells (SunSpec Information Model, sunssf)
_NO_FLAGS = 0xFFFF  # of a meter that has none: all of them at once never are (SunSpec, bitfield)
_ROUNDED = 0.001  # by which rounding may pass a limit
_MAGNITUDES = ("A", "kVA")  # some meters give them the sign of the power


class Known(NamedTuple):
    """What one round of reading says: values, and points whose value cannot be true."""

    values: dict[str, Number]
    failed: frozenset[str]


def known(plan: Plan, heard: Heard) -> Known:
    """Return the values of the points that this meter knows now, in the unit of readings."""
    scales = {name: _scale(place, heard) for name, place in plan.scales.items()}
    values, failed = {}, set()
    for name, place in plan.places.items():
        if not _valid(plan, name, heard):
            continue
        try:
            number = _number(place, plan.points[name], heard, scales)
        except ValueError:
            failed.add(name)
            continue
        if number is not None:
            values[name] = number
    for name in [each for each in values if _coded(plan.places[each].register)]:
        factor = _as_ours(values, name, plan.places[name].register)
        del values[name]
        if factor is not None and abs(factor) <= 1 + _ROUNDED:
            values[name] = factor
        elif factor is not None:
            failed.add(name)
    return Known(values, frozenset(failed))


def _valid(plan: Plan, name: str, heard: Heard) -> bool:
    """Tell whether the meter says that it knows the point, or does not say.

    A bit has no other mark; a register has its pattern.
    """
    if name not in plan.validity:
        return True
    piece = heard.pieces.get(plan.validity[name])
    return any(piece.data) if piece else plan.places[name].register.type is not None


def _number(
    place: Place, point: Point, heard: Heard, scales: Mapping[str, int | None]
) -> Number | None:
    """Return the number of a point, None if it is not known; raises ValueError if it is absurd."""
    piece = heard.pieces.get(place.span)
    if piece is None:
        return None
    register = place.register
    if register.type is None:
        return piece.data[0]
    if place.bit is not None:
        flags = int.from_bytes(piece.data, "big")
        return flags >> place.bit & 1 if flags != _NO_FLAGS else None
    if register.scaled_by in scales:
        power = scales[register.scaled_by or ""]
        if power is None:
            return None
        register = replace(register, scale=Fraction(10) ** power)
    if point.kind == "index":
        return _index(piece.data, register)
    number = decode(piece.data, register)
    return number if number is None or _coded(register) else _plausible(number, point)


def _plausible(number: Number, point: Point) -> Number:
    """Return `number` without a sign that the point has not; raises ValueError if it cannot be."""
    if point.states and number not in point.states:
        raise ValueError(f"{number} is no state of {point.name}")
    if point.unit in _MAGNITUDES:
        number = abs(number)
    low, high = point.bounds or (-math.inf, math.inf)
    if not low - _ROUNDED <= number <= high + _ROUNDED:
        raise ValueError(f"{number} is beyond what {point.name} can be")
    return number


def _index(data: bytes, register: Register) -> int | None:
    """Return an index in whole mWh, what is not complete cut off; raises ValueError below 0."""
    raw = raw_number(data, register)
    if raw is None:
        return None
    exact = as_reading(raw, register)
    if exact < 0:
        raise ValueError("an index is never negative")
    return math.floor(exact)


def _scale(place: Place, heard: Heard) -> int | None:
    """Return the power of ten that the meter itself tells, None if it tells none."""
    piece = heard.pieces.get(place.span)
    raw = raw_number(piece.data, place.register) if piece else None
    return int(raw) if raw is not None and abs(raw) <= _LARGEST_SCALE else None


def _coded(register: Register) -> bool:
    return isinstance(register.content, Quantity) and register.content.factor is not None


def _as_ours(values: Mapping[str, Number], name: str, register: Register) -> float | None:
    """Return a power factor with the sign of the active power; see `Quantity`.

    None if that is not known.
    """
    content, written = register.content, values[name]
    if isinstance(content, Quantity) and content.factor == "four-quadrant":
        return written if abs(written) <= 1 else math.copysign(2, written) - written
    power = values.get(active_power(register))
    if power is None:
        return None
    return -abs(written) if power < 0 else abs(written)
