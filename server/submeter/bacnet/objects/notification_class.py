"""The Notification Class object: who is told of alarms, how urgently, and what to acknowledge."""

import socket
from collections.abc import Collection
from typing import get_args

from bacpypes3 import object as schemas

from submeter.bacnet import encoding
from submeter.bacnet.objects.served import ServedObject, property_number
from submeter.bacnet.settings import AlarmReporting, RecipientSettings, Transition, place

INSTANCE = 1
TRANSITIONS: tuple[Transition, ...] = get_args(Transition)
_DEVICE = 8  # object type
_USUAL = AlarmReporting().priorities


def notification_class(settings: AlarmReporting, name: str, network: int = 0) -> ServedObject:
    """Return the object, read only (135, 12.21).

    `network` is the number of the IP network where it is not that of the device, else 0.
    """
    made = ServedObject(schemas.NotificationClassObject, INSTANCE, name)
    made.put("description", "Alarms of the meters")
    made.put("notificationClass", INSTANCE)
    made.put("priority", priorities(settings))
    made.put("ackRequired", [int(flag) for flag in flags(settings.acknowledge)])
    made.live[property_number("recipientList")] = encoding.joined(
        _destination(each, network) for each in settings.recipients
    )
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


def device_address(network: int, mac: bytes) -> bytes:
    """Return the octets of a BACnetAddress (135, clause 21)."""
    return encoding.unsigned(network) + encoding.octets(mac)


def ip_mac(host: str, port: int) -> bytes:
    """Return the six octets that are the MAC address of a B/IP station (135, J.1.2)."""
    return socket.inet_aton(host) + port.to_bytes(2, "big")


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
        return encoding.context(0, encoding.identifier_content(_DEVICE, recipient.device))
    assert recipient.address is not None
    return encoding.enclosed(1, device_address(network, ip_mac(*place(recipient.address))))
