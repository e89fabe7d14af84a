"""The state of a line: whether more groups than usual arrive damaged."""

LOOK = 200  # groups; about five frames of standard mode
NOISY = 0.05
QUIET = 0.01


class Noise:
    """Watches the share of bad groups, with hysteresis so that each change is told once."""

    def __init__(self) -> None:
        self.noisy = False
        self._good = self._bad = 0

    def restart(self) -> None:
        """Expect totals that begin at 0 again; the state of the line stays."""
        self._good = self._bad = 0

    def changed(self, good: int, bad: int) -> bool:
        """Take the running totals; return True when the line became noisy or quiet."""
        seen, damaged = good - self._good + bad - self._bad, bad - self._bad
        if seen < LOOK:
            return False
        self._good, self._bad = good, bad
        before = self.noisy
        self.noisy = damaged > seen * (QUIET if before else NOISY)
        return self.noisy != before
