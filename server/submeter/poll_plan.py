"""Which registers of a meter to read, and in which requests."""

from collections.abc import Iterable, Iterator

from submeter.meter.point import Point
from submeter.pointmap.meter_map import MeterMap, Register
from submeter.pointmap.register import Quantity
from submeter.pointmap.spans import NEAR, Request, Span, joined

__all__ = ["Request", "Span", "best", "requests", "span", "validity"]


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
    """Return where to read the validity bits, at the places of `bits`; nothing without any."""
    first = meter_map.validity
    if first is None:
        return []
    functions = meter_map.readers(first.table)[:1]
    return [Span(function, first.wire, len(meter_map.bits)) for function in functions]


def requests(meter_map: MeterMap, spans: Iterable[Span]) -> Iterator[Request]:
    """Join spans that one request can cover; over small holes, unless the map refuses them."""
    return joined(spans, 0 if meter_map.holes == "refuse" else NEAR)


def _taken(meter_map: MeterMap, register: Register) -> bool:
    coded = isinstance(register.content, Quantity) and register.content.reactive is not None
    return register.count is None and not coded and bool(meter_map.readers(register.table))


def _exactness(register: Register) -> tuple[bool, int]:
    point, whole = register.point, register.type not in ("float32", "float64")
    return whole and point is not None and point.kind == "index", register.words
