"""Writes that are not done: how a client is told, and how the audit log is."""

from collections.abc import Mapping

from submeter.bacnet.fault import VALUE_OUT_OF_RANGE, WRITE_ACCESS_DENIED, Fault
from submeter.bacnet.objects.served import ServedObject
from submeter.errors import Refusal
from submeter.meter.access import Who
from submeter.meter.audit import Audit
from submeter.meter.door import note_refused
from submeter.meter.instant import Instant
from submeter.meter.writing import Door


def fault_of(reason: Refusal) -> Fault:
    """Return the error of a write that the door of a meter, or the lock, refused."""
    return VALUE_OUT_OF_RANGE if reason is Refusal.OUT_OF_RANGE else WRITE_ACCESS_DENIED


class Refused:
    """Tells `audit` what no door has seen: of an object in `doors`, by identifier, through its own.

    Whatever concerns another object, or none, is told of `device`, by its name.
    """

    def __init__(self, device: str, audit: Audit, doors: Mapping[int, Door]) -> None:
        self._device = device
        self._audit = audit
        self._doors = doors

    def tell(
        self,
        found: ServedObject | None,
        what: str,
        value: object,
        reason: Refusal,
        who: Who,
        now: Instant,
    ) -> None:
        """Tell of a write of `value` to `what`; `value` must not be what might be a code."""
        door = self._doors.get(found.identifier) if found else None
        if door:
            door.refuse(what, value, reason, who, now)
        else:
            note_refused(self._audit, self._device, what, value, reason, who, now)
