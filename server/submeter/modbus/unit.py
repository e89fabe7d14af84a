"""One unit id as pollers meet it: its registers, its identity, and the door for its writes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from submeter.errors import Refusal
from submeter.meter.access import Who
from submeter.meter.door import Wish
from submeter.meter.instant import Instant
from submeter.modbus.identification import Identification
from submeter.modbus.image import Image


class Peer(NamedTuple):
    """Who asks, and whether the role in its certificate lets it write; without TLS it may."""

    who: Who
    may_write: bool = True


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


@dataclass(slots=True)
class Unit:
    """A meter, or the gateway, behind one unit id.

    `functions` are the only ones it has, None for all that we know. Without `door` nothing can be
    written.
    """

    image: Image
    identification: Identification
    functions: frozenset[int] | None = None
    door: Door | None = None
    lock: Lock | None = None


class Pending(NamedTuple):
    """An answer that waits for `work`, which may run in another thread; nothing else may overtake.

    `finish` turns the result of `work` into the PDU of the answer.
    """

    work: Callable[[], bool]
    finish: Callable[[bool], bytes]


Answer = bytes | None | Pending
"""The PDU of an answer, None for silence, or one that is worked on."""
