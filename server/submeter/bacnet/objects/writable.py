"""What can be written: objects that pass a present value on to a door or a lock."""

from typing import Protocol

from submeter.bacnet import fault
from submeter.bacnet.answer import Answer, RefusedError
from submeter.bacnet.decoding import Decoded
from submeter.bacnet.fault import Fault
from submeter.errors import Refusal
from submeter.meter.access import Who
from submeter.meter.instant import Instant


class NotWritten(RefusedError):
    """A write that came to no door: the audit log is still to be told of `reason` and `value`.

    `value` must never be what might be an unlock code.
    """

    def __init__(self, fault: Fault, reason: Refusal, value: object = "") -> None:
        super().__init__(fault)
        self.reason = reason
        self.value = value


class Writable(Protocol):
    """The present value of one object. `alone` says that nothing else may be written with it."""

    point: str
    """What the audit log calls it."""
    alone: bool

    def write(self, value: Decoded, priority: int | None, who: Who, now: Instant) -> Answer:
        """Write `value` at a priority from 1 to 16, of which None is the last.

        Raises NotWritten, or WriteRefusedError, of which the audit log has been told.
        """


def wrong_type(value: Decoded) -> NotWritten:
    """Return the refusal of a value of a datatype that the property does not have."""
    return NotWritten(fault.INVALID_DATA_TYPE, Refusal.OUT_OF_RANGE, value.tag.name)
