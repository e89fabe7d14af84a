"""Keeps the fault of one meter from all the others."""

import contextlib
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.trouble import Reason

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger(__name__)


class Isolation:
    """Remembers which meters fail at which step.

    The log is told once until it is over; the meter has Meter_Error, reason internal, meanwhile.
    """

    def __init__(self) -> None:
        self._broken: dict[str, set[str]] = {}

    def is_whole(self, meter: Meter) -> bool:
        """Tell whether `meter` fails at no step."""
        return meter.name not in self._broken

    def attempt(
        self,
        step: str,
        meter: Meter,
        now: Instant,
        work: Callable[P, T],
        *arguments: P.args,
        **keywords: P.kwargs,
    ) -> T | None:
        """Return what `work` returns, which is a `step` of `meter`; None if it raises."""
        try:
            result = work(*arguments, **keywords)
        except Exception as error:
            self._break(step, meter, now, error)
            return None
        if self._broken:
            self._mend(step, meter, now)
        return result

    def _break(self, step: str, meter: Meter, now: Instant, error: Exception) -> None:
        steps = self._broken.setdefault(meter.name, set())
        if step not in steps:
            steps.add(step)
            _log.exception("event=meter_failed meter=%s step=%s", meter.name, step)
        with contextlib.suppress(Exception):  # it has been told
            meter.trouble(Reason.INTERNAL, repr(error), now)

    def _mend(self, step: str, meter: Meter, now: Instant) -> None:
        steps = self._broken.get(meter.name, set())
        if step not in steps:
            return
        steps.discard(step)
        _log.info("event=meter_mended meter=%s step=%s", meter.name, step)
        if not steps:
            del self._broken[meter.name]
            with contextlib.suppress(Exception):  # the next step tells
                meter.trouble(Reason.INTERNAL, None, now)
