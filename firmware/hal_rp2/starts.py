"""Why the board starts, and how often it has failed: kept in a register that outlives a reset.

machine.reset() is a reset by the watchdog too, so the register says whether it was asked for.
SCRATCH0 of the watchdog (RP2040 datasheet 4.7.6) is used by neither boot ROM nor interpreter.
"""

import machine
from machine import mem32
from micropython import const

_SCRATCH = const(0x4005800C)
_OURS = const(0x5B3E)
_NOT_SAID, _ASKED, _FAILED = const(0), const(1), const(2)

_GRACE = const(3)
_LONG_GRACE = const(60)
_MANY = const(5)


class Starts:
    """Why this run began (`cause`: power, watchdog or soft), and `failures` in a row before it."""

    def __init__(self):
        word = mem32[_SCRATCH]
        said = word >> 8 & 0xFF
        if machine.reset_cause() == machine.PWRON_RESET:
            self.cause = "power"
            self.failures = 0
        elif word >> 16 != _OURS:
            self.cause = "watchdog"
            self.failures = 1
        else:
            self.cause = "soft" if said == _ASKED else "watchdog"
            self.failures = (word & 0xFF) + (said == _NOT_SAID)
        self._write(_NOT_SAID)

    @property
    def grace(self):
        """Seconds before the measuring: many after many failures, as a loop of resets is no use."""
        return _LONG_GRACE if self.failures >= _MANY else _GRACE

    def asked(self):
        """Say that the next reset is asked for."""
        self._write(_ASKED)

    def failed(self):
        """Count a failure, after which the program resets."""
        self.failures += 1
        self._write(_FAILED)

    def well(self):
        """Forget the failures: the program runs as it should."""
        self.failures = 0
        self._write(_NOT_SAID)

    def _write(self, said):
        mem32[_SCRATCH] = _OURS << 16 | said << 8 | min(self.failures, 255)
