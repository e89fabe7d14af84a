"""The timer of the RP2040: 64 bits of microseconds by the crystal."""

from machine import mem32
from micropython import const

_HIGH = const(0x40054024)  # TIMERAWH, RP2040 datasheet 4.6.5
_LOW = const(0x40054028)  # TIMERAWL


def ticks():
    """Return the microseconds since the reset; they never wrap."""
    while True:
        high = mem32[_HIGH]
        low = mem32[_LOW]
        if mem32[_HIGH] == high:
            return high << 32 | low
