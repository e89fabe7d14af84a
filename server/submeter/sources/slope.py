"""Power from the slope of an index, for instruments that send no watts."""

import itertools
from collections import deque

from submeter.meter.limits import SLACK

# Below 10 W a register of 1 Wh rests for six minutes: from then on the power counts as none.
RESTING = 360.0


class IndexSlope:
    """The mean power between two steps of an index, at least `window` seconds apart.

    Measured from step to step, so that the register's resolution does not show as a ripple. While
    the next step is awaited the power cannot exceed one step over the time waited. A step that
    `largest_power` (W or var) cannot explain is no energy, but another register.
    """

    def __init__(self, window: float, largest_power: float = 1e9) -> None:
        self._window = window
        self._largest_power = largest_power
        self._steps: deque[tuple[float, int]] = deque()
        self._index: int | None = None
        self._since = self._asked = 0.0

    def power(self, index: int, now: float) -> float | None:
        """Return the power in W (var) of an index in mWh (mvarh) at `now` seconds.

        None while too little has been seen. The window starts anew with an index that falls or
        jumps, and after a pause that is longer than it.
        """
        if self._index is None or not self._goes_on(index, now):
            self._steps.clear()
            self._since = now
        elif index > self._index:
            self._steps.append((now, index))
            self._since = now
        self._index, self._asked = index, now
        waited = now - self._since
        if waited >= RESTING:
            # So that the next step counts as what it is: energy of the last window.
            self._steps = deque([(now - self._window, index)])
            return 0.0
        power = self._mean()
        if power is None or waited <= 0:
            return power
        return min(power, self._largest_step() * 3.6 / waited)

    def rests(self) -> bool:
        """Tell whether the index has not stepped for a window, when last asked."""
        return self._index is not None and self._asked - self._since >= self._window

    def _goes_on(self, index: int, now: float) -> bool:
        pause, step = now - self._asked, index - (self._index or 0)
        possible = self._largest_power * (pause + SLACK) / 3.6
        return pause <= self._window and 0 <= step <= possible

    def _mean(self) -> float | None:
        steps = self._steps
        while len(steps) > 2 and steps[-1][0] - steps[1][0] >= self._window:
            steps.popleft()
        if len(steps) < 2 or steps[-1][0] - steps[0][0] < self._window:
            return None
        (start, first), (end, last) = steps[0], steps[-1]
        return (last - first) * 3.6 / (end - start)

    def _largest_step(self) -> int:
        """Return the largest single step in the window, in mWh."""
        indexes = [index for _, index in self._steps]
        return max(after - before for before, after in itertools.pairwise(indexes))
