"""What another process asks of the running program: `submeter settings set`, `swap` and others."""

import reprlib
from collections.abc import Callable, Collection, Mapping

from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import LARGEST
from submeter.pointmap import points
from submeter.store.requests import Request

Order = Callable[[Meter, Who, Instant], str]


def obey(
    request: Request, meters: Mapping[str, Meter], now: Instant, calculated: Collection[str] = ()
) -> str:
    """Do what `request` asks and return the answer for people; raises WriteRefusedError.

    `calculated` names the meters without an instrument, of which none can be exchanged.
    """
    meter = meters.get(request.meter)
    parse = _ORDERS.get(request.action)
    if meter is None or parse is None:
        message = f"there is no meter '{request.meter}' or no action '{request.action}' here"
        raise WriteRefusedError(Refusal.UNKNOWN, message)
    if request.action == "swap" and meter.name in calculated:
        message = f"{meter.name} is calculated from other meters: exchange the instrument of one"
        raise WriteRefusedError(Refusal.UNSUPPORTED, message)
    try:
        order = parse(request.argument)
    except ValueError as error:
        # Anybody who may write the store's file may put anything there.
        asked = f"{request.action} {reprlib.repr(request.argument):.100}"
        message = f"request {request.id} makes no sense: {asked}: {error}"
        raise WriteRefusedError(Refusal.UNKNOWN, message) from None
    return order(meter, Who("cli", request.who), now)


def _set(argument: object) -> Order:
    point, value = _text(argument, "point"), _of(argument, "value")
    if not isinstance(value, int | float):
        raise ValueError("'value' is no number")

    def order(meter: Meter, who: Who, now: Instant) -> str:
        meter.write(point, value, who, now)
        return f"{meter.name}: {point} is {value} now"

    return order


def _reset(argument: object) -> Order:
    point = _text_or_none(argument, "point")

    def order(meter: Meter, who: Who, now: Instant) -> str:
        names = meter.reset_settings(point, who, now)
        return f"{meter.name}: {', '.join(names) or 'nothing'} as configured again"

    return order


def _command(argument: object) -> Order:
    point = _text(argument, "point")

    def order(meter: Meter, who: Who, now: Instant) -> str:
        if point in meter.settings.points:
            raise WriteRefusedError(Refusal.UNKNOWN, f"{point} is no command")
        meter.write(point, 1, who, now)
        return f"{meter.name}: {point} was given"

    return order


def _swap(argument: object) -> Order:
    point, source = _text(argument, "point"), _text_or_none(argument, "source")
    old, new = _energy(argument, "old"), _energy(argument, "new")

    def order(meter: Meter, who: Who, now: Instant) -> str:
        meter.swap(point, source, old, new, who, now)
        total = (meter.energy.totals[point] or 0) / 1_000_000
        unit = points.all_points()[point].unit
        return f"{meter.name}: booked; {point} goes on from {total:.3f} {unit}"

    return order


def _of(argument: object, key: str) -> object:
    if not isinstance(argument, dict) or key not in argument:
        raise ValueError(f"there is no '{key}'")
    value: object = argument[key]
    return value


def _text(argument: object, key: str) -> str:
    value = _of(argument, key)
    if not isinstance(value, str):
        raise ValueError(f"'{key}' is no name")
    return value


def _text_or_none(argument: object, key: str) -> str | None:
    return None if _of(argument, key) is None else _text(argument, key)


def _energy(argument: object, key: str) -> int | None:
    value = _of(argument, key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < LARGEST:
        raise ValueError(f"'{key}' is no whole number of millionths below {LARGEST}")
    return value


# From what an action takes to what it does; ValueError if it is something else.
_ORDERS: dict[str, Callable[[object], Order]] = {
    "set": _set,
    "reset": _reset,
    "command": _command,
    "swap": _swap,
}
