"""The units on one serial line, or behind one listener for RTU frames, and what they count."""

from submeter.meter.instant import Instant
from submeter.modbus import dispatch, serial_functions, writing
from submeter.modbus.counters import Bus, Counters
from submeter.modbus.unit import Answer, Peer, Pending, Unit

BROADCAST = frozenset((5, 6, 15, 16, 22))
"""Functions that may be broadcast: those that only write (Modbus over Serial Line V1.02, 2.1)."""


class Line:
    """One line: `units` by their ids, which may change while it runs.

    What reads the line calls `heard` for every frame with a good CRC, whoever it is for, requests
    and answers of others too; then `answer` if it is to one of `units`, or `broadcast` if it is to
    unit 0. For what has a bad CRC or is too short it calls `broken`, and `overrun` instead where
    the port says that characters were lost. A unit under a new id begins to count anew.
    """

    def __init__(self, units: dict[int, Unit]) -> None:
        self.units = units
        self._bus = Bus()
        self._counters: dict[int, tuple[Unit, Counters]] = {}
        self._all()

    def heard(self) -> None:
        """Count a frame on the line."""
        self._bus.messages += 1

    def broken(self) -> None:
        """Count a frame that could not be read."""
        for counters in self._all():
            counters.broken(overrun=False)

    def overrun(self) -> None:
        """Count a frame of which characters were lost."""
        for counters in self._all():
            counters.broken(overrun=True)

    def answer(self, unit_id: int, pdu: bytes, peer: Peer, now: Instant) -> Answer:
        """Return the answer of the unit `unit_id` to `pdu` (1 byte or more); never raises.

        None for silence: nobody has this id, the unit only listens, or its map wants it so. A
        Pending is counted when it is finished.
        """
        unit = self.units.get(unit_id)
        if unit is None:
            return None
        counters = self._of(unit_id, unit)
        counters.received()
        listened = counters.listens_only
        if listened and not serial_functions.restarts(pdu):
            counters.ignored()
            return None
        reply = dispatch.answer(unit, pdu, peer, now, counters)
        if isinstance(reply, Pending):
            return _counted(counters, pdu[0], reply)
        counters.done(pdu[0], reply, answered=not listened)
        if reply is None or not reply[0] & 0x80:
            serial_functions.obey(counters, pdu)
        return None if listened else reply

    def broadcast(self, pdu: bytes, peer: Peer, now: Instant) -> None:
        """Let every unit obey `pdu` (1 byte or more), a frame to unit 0; nobody answers."""
        for unit_id, unit in list(self.units.items()):
            counters = self._of(unit_id, unit)
            counters.received(broadcast=True)
            if counters.listens_only or pdu[0] not in BROADCAST:
                counters.ignored()
                continue
            reply = writing.write(unit, pdu, peer, now, broadcast=True)
            counters.done(pdu[0], reply if isinstance(reply, bytes) else None, answered=False)

    def _of(self, unit_id: int, unit: Unit) -> Counters:
        known, counters = self._counters.get(unit_id, (None, None))
        if counters is None or known is not unit:
            counters = Counters(self._bus)
            self._counters[unit_id] = unit, counters
        return counters

    def _all(self) -> list[Counters]:
        return [self._of(unit_id, unit) for unit_id, unit in self.units.items()]


def _counted(counters: Counters, function: int, pending: Pending) -> Pending:
    def finish(right: bool) -> bytes:
        reply = pending.finish(right)
        counters.done(function, reply)
        return reply

    return Pending(pending.work, finish)
