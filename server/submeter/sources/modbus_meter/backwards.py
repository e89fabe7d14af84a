"""A meter map read backwards: from which registers of a real meter each point is taken."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from submeter.meter.feed import Dial
from submeter.meter.meter import CERTIFICATE, COMMUNICATION, ERROR, ERROR_REASON, GAP_TIME, REFUSED
from submeter.meter.peak import DEMAND, PEAK, PEAK_TIME
from submeter.meter.point import Point
from submeter.meter.second_opinion import ALARM, DIFFERENCE
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.register import Constant, Flags, Identity, Quantity, Register
from submeter.pointmap.spans import NEAR, Span
from submeter.sources.modbus_meter.blocks import Blocks

# What the other meter knows of itself is not what ours has to say of itself; and its demand is that
# of windows that nobody tells, its peak without a time and gone with its own reset.
_OURS = {
    CERTIFICATE, COMMUNICATION, ERROR, ERROR_REASON, GAP_TIME, REFUSED, ALARM, DIFFERENCE,
    DEMAND, PEAK, PEAK_TIME, "Pulse_Output_Active",
}  # fmt: skip
_SET = ("configuration", "command")
_FLOATS = ("float32", "float64")
_FEWEST_DIGITS = 7  # of a counter, before it starts again from 0
# A float32 of 1 GWh has steps of 62.5 Wh. Of larger ones, it is the meter's user who set it so.
_FLOAT_STEP = 62_500  # mWh
_LARGEST_SCALE = 3  # a power of ten that the meter itself tells is rarely more


class Place(NamedTuple):
    """Where a point stands: a register, and the bit of it if it is one of several flags."""

    register: Register
    span: Span
    bit: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read of a meter.

    `places` are the points; `validity` has the bits that say which of them are known, where the
    meter has such. `scales` are the registers with powers of ten, by the constant's name. `checks`
    are registers that have to be as the map accepts them. `identity` has the serial number.
    """

    places: Mapping[str, Place]
    points: Mapping[str, Point]
    validity: Mapping[str, Span]
    scales: Mapping[str, Place]
    checks: tuple[Place, ...]
    identity: Place | None
    near: int

    def values(self) -> Blocks:
        """Return the blocks to read at every poll."""
        spans = [place.span for place in (*self.places.values(), *self.scales.values())]
        return Blocks([*spans, *self.validity.values()], self.near)

    def nameplate(self) -> Blocks:
        """Return the blocks that tell which meter it is."""
        alone = [place.span for place in self.checks if place.register.count is not None]
        spans = [place.span for place in self.checks if place.register.count is None]
        if self.identity:
            spans.append(self.identity.span)
        return Blocks(spans, self.near, alone)

    def dials(self) -> dict[str, Dial]:
        """Return what the index points are counted with."""
        indexes = (name for name, point in self.points.items() if point.kind == "index")
        return {name: dial(self.places[name].register) for name in indexes}


def plan(meter_map: MeterMap) -> Plan:
    """Return from where every point of `meter_map` is read that is measured.

    Configuration and commands are never taken, nor what a meter says of its own condition. Of
    several registers the one with the finest step is taken for an index, an integer before a float;
    for the others the longest; of equal ones the first of the map. Sums, means and products are not
    taken apart: what they are made of has a register of its own, or is not known.
    """
    places, points = {}, {}
    for point in meter_map.points:
        place = _best(meter_map, point)
        if place and _wanted(point):
            places[point.name], points[point.name] = place, point
    for name in [name for name, place in places.items() if not _signed(place.register, places)]:
        del places[name], points[name]
    checks = [place for place in _every(meter_map) if place.register.accept]
    return Plan(
        places,
        points,
        _validity(meter_map, places),
        _scales(meter_map, places),
        tuple(checks),
        _serial(meter_map),
        0 if meter_map.holes == "refuse" else NEAR,
    )


def dial(register: Register) -> Dial:
    """Return the step of an index register in mWh, and where it may start again from 0.

    That is where its type ends, or its digits do, which nobody tells.
    """
    unit = register.scale / Fraction(10) ** register.power
    if register.type in _FLOATS:
        return Dial(_FLOAT_STEP, tuple(10**n for n in range(10, 16)))
    bits = 16 * register.words - str(register.type).startswith("int")
    digits = [10**n for n in range(_FEWEST_DIGITS, 19) if 10**n < 2**bits]
    spans = [each * unit for each in (*digits, 2**bits)]
    step = unit
    if register.scaled_by:
        step = max(step, unit / register.scale * 10**_LARGEST_SCALE)
    return Dial(max(1, int(step)), tuple(int(each) for each in spans))


def active_power(factor: Register) -> str:
    """Return the active power whose sign a power factor has with us."""
    assert factor.point is not None
    return factor.point.name.replace("Power_Factor", "Active_Power")


def _validity(meter_map: MeterMap, names: Iterable[str]) -> dict[str, Span]:
    first = meter_map.validity
    functions = meter_map.readers(first.table) if first else ()
    if first is None or not functions:
        return {}
    return {name: Span(functions[0], first.wire + meter_map.bits[name], 1) for name in names}


def _scales(meter_map: MeterMap, places: Mapping[str, Place]) -> dict[str, Place]:
    """Return where the meter itself tells by which powers of ten its values are scaled."""
    used = {place.register.scaled_by for place in places.values()}
    found: dict[str, Place] = {}
    for place in _every(meter_map):
        content = place.register.content
        if isinstance(content, Constant) and content.name and content.name in used:
            found.setdefault(content.name, place)
    return found


def _serial(meter_map: MeterMap) -> Place | None:
    every = (place for place in _every(meter_map) if place.register.content == Identity("serial"))
    return next(every, None)


def _wanted(point: Point) -> bool:
    return point.group not in _SET and point.name not in _OURS


def _signed(register: Register, places: Mapping[str, Place]) -> bool:
    """Tell whether the sign of what stands there is known, or another point has it."""
    content = register.content
    coded = isinstance(content, Quantity) and content.factor not in (None, "four-quadrant")
    return not coded or active_power(register) in places


def _best(meter_map: MeterMap, point: Point) -> Place | None:
    every = (each for each in _every(meter_map) if each.register.count is None)
    places = [place for each in every for place in _holding(each, point)]
    return max(places, key=lambda place: _exactness(place, point), default=None)


def _holding(place: Place, point: Point) -> Iterator[Place]:
    """Yield where `point` stands in the register of `place`."""
    content = place.register.content
    if place.register.point is point:
        yield place
    elif isinstance(content, Flags):
        for bit, each in content.points.items():
            if each is point:
                yield place._replace(bit=bit)


def _exactness(place: Place, point: Point) -> tuple[bool, bool, Fraction, int]:
    register = place.register
    coded = isinstance(register.content, Quantity) and register.content.reactive is not None
    index = point.kind == "index"
    step = register.scale / Fraction(10) ** register.power if index else Fraction(0)
    return not coded, index and register.type not in _FLOATS, -step, register.words


def _every(meter_map: MeterMap) -> Iterator[Place]:
    """Yield the place of every register that can be read."""
    for register in meter_map.registers:
        for function in meter_map.readers(register.table)[:1]:
            length = register.count or register.words
            yield Place(register, Span(function, register.wire, length))
