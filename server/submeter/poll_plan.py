"""Which registers of a meter to read, and in which requests."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from submeter.meter.point import Point
from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import MeterMap, Register
from submeter.pointmap.register import Quantity

MOST_BITS, MOST_REGISTERS = 2000, 125  # in one answer (V1.1b3, 6.1 to 6.4)
_NEAR = 32  # addresses that are rather read along than left out


class Span(NamedTuple):
    """Addresses that one request asks for, by the function that reads them."""

    function: int
    start: int
    length: int


class Request(NamedTuple):
    """One request, and the values in it that can be asked for one by one."""

    whole: Span
    values: tuple[Span, ...]


def best(meter_map: MeterMap, point: Point) -> Register | None:
    """Return the register that holds `point` most exactly and can be read.

    An index rather as an integer than as a float; everything rather in more registers than in
    fewer. What only a read of its own count sees, and a power factor that is coded in quadrants,
    are not taken.
    """
    found = [r for r in meter_map.registers if r.point is point and _taken(meter_map, r)]
    return max(found, key=_exactness, default=None)


def span(meter_map: MeterMap, register: Register) -> Span:
    """Return where to read `register`, which has to be one that can be read."""
    return Span(meter_map.readers(register.table)[0], register.wire, register.words)


def validity(meter_map: MeterMap) -> list[Span]:
    """Return where to read the validity bits, one a point; nothing if there are none."""
    first = meter_map.validity
    if first is None:
        return []
    functions = meter_map.readers(first.table)[:1]
    return [Span(function, first.wire, len(meter_map.points)) for function in functions]


def requests(meter_map: MeterMap, spans: Iterable[Span]) -> Iterator[Request]:
    """Join spans that one request can cover; over small holes, unless the map refuses them."""
    near = 0 if meter_map.holes == "refuse" else _NEAR
    current: Request | None = None
    for each in sorted(set(spans)):
        joined = _join(current, each, near) if current else None
        if current and not joined:
            yield current
        current = joined or Request(each, (each,))
    if current:
        yield current


def _taken(meter_map: MeterMap, register: Register) -> bool:
    coded = isinstance(register.content, Quantity) and register.content.reactive is not None
    return register.count is None and not coded and bool(meter_map.readers(register.table))


def _exactness(register: Register) -> tuple[bool, int]:
    point, whole = register.point, register.type not in ("float32", "float64")
    return whole and point is not None and point.kind == "index", register.words


def _join(current: Request, each: Span, near: int) -> Request | None:
    function, start, count = current.whole
    most = MOST_BITS if function in _BITS else MOST_REGISTERS
    joined = max(count, each.start + each.length - start)
    if each.function != function or each.start - start - count > near or joined > most:
        return None
    return Request(Span(function, start, joined), (*current.values, each))


_BITS = (Table.COIL.function, Table.DISCRETE.function)
