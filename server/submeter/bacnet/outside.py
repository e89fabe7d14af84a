"""What the program lends to the BACnet face, and the meters that it serves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from submeter.bacnet.settings import MeterInBacnet
from submeter.errors import Refusal
from submeter.meter.access import Who
from submeter.meter.audit import Audit
from submeter.meter.door import Wish
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality
from submeter.pointmap.meter_map import MeterMap

FACE = "bacnet"
"""The name of this face in the audit log and in leases."""


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
        """Return the work that tells whether `code` is right; None if none is asked for."""

    def conclude(self, who: Who, right: bool, now: Instant) -> None:
        """Grant the lease after a right code; raises WriteRefusedError after a wrong one."""

    def lock(self, who: Who, now: Instant) -> None:
        """End the lease of `who`, if there is one."""


class History(Protocol):
    """The samples of the store; every method reads the disk, so it is for another thread.

    All raise StoreError. Times are UTC seconds, ascending.
    """

    def times(self, meter: str, after: int, most: int) -> Sequence[int]:
        """Return when `meter` was sampled after `after`: the last `most` times."""

    def values(
        self, meter: str, point: str, start: int, end: int
    ) -> Sequence[tuple[int, int | float | None]]:
        """Return time and value of `point`, as in `Reading`, from `start` to `end`, included."""


@dataclass(frozen=True)
class ServedMeter:
    """A meter and its place. `usual` is the quality that each point will usually have.

    `serial` is the serial number of its device, `model` the meter's own model name if it has one.
    """

    meter: Meter
    map: MeterMap
    place: MeterInBacnet = field(default_factory=MeterInBacnet)
    serial: str = "0000000"
    model: str | None = None
    usual: Mapping[str, Quality] = field(default_factory=dict)


@dataclass(frozen=True)
class Outside:
    """The rest of the program. `serial` is the serial number of the whole installation.

    `notes` are what was kept; `keep` keeps a text under a key. `set_clock` sets the machine's clock
    to UTC seconds, or leaves it, and returns in words what it did; it takes a while and is for
    another thread. `restart` ends the program and starts it anew, once what is under way is
    answered. `code` tells whether the configuration has an unlock code.
    """

    site: str
    audit: Audit
    serial: str = "0000000"
    lock: Lock | None = None
    code: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)
    keep: Callable[[str, str], None] = lambda key, text: None
    history: History | None = None
    sample: int = 60
    set_clock: Callable[[float], str] | None = None
    restart: Callable[[], None] | None = None
