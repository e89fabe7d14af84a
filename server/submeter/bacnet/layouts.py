"""The three ways to show many meters: one device, a network of devices, an address for each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface

from submeter.bacnet.announcing import Announcing
from submeter.bacnet.carrier import Carrier
from submeter.bacnet.discovery.budget import Budget
from submeter.bacnet.host import Common, Host, Identity
from submeter.bacnet.link import address
from submeter.bacnet.link.address_watch import AddressWatch
from submeter.bacnet.link.link import Link
from submeter.bacnet.network.network import Network
from submeter.bacnet.network.node import Node
from submeter.bacnet.objects import network_port
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.outside import ServedMeter
from submeter.bacnet.peer import GLOBAL, Peer
from submeter.bacnet.settings import PORT, BacnetSettings


@dataclass
class Wire:
    """One address that we answer at, and the devices behind it."""

    link: Link
    network: Network
    watch: AddressWatch
    budget: Budget
    hosts: list[Host] = field(default_factory=list)
    _announcing: Announcing | None = None

    async def open(self) -> None:
        """Listen, and tell all networks which devices there are; raises ListenError."""
        self._announcing = Announcing([host.announce for host in self.hosts])
        self.network.ready = self._announcing
        await self.link.open()
        self.watch.start()

    async def close(self) -> None:
        """Close the sockets, and stop every timer."""
        if self._announcing:
            self._announcing.close()
        self.watch.close()
        self.network.close()
        self.budget.close()
        await self.link.close()


def wires(common: Common, meters: Sequence[ServedMeter]) -> list[Wire]:
    """Return what the layout of the settings comes to; raises ConfigError or ListenError."""
    match common.settings.layout:
        case "device":
            return [_one_device(common, meters)]
        case "network":
            return [_virtual_network(common, meters)]
        case "ip_per_meter":
            return [_address_of_its_own(common, each) for each in meters]


def unattached(common: Common, meters: Sequence[ServedMeter]) -> list[Host]:
    """Return the devices of the layout without any network, to look at what they are."""
    number = common.settings.network_number or 0
    match common.settings.layout:
        case "device":
            return [Host(of_site(common, meters), [_sample_port()], meters, _NOWHERE, common)]
        case "network":
            ports = [_sample_port(), network_port.virtual_port(2, number)]
            router = Host(of_site(common, meters), ports, (), _NOWHERE, common)
            return [router, *(_behind(common, each, _NOWHERE) for each in meters)]
        case "ip_per_meter":
            return [
                Host(of_meter(common, each), [_sample_port()], [each], _NOWHERE, common)
                for each in meters
            ]


def of_site(common: Common, meters: Sequence[ServedMeter]) -> Identity:
    """Return who the one device is, or the router; with one meter, what that meter is."""
    settings, site = common.settings, common.outside.site
    single = meters[0] if len(meters) == 1 and settings.layout == "device" else None
    return Identity(
        settings.device_id or 0,
        settings.device_name or site,
        model=(single.model if single else None) or settings.model_name,
        serial=single.serial if single else common.outside.serial,
        location=settings.location,
        description=settings.description,
    )


def of_meter(common: Common, each: ServedMeter) -> Identity:
    """Return who the device of one meter is."""
    settings, place = common.settings, each.place
    return Identity(
        place.device_id or 0,
        place.device_name or f"{common.outside.site} {each.meter.name}",
        model=each.model or settings.model_name,
        serial=each.serial,
        location=place.location or settings.location,
        description=settings.description or f"Electrical submeter {each.meter.name}",
    )


def _one_device(common: Common, meters: Sequence[ServedMeter]) -> Wire:
    wire = _wire(common.settings, common.settings.address, 1)
    _attach(wire, wire.network.station(), of_site(common, meters), common, meters)
    return wire


def _virtual_network(common: Common, meters: Sequence[ServedMeter]) -> Wire:
    settings, number = common.settings, common.settings.network_number or 0
    wire = _wire(settings, settings.address, 1 + len(meters))
    virtual = wire.network.virtual(number, settings.announce)
    own = network_port.virtual_port(2, number)
    _attach(wire, wire.network.station(), of_site(common, meters), common, (), own)
    for each in meters:
        node = virtual.node(_mac(each.place.device_id or 0))
        host = _behind(common, each, node, wire)
        node.receiver = host.application.receive
        wire.hosts.append(host)
    return wire


def _behind(common: Common, each: ServedMeter, carrier: Carrier, wire: Wire | None = None) -> Host:
    """Return the device of a meter on the virtual network behind `wire`, if it is on any."""
    identity, settings = of_meter(common, each), common.settings
    port = network_port.virtual_port(1, settings.network_number or 0, _mac(identity.instance))
    if wire is None:
        return Host(identity, [port], [each], carrier, common)
    return Host(identity, [port], [each], carrier, common, wire.budget, _number_of(wire.network))


def _number_of(network: Network) -> Callable[[], int]:
    """Return what tells the number of the IP network; 0 while nobody has said it."""
    return lambda: network.number or 0


def _address_of_its_own(common: Common, each: ServedMeter) -> Wire:
    wire = _wire(common.settings, each.place.address or common.settings.address, 1)
    _attach(wire, wire.network.station(), of_meter(common, each), common, [each])
    return wire


def _attach(
    wire: Wire,
    node: Node,
    identity: Identity,
    common: Common,
    meters: Sequence[ServedMeter],
    *ports: ServedObject,
) -> None:
    """Make the device at the address of `wire` itself."""
    own = [_ip_port(common.settings, wire), *ports]
    host = Host(identity, own, meters, node, common, wire.budget)
    node.receiver = host.application.receive
    wire.hosts.append(host)


def _mac(instance: int) -> bytes:
    """Return the MAC address on the virtual network, which no other meter can change.

    It is the device instance in three octets, as on BACnet/IPv6 (135, H.7.2).
    """
    return instance.to_bytes(3, "big")


def _wire(settings: BacnetSettings, wanted: str, devices: int) -> Wire:
    """Return the address `wanted`, which so many devices share."""
    interface = IPv4Interface(address.resolve(wanted))
    link = Link(interface, settings.port, settings.foreign, settings.bbmd)
    network = Network(link, settings.ip_network_number)
    return Wire(link, network, AddressWatch(wanted, interface.ip), Budget(link.where, devices))


def _ip_port(settings: BacnetSettings, wire: Wire) -> ServedObject:
    link, network = wire.link, wire.network
    tables = None
    if settings.bbmd:
        accepts = settings.bbmd.foreign_devices > 0
        tables = network_port.BbmdTables(accepts, link.bdt, link.fdt)
    return network_port.ip_port(
        1,
        link.interface,
        settings.port,
        address.gateway(link.interface.ip),
        lambda: network.number,
        lambda: network.number_quality,
        foreign=settings.foreign,
        registered=lambda: link.registered,
        bbmd=tables,
    )


def _sample_port() -> ServedObject:
    interface = IPv4Interface("192.0.2.1/24")  # an address for documents (RFC 5737)
    return network_port.ip_port(1, interface, PORT, IPv4Address(0), lambda: None, lambda: 0)


class _Nowhere:
    """A Carrier without a network."""

    def send(
        self, apdu: bytes, to: Peer, *, reply_expected: bool = False, priority: int = 0
    ) -> None:
        """Send nothing."""

    def broadcast(self, apdu: bytes, network: int = GLOBAL, *, priority: int = 0) -> None:
        """Send nothing."""


_NOWHERE = _Nowhere()
