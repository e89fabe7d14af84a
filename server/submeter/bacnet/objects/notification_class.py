"""The Notification Class object: who is told of alarms, how urgently, and what to acknowledge."""

import functools
from collections.abc import Callable, Collection
from typing import get_args

from bacpypes3 import object as schemas

from submeter.bacnet import encoding
from submeter.bacnet.objects.served import ServedObject, property_number
from submeter.bacnet.objects.table import DEVICE
from submeter.bacnet.peer import Peer, octets
from submeter.bacnet.settings import AlarmReporting, RecipientSettings, Transition, place

INSTANCE = 1
TRANSITIONS: tuple[Transition, ...] = get_args(Transition)
_USUAL = AlarmReporting().priorities


def notification_class(
    settings: AlarmReporting, name: str, ip_network: Callable[[], int] = lambda: 0
) -> ServedObject:
    """Return the object, read only (135, 12.21).

    `ip_network` gives the number of the IP network as the device sees it, see `address_of`.
    """
    made = ServedObject(schemas.NotificationClassObject, INSTANCE, name)
    made.put("description", "Alarms of the meters")
    made.put("notificationClass", INSTANCE)
    made.put("priority", priorities(settings))
    made.put("ackRequired", [int(flag) for flag in flags(settings.acknowledge)])

    @functools.lru_cache(maxsize=1)
    def destinations(network: int) -> bytes:
        return encoding.joined(_destination(each, network) for each in settings.recipients)

    made.live[property_number("recipientList")] = lambda: destinations(ip_network())
    return made


def flags(listed: Collection[Transition]) -> tuple[bool, bool, bool]:
    """Return which of to-offnormal, to-fault and to-normal are `listed`."""
    first, second, third = (transition in listed for transition in TRANSITIONS)
    return first, second, third


def priorities(settings: AlarmReporting) -> tuple[int, int, int]:
    """Return the priorities of to-offnormal, to-fault and to-normal; the usual if left out."""
    known = {**_USUAL, **settings.priorities}
    first, second, third = (known[transition] for transition in TRANSITIONS)
    return first, second, third


def address_of(peer: Peer, ip_network: int) -> bytes:
    """Return the BACnetAddress of `peer` (135, clause 21).

    `ip_network` is the number of the IP network for a device on another one, 0 for a device of the
    IP network itself, or while the number is not known.
    """
    if peer.network:
        return encoding.unsigned(peer.network) + encoding.octets(peer.mac)
    return encoding.unsigned(ip_network) + encoding.octets(octets(peer.place))


def _destination(recipient: RecipientSettings, network: int) -> bytes:
    """Return a BACnetDestination that holds on all days, the whole day."""
    return encoding.joined(
        (
            encoding.bits((True,) * 7),
            encoding.time(0, 0, 0),
            encoding.time(23, 59, 59, 99),
            _recipient(recipient, network),
            encoding.unsigned(recipient.process),
            encoding.boolean(recipient.confirmed),
            encoding.bits(flags(recipient.transitions)),
        )
    )


def _recipient(recipient: RecipientSettings, network: int) -> bytes:
    if recipient.device is not None:
        return encoding.context(0, encoding.identifier_content(DEVICE, recipient.device))
    return encoding.enclosed(1, address_of(Peer(place(recipient.address or "")), network))
