"""What another process asks of the running program: `submeter settings set`, `reset`, `swap`."""

from collections.abc import Callable, Mapping
from typing import Any

from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.pointmap import points
from submeter.store.requests import Request

Order = Callable[[Meter, Mapping[str, Any], Who, Instant], str]


def obey(request: Request, meters: Mapping[str, Meter], now: Instant) -> str:
    """Do what `request` asks and return the answer for people; raises WriteRefusedError."""
    meter = meters.get(request.meter)
    order = _ORDERS.get(request.action)
    if meter is None or order is None:
        message = f"there is no meter '{request.meter}' or no action '{request.action}' here"
        raise WriteRefusedError(Refusal.UNKNOWN, message)
    try:
        return order(meter, request.argument, Who("cli", request.who), now)
    except (KeyError, TypeError, AttributeError):
        # Anybody who may write the store's file may put anything there.
        message = f"request {request.id} makes no sense: {request.action} {request.argument!r:.100}"
        raise WriteRefusedError(Refusal.UNKNOWN, message) from None


def _set(meter: Meter, argument: Mapping[str, Any], who: Who, now: Instant) -> str:
    meter.write(argument["point"], argument["value"], who, now)
    return f"{meter.name}: {argument['point']} is {argument['value']} now"


def _reset(meter: Meter, argument: Mapping[str, Any], who: Who, now: Instant) -> str:
    names = meter.reset_settings(argument.get("point"), who, now)
    return f"{meter.name}: {', '.join(names) or 'nothing'} as configured again"


def _swap(meter: Meter, argument: Mapping[str, Any], who: Who, now: Instant) -> str:
    point = argument["point"]
    meter.swap(point, argument["source"], argument["old"], argument["new"], who, now)
    total = (meter.energy.totals[point] or 0) / 1_000_000
    unit = points.standard()[point].unit
    return f"{meter.name}: booked; {point} goes on from {total:.3f} {unit}"


_ORDERS: dict[str, Order] = {"set": _set, "reset": _reset, "swap": _swap}
