"""What faces write through: the door of a meter, and the lock before it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from submeter.errors import Refusal
from submeter.meter.access import Who
from submeter.meter.door import Wish
from submeter.meter.instant import Instant


class Door(Protocol):
    """Where writes go: a meter."""

    def write_all(self, wishes: Sequence[Wish], who: Who, now: Instant) -> None:
        """Write several points, or none of them; raises WriteRefusedError."""

    def refuse(self, what: str, value: object, reason: Refusal, who: Who, now: Instant) -> None:
        """Tell the audit log of a write to `what` that came to no point."""


class Lock(Protocol):
    """Who may write at all, and the unlock code: see `submeter.meter.access.Access`."""

    def is_open(self, who: Who) -> bool:
        """Tell whether `who` may write, or could with the code."""

    def attempt(self, who: Who, code: str, now: Instant) -> Callable[[], bool] | None:
        """Return the work that tells whether `code` is right; None if none is asked for.

        It takes tens of milliseconds and may run in another thread; `conclude` gets its result.
        Raises WriteRefusedError.
        """

    def conclude(self, who: Who, right: bool, now: Instant) -> None:
        """Grant the lease after a right code; raises WriteRefusedError after a wrong one."""

    def lock(self, who: Who, now: Instant) -> None:
        """End the lease of `who`, if there is one."""
