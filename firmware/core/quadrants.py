"""Splits what the clamps measured by the direction of active and reactive power."""

CLAMPS = 3
SUMS = CLAMPS * 4 * 2


class Quadrants:
    """Cumulative sums of I x V(lag) and I x V(lag + quarter) of each clamp and quadrant.

    `sums` is as `e` of docs/board-lines.md. The quarter is that of the nominal frequency, so the
    sign of the second sum is that of Q.
    """

    def __init__(self):
        self.sums = [0] * SUMS

    def take(self, frames, sums):
        """Add the 17 sums of `frames` frames, more than 0: all of a clamp go into one quadrant."""
        for clamp in range(CLAMPS):
            first = 2 + 5 * clamp
            means = sums[first] * sums[0] // frames
            active = sums[first + 2] - means
            reactive = sums[first + 4] - means
            place = 2 * (4 * clamp + _quadrant(active, reactive))
            self.sums[place] += active
            self.sums[place + 1] += reactive


def _quadrant(active, reactive):
    """Return 0 to 3 for quadrant 1 to 4."""
    if active >= 0:
        return 0 if reactive >= 0 else 3
    return 1 if reactive >= 0 else 2
