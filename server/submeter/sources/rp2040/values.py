"""From what boards have measured to the points of a meter."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from submeter.meter.reading import Quality, Value
from submeter.sources.rp2040.layout import FREQUENCY, POWERS, current, voltage
from submeter.sources.rp2040.share import Line, Share

_KILO = 1000


def of_board(share: Share) -> Iterator[tuple[str, Value | None]]:
    """Yield voltage, currents and powers at one board, of the time of `share`; None: not known."""
    measured, at = share.measured, share.wiring.voltage_at
    if at and measured.voltage is not None:
        yield voltage(at), Value(measured.voltage, _quality(measured.saturated))
    for line in share.lines:
        sure = _quality(line.values.saturated)
        yield current(line.conductor), Value(line.values.current, sure)
    for line in share.phases:
        yield from _unknown(line.conductor) if share.blind else _powers(line.conductor, (line,))


def together(shares: Collection[Share]) -> Iterator[tuple[str, Value | None]]:
    """Yield the powers of all phases; None: not known."""
    if any(share.blind for share in shares):
        return _unknown("Total")
    return _powers("Total", [line for share in shares for line in share.phases])


def frequency(shares: Iterable[Share]) -> Mapping[str, Value]:
    """Return the frequency in Hz of the first board that has mains, nothing without."""
    for share in shares:
        if share.wiring.voltage_at and share.measured.frequency is not None:
            return {FREQUENCY: Value(share.measured.frequency)}
    return {}


def estimated(lines: Iterable[Line]) -> bool:
    """Tell whether the powers of any of `lines` are estimates, or more in truth."""
    return any(line.behind or line.values.saturated or line.values.active is None for line in lines)


def _unknown(name: str) -> Iterator[tuple[str, None]]:
    return ((f"{power}_{name}", None) for power in POWERS)


def _powers(name: str, lines: Sequence[Line]) -> Iterator[tuple[str, Value]]:
    quality = _quality(estimated(lines))
    apparent = sum(line.values.apparent or 0.0 for line in lines)
    yield f"Apparent_Power_{name}", Value(apparent / _KILO, quality)
    if any(line.values.active is None for line in lines):
        return
    active = sum(line.values.active or 0.0 for line in lines)
    reactive = sum(line.values.reactive or 0.0 for line in lines)
    # Without load it is not defined; 1 is what meters show then.
    factor = max(-1.0, min(1.0, active / apparent)) if apparent else 1.0
    yield f"Active_Power_{name}", Value(active / _KILO, quality)
    yield f"Reactive_Power_{name}", Value(reactive / _KILO, quality)
    yield f"Power_Factor_{name}", Value(factor, quality)


def _quality(estimated: bool) -> Quality:
    return Quality.ESTIMATED if estimated else Quality.MEASURED
