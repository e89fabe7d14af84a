"""The units on one serial line, or behind one listener for RTU frames, and what they count."""

from collections.abc import Callable, Mapping

from submeter.meter.instant import Instant
from submeter.modbus import dispatch, serial_functions
from submeter.modbus.broadcast import FUNCTIONS as WRITES
from submeter.modbus.broadcast import Broadcast
from submeter.modbus.counters import Bus, Counters
from submeter.modbus.exceptions import ILLEGAL_FUNCTION, exception
from submeter.modbus.told_once import ToldOnce
from submeter.modbus.unit import Answer, Peer, Pending, Unit


class Line:
    """One line: `units` by their ids, which `replace` changes while it runs.

    `where` is for the log. On a `guarded` line, which others than its master can reach, only peers
    that may write may silence a unit or clear what it counts (8/1, 8/4, 8/10, 8/20).

    What reads the line calls `heard` for every frame with a good CRC, whoever it is for, requests
    and answers of others too; then `answer` if it is to one of `units`, or `broadcast` if it is to
    unit 0. For what has a bad CRC or is too short it calls `broken`, and `overrun` instead where
    the port says that characters were lost, and `sent` for every answer that left. `requests`
    counts what was asked of one of the units or of all, silence included, `exceptions` the answers
    that were one, `damaged` the frames that could not be read.
    """

    def __init__(
        self,
        units: Mapping[int, Unit],
        where: str = "modbus.rtu",
        guarded: bool = False,
        clock: Callable[[], Instant] = Instant.now,
    ) -> None:
        self.units: Mapping[int, Unit] = {}
        self.requests = 0
        self.exceptions = 0
        self.damaged = 0
        self._where = where
        self._guarded = guarded
        self._silences = ToldOnce("listen_only", "listen_only_over", clock)
        self._bus = Bus()
        self._counters: dict[int, Counters] = {}
        self.replace(units)

    def replace(self, units: Mapping[int, Unit]) -> None:
        """Have `units` and no others; one that is new, or under a new id, begins to count anew."""
        before, self.units = self.units, dict(units)
        kept = {}
        for unit_id, counters in self._counters.items():
            if self.units.get(unit_id) is before[unit_id]:
                kept[unit_id] = counters
            elif counters.listens_only:
                self._tell(unit_id, False)
        self._counters = {n: kept.get(n) or Counters(self._bus) for n in self.units}

    def heard(self) -> None:
        """Count a frame on the line."""
        self._bus.messages += 1
        self._silences.tick()

    def sent(self, reply: bytes) -> None:
        """Count the answer `reply`, a PDU, that left."""
        self.exceptions += reply[0] >> 7

    def broken(self) -> None:
        """Count a frame that could not be read."""
        self.damaged += 1
        self._bus.broken(overrun=False)

    def overrun(self) -> None:
        """Count a frame of which characters were lost."""
        self.damaged += 1
        self._bus.broken(overrun=True)

    def answer(self, unit_id: int, pdu: bytes, peer: Peer, now: Instant) -> Answer:
        """Return the answer of the unit `unit_id` to `pdu` (1 byte or more); never raises.

        None for silence: nobody has this id, the unit only listens, or its map wants it so. A
        Pending is counted when it is finished. Exception 01 to who may not do this on a guarded
        line.
        """
        unit = self.units.get(unit_id)
        if unit is None:
            return None
        self.requests += 1
        counters = self._counters[unit_id]
        counters.received()
        listened = counters.listens_only
        if listened and not serial_functions.restarts(pdu):
            counters.ignored()
            return None
        reply: Answer = exception(pdu[0], ILLEGAL_FUNCTION)
        if self._allows(unit, pdu, peer):
            reply = dispatch.answer(unit, pdu, peer, now, counters)
        if isinstance(reply, Pending):
            return _counted(counters, pdu[0], reply)
        counters.done(pdu[0], reply, answered=not listened)
        if reply is None or not reply[0] & 0x80:
            serial_functions.obey(counters, pdu)
        if counters.listens_only is not listened:
            self._tell(unit_id, counters.listens_only)
        return None if listened else reply

    def broadcast(self, pdu: bytes, peer: Peer, now: Instant) -> int:
        """Let every unit obey `pdu` (1 byte or more), a frame to unit 0; nobody answers.

        Of several refusals by what is asked the audit log is told the first. Who may not write is
        refused once for all units. Returns how many units were asked.
        """
        self.requests += 1
        if pdu[0] not in WRITES:
            self._bus.passed_over(refused=False)
            return 0
        broadcast = Broadcast(pdu, peer, now)
        # A write may give a unit another id at once.
        everybody = [(unit, self._counters[number]) for number, unit in self.units.items()]
        if not broadcast.may_begin(self.units.values()):
            self._bus.passed_over(refused=True)
            return 0
        for unit, counters in everybody:
            counters.received(broadcast=True)
            if counters.listens_only:
                counters.ignored()
            else:
                counters.done(pdu[0], broadcast.write(unit), answered=False)
        return len(everybody)

    def _allows(self, unit: Unit, pdu: bytes, peer: Peer) -> bool:
        if not self._guarded or not serial_functions.alters(pdu):
            return True
        return unit.lock is not None and unit.lock.is_open(peer.who)

    def _tell(self, unit_id: int, listens_only: bool) -> None:
        self._silences.change(f"where={self._where} unit={unit_id}", listens_only)


def _counted(counters: Counters, function: int, pending: Pending) -> Pending:
    def finish(right: bool) -> bytes:
        reply = pending.finish(right)
        counters.done(function, reply)
        return reply

    return Pending(pending.work, finish)
