"""Whether one meter answers at an address, or several in turn."""

SETTLED = 5  # answers of one meter in a row


class Identities:
    """Follows who answers; a meter that is replaced changes once, and the new one stays."""

    def __init__(self) -> None:
        self._present: str | None = None
        self._answers = SETTLED
        self._clash = False

    def alternate(self, identity: str) -> bool:
        """Take who answers now; tell if several do in turn.

        That is so from the second change on that comes before the new meter answered SETTLED times
        in a row, until one has.
        """
        if identity == self._present:
            self._answers = min(SETTLED, self._answers + 1)
            self._clash = self._clash and self._answers < SETTLED
        else:
            self._clash = self._answers < SETTLED
            self._answers = 1 if self._present else SETTLED
            self._present = identity
        return self._clash
