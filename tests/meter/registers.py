"""Registers for tests: of one instrument, settled, restarted."""

import json
from typing import Any

from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.register import Register

WH = 1000  # mWh
KWH = 1000 * WH
POWER = 36_000.0  # W: 10 Wh a second
UTC = 1_700_000_000.0
BASE = 5_000 * KWH


def at(seconds: float, utc: float | None = None) -> Instant:
    return Instant(seconds, UTC + seconds if utc is None else utc)


def register(*spans: int) -> Register:
    return Register(Dial(WH, spans), POWER)


def told(made: Register, *readings: int, start: float, every: float = 1, name: str = "A") -> Any:
    """Give readings in mWh and return the kinds of the events."""
    return [
        event.kind
        for place, reading in enumerate(readings)
        for event in made.take(reading, at(start + every * place), name)
    ]


def settled(*spans: int, base: int = BASE) -> Register:
    """Return a register that accepted `base` at 1 s, and has another of it at 2 s."""
    made = register(*spans)
    assert told(made, base, base, base, start=0) == []
    assert (made.reading, made.counted) == (base, 0)
    return made


def instrument(made: Register) -> Any:
    return made.saved(at(0))["course"][0]["instrument"]


def restarted(made: Register, now: Instant) -> Register:
    """Return the register as another run finds it."""
    again = register(*made._limits._spans)
    again.restore(json.loads(json.dumps(made.saved(at(0)))), now)
    return again
