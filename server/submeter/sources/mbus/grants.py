"""Log lines that a meter may cause."""

_AT_FIRST = 10
_ANSWERS_TO_NEXT = 1000


class Grants:
    """A few lines at first, then one more for many answers: what changes with each is damaged."""

    def __init__(self) -> None:
        self._left = float(_AT_FIRST)

    def answered(self) -> None:
        """Note an answer."""
        self._left = min(_AT_FIRST, self._left + 1 / _ANSWERS_TO_NEXT)

    def use(self) -> bool:
        """Take one; False if none is left."""
        granted = self._left >= 1
        self._left -= granted
        return granted
