"""The properties in which an object shows its events (ASHRAE 135, 12.6.16 to 12.6.28)."""

from typing import TypeVar

from submeter.bacnet import encoding
from submeter.bacnet.alarms.event import ALARM, Event
from submeter.bacnet.alarms.policy import Policy
from submeter.bacnet.objects.image import Image
from submeter.bacnet.objects.notification_class import INSTANCE
from submeter.bacnet.objects.served import ServedObject, property_number

_T = TypeVar("_T")

UNSPECIFIED_STAMP = encoding.enclosed(2, encoding.UNSPECIFIED_DATE + encoding.UNSPECIFIED_TIME)
_ACKED_TRANSITIONS = property_number("ackedTransitions")
_EVENT_TIME_STAMPS = property_number("eventTimeStamps")
_EVENT_MESSAGE_TEXTS = property_number("eventMessageTexts")


class EventProperties:
    """Keeps those of `entry`, whose alarm value is the state `on`; it has had no event so far.

    `acked`, `stamps` (each a BACnetTimeStamp) and `types` (each a BACnetEventType) are those of the
    last to-offnormal, to-fault and to-normal.
    """

    __slots__ = ("_entry", "_policy", "_texts", "acked", "stamps", "types")

    def __init__(self, entry: ServedObject, policy: Policy, on: int) -> None:
        self._entry = entry
        self._policy = policy
        self.acked: tuple[bool, ...] = (True,) * 3
        self.stamps: tuple[bytes, ...] = (UNSPECIFIED_STAMP,) * 3
        self.types: tuple[int, ...] = (0,) * 3
        self._texts: tuple[bytes, ...] = (encoding.text(""),) * 3
        entry.live.update(_images(policy, on))
        self._show()

    def enter(self, which: int, event: Event) -> None:
        """Show `event`, the transition `which`; it may be one that is to be acknowledged."""
        expected = self._policy.enabled[which] and self._policy.acknowledge[which]
        self.acked = _with(self.acked, which, not expected)
        self.stamps = _with(self.stamps, which, event.stamp)
        self.types = _with(self.types, which, event.type)
        self._texts = _with(self._texts, which, encoding.text(event.text or ""))
        self._show()

    def acknowledge(self, which: int) -> None:
        """Show that the last transition `which` is acknowledged."""
        self.acked = _with(self.acked, which, True)
        self._show()

    def _show(self) -> None:
        self._entry.live.update(
            {
                _ACKED_TRANSITIONS: encoding.bits(self.acked),
                _EVENT_TIME_STAMPS: self.stamps,
                _EVENT_MESSAGE_TEXTS: self._texts,
            }
        )


def _with(values: tuple[_T, ...], which: int, value: _T) -> tuple[_T, ...]:
    return (*values[:which], value, *values[which + 1 :])


def _images(policy: Policy, on: int) -> dict[int, Image]:
    """Return the properties that stay."""
    delay = encoding.unsigned(policy.delay)
    named = {
        "timeDelay": delay,
        "timeDelayNormal": delay,
        "notificationClass": encoding.unsigned(INSTANCE),
        "alarmValue": encoding.enumerated(on),
        "eventEnable": encoding.bits(policy.enabled),
        "eventDetectionEnable": encoding.boolean(True),
        "notifyType": encoding.enumerated(ALARM),
    }
    return {property_number(name): image for name, image in named.items()}
