"""Network Port objects: the B/IP port, and a device's port on the virtual network (135, 12.56)."""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Interface
from typing import NamedTuple

from bacpypes3 import object as schemas

from submeter.bacnet import encoding
from submeter.bacnet.application.limits import LARGEST_APDU
from submeter.bacnet.names import NETWORK_PORT, VIRTUAL_NETWORK_PORT
from submeter.bacnet.objects.image import Image, kept
from submeter.bacnet.objects.quality import NO_FAULT, NORMAL, RELIABILITY, status_flags
from submeter.bacnet.objects.served import ServedObject, property_number
from submeter.bacnet.peer import Place, octets
from submeter.bacnet.settings import ForeignSettings, place

_IPV4, _VIRTUAL = 5, 7  # BACnetNetworkType
_BACNET_APPLICATION = 2  # BACnetProtocolLevel
_CONFIGURED = 3  # BACnetNetworkNumberQuality
_NORMAL_MODE, _FOREIGN, _BBMD = 0, 1, 2  # BACnetIPMode
_NOT_REGISTERED = 19  # BACnetReliability: renew-fd-registration-failure
_WHOLE_ADDRESS = bytes((255,) * 4)  # forwarded broadcasts go to the BBMD itself (135, J.4.3.2)


class BbmdTables(NamedTuple):
    """What a BBMD shows: whether foreign devices may register, its peers, who registered.

    A registered device stands there with its time to live, and what is left of it, in seconds.
    """

    accepts: bool
    peers: Callable[[], Iterable[Place]]
    registered: Callable[[], Iterable[tuple[Place, int, int]]]


def ip_port(
    instance: int,
    interface: IPv4Interface,
    udp_port: int,
    gateway: IPv4Address,
    number: Callable[[], int | None],
    number_quality: Callable[[], int],
    *,
    foreign: ForeignSettings | None = None,
    registered: Callable[[], bool] | None = None,
    bbmd: BbmdTables | None = None,
) -> ServedObject:
    """Return the B/IP port at `interface`; a `gateway` of 0.0.0.0 is none.

    `number` is that of the IP network, None while it is not known, which reads as 0, and
    `number_quality` the BACnetNetworkNumberQuality of it. A port is a foreign device or a BBMD, or
    neither; a foreign device has a fault while it is not `registered`.
    """
    mode = _FOREIGN if foreign else _BBMD if bbmd else _NORMAL_MODE
    images: dict[str, Image] = {
        **_of_port(_IPV4, octets((str(interface.ip), udp_port))),
        "networkNumber": lambda: encoding.unsigned(number() or 0),
        "networkNumberQuality": lambda: encoding.enumerated(number_quality()),
        "bacnetIPMode": encoding.enumerated(mode),
        "ipAddress": encoding.octets(interface.ip.packed),
        "bacnetIPUDPPort": encoding.unsigned(udp_port),
        "ipSubnetMask": encoding.octets(interface.netmask.packed),
        "ipDefaultGateway": encoding.octets(gateway.packed),
        "ipDNSServer": (encoding.octets(bytes(4)),),  # no name is ever looked up
    }
    if foreign:
        images["fdBBMDAddress"] = _host(place(foreign.bbmd))
        images["fdSubscriptionLifetime"] = encoding.unsigned(foreign.ttl)
        if registered:
            images |= _registration_state(registered)
    elif bbmd:
        images |= _of_bbmd(bbmd)
    return _port(instance, NETWORK_PORT, images)


def virtual_port(instance: int, number: int, mac: bytes | None = None) -> ServedObject:
    """Return the port `mac` of a device on the virtual network `number`.

    That of the router has none: it is not a station there.
    """
    images: dict[str, Image] = {
        **_of_port(_VIRTUAL, mac),
        "networkNumber": encoding.unsigned(number),
        "networkNumberQuality": encoding.enumerated(_CONFIGURED),
    }
    return _port(instance, VIRTUAL_NETWORK_PORT, images)


def _of_port(kind: int, mac: bytes | None) -> dict[str, Image]:
    images: dict[str, Image] = {
        "description": encoding.text(""),
        "statusFlags": status_flags(NORMAL, NO_FAULT),
        "reliability": RELIABILITY[NO_FAULT],
        "outOfService": encoding.boolean(False),
        "networkType": encoding.enumerated(kind),
        "protocolLevel": encoding.enumerated(_BACNET_APPLICATION),
        "changesPending": encoding.boolean(False),
        "apduLength": encoding.unsigned(LARGEST_APDU),
        "linkSpeed": encoding.real(0),  # not known (135, 12.56.16)
    }
    return images if mac is None else {**images, "macAddress": encoding.octets(mac)}


def _registration_state(registered: Callable[[], bool]) -> dict[str, Image]:
    def reliability() -> int:
        return NO_FAULT if registered() else _NOT_REGISTERED

    return {
        "reliability": lambda: encoding.enumerated(reliability()),
        "statusFlags": lambda: status_flags(NORMAL, reliability()),
    }


def _of_bbmd(tables: BbmdTables) -> dict[str, Image]:
    return {
        "bbmdAcceptFDRegistrations": encoding.boolean(tables.accepts),
        "bbmdBroadcastDistributionTable": kept(lambda: encoding.joined(map(_peer, tables.peers()))),
        "bbmdForeignDeviceTable": kept(
            lambda: encoding.joined(_registration(*each) for each in tables.registered())
        ),
    }


def _peer(where: Place) -> bytes:
    """Encode a BACnetBDTEntry."""
    return encoding.enclosed(0, _host(where)) + encoding.context(1, _WHOLE_ADDRESS)


def _registration(where: Place, ttl: int, remaining: int) -> bytes:
    """Encode a BACnetFDTEntry."""
    return (
        encoding.context(0, octets(where))
        + encoding.context_unsigned(1, ttl)
        + encoding.context_unsigned(2, remaining)
    )


def _host(where: Place) -> bytes:
    """Encode a BACnetHostNPort by its address."""
    address, udp_port = where
    host = encoding.context(1, IPv4Address(address).packed)
    return encoding.enclosed(0, host) + encoding.context_unsigned(1, udp_port)


def _port(instance: int, name: str, images: dict[str, Image]) -> ServedObject:
    numbered = {property_number(attribute): image for attribute, image in images.items()}
    return ServedObject(schemas.NetworkPortObject, instance, name, numbered)
