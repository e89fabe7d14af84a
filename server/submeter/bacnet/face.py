"""The BACnet/IP face: one device that serves the objects of one or more meters."""

import functools
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Interface

from bacpypes3.comm import bind
from bacpypes3.ipv4.bvll import BVLLCodec
from bacpypes3.ipv4.service import BIPNormal
from bacpypes3.netservice import NetworkServiceAccessPoint, NetworkServiceElement
from bacpypes3.pdu import IPv4Address

from submeter.bacnet import address, device
from submeter.bacnet.datagrams import Datagrams
from submeter.bacnet.discovery import Discovery
from submeter.bacnet.objects import ObjectTable
from submeter.bacnet.points import PointObject
from submeter.bacnet.routes import Routes
from submeter.bacnet.settings import BacnetSettings, ServedMeter
from submeter.bacnet.transactions import Transactions
from submeter.meter.reading import Reading

_log = logging.getLogger(__name__)
_Shown = Mapping[str, Sequence[PointObject]]


class BacnetFace:
    """Serves `meters` as one BACnet/IP device.

    Raises ConfigError at once when two objects have the same instance or name. `where` is the
    `ip:port` that clients reach it at, known once it is started.
    """

    def __init__(self, settings: BacnetSettings, meters: Sequence[ServedMeter]) -> None:
        self.where = ""
        self._settings = settings
        self._device = device.device(settings)
        self._port = device.network_port()
        points = [list(_points(served, len(meters) > 1)) for served in meters]
        self.table = ObjectTable([self._device, self._port, *(o for own in points for o in own)])
        device.describe(self._device, self.table)
        for served, own in zip(meters, points, strict=True):
            served.meter.subscribe(functools.partial(_show, _by_point(own)))
        self._datagrams: Datagrams | None = None
        self._transactions: Transactions | None = None

    async def start(self) -> None:
        """Listen; the device answers when this returns. Raises ListenError."""
        # The library warns of packets that are wrong: once a packet, for as long as they come.
        logging.getLogger("bacpypes3").setLevel(logging.ERROR)
        port = self._settings.port
        interface = IPv4Interface(address.resolve(self._settings.address))
        device.place(self._port, interface, port, address.gateway(interface.ip))
        self._transactions = Transactions(self.table)
        self._datagrams = Datagrams(interface, port)
        link, network = BIPNormal(), NetworkServiceAccessPoint(router_info_cache=Routes())
        bind(link, BVLLCodec(), self._datagrams)
        bind(NetworkServiceElement(), network)
        bind(Discovery(self._device, self.table, self._settings.vendor_id), self._transactions)
        bind(self._transactions, network)
        network.bind(link, address=IPv4Address(f"{interface}:{port}"))
        await self._datagrams.open()
        self.where = f"{interface.ip}:{port}"
        _log.info("event=bacnet_listening where=%s device=%d", self.where, self._device.instance)

    async def stop(self) -> None:
        """Close the sockets; what is being answered is given up."""
        if self._datagrams:
            await self._datagrams.close()
            self._datagrams = None
        if self._transactions:
            self._transactions.close()
            self._transactions = None


def _points(served: ServedMeter, several: bool) -> Iterator[PointObject]:
    described = f"{served.meter.name}: " if several else ""
    for entry in served.map.objects:
        yield PointObject(entry, served.instance_offset, served.name_prefix, described)


def _by_point(objects: Sequence[PointObject]) -> _Shown:
    """Return the objects by the point that they show; a point may have several."""
    shown = defaultdict(list)
    for entry in objects:
        shown[entry.entry.point.name].append(entry)
    return shown


def _show(shown: _Shown, readings: Mapping[str, Reading]) -> None:
    """Take over readings that changed; no request comes between two of them."""
    for name, reading in readings.items():
        for entry in shown.get(name, ()):
            entry.show(reading)
