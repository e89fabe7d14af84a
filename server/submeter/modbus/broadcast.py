"""A write to every unit of a line at once."""

from collections.abc import Iterable, Sequence

from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.door import Wish
from submeter.meter.instant import Instant
from submeter.meter.writing import Door
from submeter.modbus import writing
from submeter.modbus.exceptions import exception
from submeter.modbus.refused import CODES
from submeter.modbus.unit import Peer, Unit

FUNCTIONS = frozenset((5, 6, 15, 16, 22))
"""Functions that may be broadcast: those that only write (Modbus over Serial Line V1.02, 2.1)."""


class Broadcast:
    """The broadcast `pdu` of `peer`, of one of FUNCTIONS.

    Nobody has to refuse it for each unit: who may not write is refused once, and who has not
    unlocked is not asked of again; of registers that units do not have the audit log is told the
    first. What a meter itself refuses, a value out of range say, it tells as ever.
    """

    def __init__(self, pdu: bytes, peer: Peer, now: Instant) -> None:
        self._pdu = pdu
        self._peer = peer
        self._now = now
        self.told = False
        self.locked = False

    def may_begin(self, units: Iterable[Unit]) -> bool:
        """Tell whether the peer may write, to `units` or any other; if not, the audit log is."""
        for unit in units:
            if unit.door and unit.lock:
                if self._peer.may_write and unit.lock.is_open(self._peer.who):
                    return True
                what, reason = f"function {self._pdu[0]}", Refusal.NOT_ALLOWED
                unit.door.refuse(what, "broadcast", reason, self._peer.who, self._now)
                break
        return False

    def write(self, unit: Unit) -> bytes | None:
        """Write to `unit`; return what it would answer, were this not a broadcast."""
        if self.locked:
            return exception(self._pdu[0], CODES[Refusal.LOCKED])
        door = unit.door and _OneOfMany(unit.door, self)
        asked = Unit(unit.image, unit.identification, unit.functions, door, unit.lock)
        reply = writing.write(asked, self._pdu, self._peer, self._now, broadcast=True)
        return reply if isinstance(reply, bytes) else None


class _OneOfMany:
    """The door of one unit, for a broadcast."""

    def __init__(self, door: Door, broadcast: Broadcast) -> None:
        self._door = door
        self._broadcast = broadcast

    def write_all(self, wishes: Sequence[Wish], who: Who, now: Instant) -> None:
        try:
            self._door.write_all(wishes, who, now)
        except WriteRefusedError as error:
            self._broadcast.told = True
            self._broadcast.locked = error.reason is Refusal.LOCKED
            raise

    def refuse(self, what: str, value: object, reason: Refusal, who: Who, now: Instant) -> None:
        if not self._broadcast.told:
            self._broadcast.told = True
            self._door.refuse(what, value, reason, who, now)
