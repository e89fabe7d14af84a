"""What the program lends to the BACnet face, and the meters that it serves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from submeter.bacnet.peer import Peer
from submeter.bacnet.settings import MeterInBacnet
from submeter.meter.access import Who
from submeter.meter.audit import Audit
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality
from submeter.meter.writing import Lock
from submeter.pointmap.meter_map import MeterMap

FACE = "bacnet"
"""The name of this face in the audit log and in leases."""


class History(Protocol):
    """The samples of the store; every method reads the disk, so it is for another thread.

    All raise StoreError. Times are UTC seconds, ascending.
    """

    def times(self, after: Mapping[str, int], most: int) -> Mapping[str, Sequence[int]]:
        """Return when each meter in `after` was sampled after its time there: the last `most`."""

    def oldest(self) -> int | None:
        """Return when the oldest sample of all was taken, None without any."""

    def values(
        self, meter: str, point: str, start: int, end: int
    ) -> Sequence[tuple[int, int | float | None]]:
        """Return time and value of `point`, as in `Reading`, from `start` to `end`, included."""


@dataclass(frozen=True)
class ServedMeter:
    """A meter and its place. `usual` is the quality that each point will usually have.

    `serial` is the serial number of its device, `model` the meter's own model name if it has one,
    `unit_id` its address on Modbus.
    """

    meter: Meter
    map: MeterMap
    place: MeterInBacnet = field(default_factory=MeterInBacnet)
    serial: str = "0000000"
    model: str | None = None
    usual: Mapping[str, Quality] = field(default_factory=dict)
    unit_id: int | None = None


@dataclass(frozen=True)
class Outside:
    """The rest of the program. `serial` is the serial number of the whole installation.

    `notes` are what was kept; `keep` keeps a text under a key. `set_clock` sets the machine's clock
    to UTC seconds, or leaves it, and returns in words what it did; it takes a while and is for
    another thread. `restart` ends the program and starts it anew, once what is under way is
    answered. `prove` says why the configuration on disk could not be started, None if it could; it
    is for another thread, too. `code` tells whether the configuration has an unlock code.
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
    prove: Callable[[], str | None] | None = None


def who(peer: Peer) -> Who:
    """Return what leases and the audit log call `peer`: one behind a router by its own address.

    Its `address`, that of the router then, is what the networks of `access` are about.
    """
    far = f" net {peer.network} mac {peer.mac.hex()}" if peer.network else ""
    return Who(FACE + far, peer.place[0])
