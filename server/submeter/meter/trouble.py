"""What is wrong inside a meter: the reasons behind Meter_Error."""

from enum import IntEnum


class Reason(IntEnum):
    """The states of Meter_Error_Reason, the gravest first."""

    NONE = 0
    STORE = 1
    INDEX = 2
    CLOCK = 3
    INTERNAL = 4


class Troubles:
    """The present troubles; the gravest is the meter's reason."""

    def __init__(self) -> None:
        self._present: set[Reason] = set()

    def __bool__(self) -> bool:
        return bool(self._present)

    @property
    def reason(self) -> Reason:
        """The gravest of the present reasons."""
        return min(self._present, default=Reason.NONE)

    def tell(self, reason: Reason, text: str | None) -> bool:
        """Note a trouble, or with None its end; return whether that is news."""
        news = (reason in self._present) != (text is not None)
        if text is None:
            self._present.discard(reason)
        else:
            self._present.add(reason)
        return news
