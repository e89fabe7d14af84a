"""An index that keeps growing although the recording behind it starts over."""


class GrowingIndex:
    """Adds up the laps of a replayed index: where the register falls, the recording began anew."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._offset: dict[str, int] = {}

    def serve(self, name: str, register: int) -> int:
        """Return the index of `name` now that its register reads `register`."""
        fall = self._last.get(name, register) - register
        if fall > 0:
            self._offset[name] = self._offset.get(name, 0) + fall
        self._last[name] = register
        return register + self._offset.get(name, 0)
