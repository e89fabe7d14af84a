"""A threshold with hysteresis and delays."""


class Threshold:
    """Turns on beyond `on` and off again at `off`, each only after its delay in seconds.

    With `on` above or at `off` it watches for values that are too high: on above `on`, off at or
    below `off`. With `on` below `off` for values that are too low: on below `on`, off at or above
    `off`. Both may be set at any time. A delay runs while every value taken is on the other side;
    between the two limits nothing changes.
    """

    __slots__ = ("_off_delay", "_on_delay", "_since", "_state", "off", "on")

    def __init__(
        self, on: float, off: float, on_delay: float = 0.0, off_delay: float = 0.0
    ) -> None:
        self.on = on
        self.off = off
        self._on_delay = on_delay
        self._off_delay = off_delay
        self._state: bool | None = None
        self._since: float | None = None

    def take(self, value: float | None, mono: float) -> bool | None:
        """Take the value at `mono` seconds and return the state; None if there was no value yet.

        An unknown value keeps the state and ends a delay that runs.
        """
        if value is None:
            self._since = None
            return self._state
        if self._state is None:
            self._state = False
        if not self._leaves(value):
            self._since = None
        else:
            if self._since is None:
                self._since = mono
            if mono - self._since >= (self._off_delay if self._state else self._on_delay):
                self._state = not self._state
                self._since = None
        return self._state

    def _leaves(self, value: float) -> bool:
        """Tell whether `value` speaks for the other state."""
        if self.on >= self.off:
            return value <= self.off if self._state else value > self.on
        return value >= self.off if self._state else value < self.on
