"""The hardware of a simulated board, as core/board.py asks for it."""

import json

from hal_sim.converter import Dice
from hal_sim.sampler import Sampler
from hal_sim.scenes import LAYOUTS, PROFILES
from hal_sim.wave import Wave

_IDLE = 40  # ms; a board waits for 4, but its turns cost it nothing
_SECONDS = 2  # in which the first contact closes once, the second one in twice as many, ...


class Restart(Exception):
    """The board was reset."""


class Hal:
    """A board at `terminal`; `state` is a file that its settings are kept in, None for none.

    The names of its runs follow from the number `luck`.
    """

    def __init__(self, profile, terminal, clock, uid, seed, state=None, luck=1):
        self.uid = uid
        self.reset_cause = "power"
        self.ticks = clock.ticks
        self.write = terminal.write
        self.read = terminal.read
        self.sampler = Sampler(Wave(PROFILES[profile](seed), 6000, seed), clock)
        self._terminal = terminal
        self._profile = profile
        self._state = state
        self._kept = None
        self._dice = Dice(luck)
        self._pins = []
        self._since = 0

    def new_boot(self):
        """Return a name for a run."""
        return "%08x" % int(self._dice.throw() * 0x7FFFFFFF)

    def watchdog(self):
        """Do nothing: nothing watches."""

    def idle(self):
        """Wait for the next turn, or for a command."""
        self._terminal.wait(_IDLE)

    def check_pulses(self, pins):
        """Take each pin that settings may name."""

    def configure_pulses(self, pins, debounce):
        """Count closings of these pins from now on."""
        self._pins = pins
        self._since = self.ticks()

    def pulses(self):
        """Return how often each pin closed."""
        seconds = (self.ticks() - self._since) // 1000000
        return [seconds // (_SECONDS * (k + 1)) for k in range(len(self._pins))]

    def load(self):
        """Return the settings that were kept."""
        settings = {"layout": LAYOUTS.get(self._profile, "v3i")}
        if self._state is None:
            return self._kept or settings
        try:
            with open(self._state) as file:
                kept = json.load(file)
        except (OSError, ValueError, MemoryError, RuntimeError):  # brackets in brackets
            return settings
        return kept if isinstance(kept, dict) else settings

    def save(self, settings):
        """Keep the settings."""
        self._kept = settings
        if self._state is not None:
            with open(self._state, "w") as file:
                json.dump(settings, file)

    def reset(self):
        """Start anew."""
        raise Restart

    def bootloader(self):
        """End: there is no board that could show itself as a disk."""
        raise SystemExit(0)
