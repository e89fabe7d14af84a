"""What the writes of a request are for, and who may do them."""

from collections.abc import Mapping

from submeter.bacnet import fault
from submeter.bacnet.fault import Fault
from submeter.bacnet.objects.served import PRESENT_VALUE, ServedObject, kind_and_instance
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.objects.writable import NotWritten, Writable
from submeter.bacnet.writing.write_request import Wanted
from submeter.errors import Refusal
from submeter.meter.access import Who
from submeter.meter.writing import Lock


class Targets:
    """The objects of `table`, of which those in `writables` have a present value to be written.

    Without a `lock` nobody may write.
    """

    def __init__(
        self, table: ObjectTable, writables: Mapping[int, Writable], lock: Lock | None
    ) -> None:
        self._table = table
        self._writables = writables
        self._lock = lock

    def find(self, wanted: Wanted) -> ServedObject | None:
        """Return the object that is to be written."""
        return self._table.find(wanted.identifier)

    def named(self, wanted: Wanted) -> str:
        """Return how the audit log calls what is to be written."""
        found, writable = self.find(wanted), self._writable(wanted)
        if writable:
            return writable.point
        kind, instance = kind_and_instance(wanted.identifier)
        return f"{found.name if found else f'object {kind},{instance}'} property {wanted.number}"

    def is_open(self, wanted: Wanted, who: Who) -> bool:
        """Tell whether `who` may write this, or could with the code."""
        return bool(self._lock and self._lock.is_open(who) and self._writable(wanted))

    def writable(self, wanted: Wanted, alone: bool, who: Who) -> Writable:
        """Return what takes the value that is `wanted`; raises NotWritten if nothing does.

        `alone` says that the request wants nothing else.
        """
        unknown = _unknown(self.find(wanted), wanted)
        if unknown:
            raise NotWritten(unknown, Refusal.UNKNOWN)
        if self._lock is None or not self._lock.is_open(who):
            raise NotWritten(fault.WRITE_ACCESS_DENIED, Refusal.NOT_ALLOWED)
        writable = self._writable(wanted)
        if writable is None:
            raise NotWritten(fault.WRITE_ACCESS_DENIED, Refusal.READ_ONLY)
        if writable.alone and not alone:
            raise NotWritten(fault.WRITE_ACCESS_DENIED, Refusal.UNSUPPORTED)
        return writable

    def _writable(self, wanted: Wanted) -> Writable | None:
        found = self.find(wanted)
        if found is None or wanted.number != PRESENT_VALUE or wanted.element is not None:
            return None
        return self._writables.get(found.identifier)


def _unknown(found: ServedObject | None, wanted: Wanted) -> Fault | None:
    """Return why there is no such property or element, None if there is."""
    if found is None:
        return fault.UNKNOWN_OBJECT
    image = found.image(wanted.number)
    if image is None:
        return fault.UNKNOWN_PROPERTY
    if wanted.element is None:
        return None
    if isinstance(image, Fault):  # for want of a value; no array of ours ever lacks one
        return fault.NOT_AN_ARRAY
    value = found.read(wanted.number, wanted.element)
    return value if isinstance(value, Fault) else None
