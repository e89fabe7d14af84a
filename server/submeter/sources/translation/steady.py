"""How often in a row something was said."""


class Steady:
    """Counts messages in a row that say the same of a name.

    Damage that passes a weak checksum is not the same in the next message. How much later that
    comes does not matter: what was said in between would have ended the row.
    """

    MOST = 1000
    """Names that are remembered; the one that was heard the longest ago is forgotten first."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[object, int]] = {}

    def times(self, name: str, said: object) -> int:
        """Take what one more message says of `name`; return how many in a row have said it."""
        before, times = self._rows.pop(name, (None, 0))
        times = times + 1 if times and before == said else 1
        self._rows[name] = said, times
        if len(self._rows) > self.MOST:
            del self._rows[next(iter(self._rows))]
        return times
