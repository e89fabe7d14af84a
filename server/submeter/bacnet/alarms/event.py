"""An event, and the notification that tells of it (ASHRAE 135, 13.8)."""

from typing import NamedTuple

from submeter.bacnet import encoding
from submeter.bacnet.alarms.event_state import Change, EventState
from submeter.bacnet.fault import Fault
from submeter.bacnet.objects.notification_class import INSTANCE
from submeter.bacnet.objects.served import PRESENT_VALUE
from submeter.bacnet.objects.table import DEVICE

ALARM, ACK_NOTIFICATION = 0, 2  # BACnetNotifyType
CHANGE_OF_STATE, CHANGE_OF_RELIABILITY = 1, 19  # BACnetEventType
_BINARY_VALUE = 1  # choice of BACnetPropertyStates


class Event(NamedTuple):
    """What a notification says that is the same for all recipients.

    `stamp` is a BACnetTimeStamp. `before`, `text` and `values`, a BACnetNotificationParameters, are
    None in the notification of an acknowledgement, which has no other `acknowledge` than False.
    """

    identifier: bytes
    stamp: bytes
    priority: int
    type: int
    after: EventState
    before: EventState | None = None
    text: str | None = None
    acknowledge: bool = False
    values: bytes | None = None

    @property
    def network_priority(self) -> int:
        """The priority of its packets, 3 being life safety (135, 13.4.1)."""
        return 3 - self.priority // 64


def event_type(change: Change) -> int:
    """Return the BACnetEventType as which `change` is told."""
    return CHANGE_OF_RELIABILITY if change.of_reliability else CHANGE_OF_STATE


def notification(event: Event, device: int) -> bytes:
    """Return the parameters of an event notification of `device` after the process identifier."""
    parts = [
        encoding.context(1, encoding.identifier_content(DEVICE, device)),
        encoding.context(2, event.identifier),
        encoding.enclosed(3, event.stamp),
        encoding.context_unsigned(4, INSTANCE),
        encoding.context_unsigned(5, event.priority),
        encoding.context_unsigned(6, event.type),
    ]
    if event.before is None or event.values is None or event.text is None:
        parts += [
            encoding.context_unsigned(8, ACK_NOTIFICATION),
            encoding.context_unsigned(11, event.after),
        ]
    else:
        parts += [
            encoding.context(7, b"\x00" + event.text.encode()),
            encoding.context_unsigned(8, ALARM),
            encoding.context(9, bytes((event.acknowledge,))),
            encoding.context_unsigned(10, event.before),
            encoding.context_unsigned(11, event.after),
            encoding.enclosed(12, event.values),
        ]
    return encoding.joined(parts)


def change_of_state(position: int, status_flags: bytes) -> bytes:
    """Return the event values of a two-state object; `status_flags` are the octets of the bits."""
    state = encoding.context_unsigned(_BINARY_VALUE, position)
    flags = encoding.context(1, status_flags)
    return encoding.enclosed(CHANGE_OF_STATE, encoding.enclosed(0, state) + flags)


def change_of_reliability(
    reliability: int, status_flags: bytes, present_value: bytes | Fault
) -> bytes:
    """Return the event values of a fault or its end, with Present_Value if there is one."""
    properties = b""
    if isinstance(present_value, bytes):
        number = encoding.context_unsigned(0, PRESENT_VALUE)
        properties = number + encoding.enclosed(2, present_value)
    return _extended_enclosed(
        CHANGE_OF_RELIABILITY,
        encoding.context_unsigned(0, reliability)
        + encoding.context(1, status_flags)
        + encoding.enclosed(2, properties),
    )


def _extended_enclosed(number: int, content: bytes) -> bytes:
    """Return `content` between tags of a `number` from 15 to 254 (135, 20.2.1.2)."""
    return bytes((0xFE, number)) + content + bytes((0xFF, number))
