"""The properties in which an object shows its events (ASHRAE 135, 12.6.16 to 12.6.28)."""

from submeter.bacnet import encoding
from submeter.bacnet.alarms.event import ALARM, Event
from submeter.bacnet.alarms.past import Past
from submeter.bacnet.alarms.policy import Policy
from submeter.bacnet.objects.image import Image
from submeter.bacnet.objects.notification_class import INSTANCE
from submeter.bacnet.objects.served import ServedObject, property_number

_ACKED_TRANSITIONS = property_number("ackedTransitions")
_EVENT_TIME_STAMPS = property_number("eventTimeStamps")
_EVENT_MESSAGE_TEXTS = property_number("eventMessageTexts")


class EventProperties:
    """Keeps those of `entry`, whose alarm value is the state `on`; `past` is what they say."""

    __slots__ = ("_entry", "_policy", "past")

    def __init__(self, entry: ServedObject, policy: Policy, on: int, past: Past) -> None:
        self._entry = entry
        self._policy = policy
        entry.live.update(_images(policy, on))
        self._show(past)

    def enter(self, which: int, event: Event) -> None:
        """Show `event`, the transition `which`; it may be one that is to be acknowledged."""
        expected = self._policy.enabled[which] and self._policy.acknowledge[which]
        self._show(self.past.entered(which, event, not expected))

    def acknowledge(self, which: int) -> None:
        """Show that the last transition `which` is acknowledged."""
        self._show(self.past.acknowledged(which))

    def _show(self, past: Past) -> None:
        self.past = past
        self._entry.live.update(
            {
                _ACKED_TRANSITIONS: encoding.bits(past.acked),
                _EVENT_TIME_STAMPS: past.stamps,
                _EVENT_MESSAGE_TEXTS: tuple(map(encoding.text, past.texts)),
            }
        )


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
