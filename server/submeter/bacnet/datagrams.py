"""The UDP sockets below bacpypes3's BACnet/IP link layer.

bacpypes3's own server opens its socket with SO_REUSEPORT, so that a second program on the port
steals packets instead of failing; it retries for ever when the address does not exist; it keeps
answers to a loopback client on its own port to itself; and it logs a traceback for each malformed
packet.
"""

import asyncio
import errno
import logging
import socket
from ipaddress import IPv4Interface
from typing import Any, cast

from bacpypes3.comm import Server
from bacpypes3.pdu import PDU, IPv4Address, LocalBroadcast

from submeter.errors import ListenError

_log = logging.getLogger(__name__)
_Place = tuple[str, int]
_LIMITED = "255.255.255.255"


class Datagrams(Server):  # type: ignore[misc]  # bacpypes3 is not typed
    """Receives on an address and its broadcasts, hands packets up and sends what comes down."""

    def __init__(self, interface: IPv4Interface, port: int) -> None:
        super().__init__()
        self.malformed = 0
        self._station: _Place = (str(interface.ip), port)
        self._broadcast: _Place = (str(interface.network.broadcast_address), port)
        self._shared = [self._broadcast] if self._broadcast != self._station else []
        if not interface.ip.is_loopback:
            # Many clients call out to this address, which the socket above does not hear.
            self._shared.append((_LIMITED, port))
        self._open: list[_Listener] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen: set[type[Exception]] = set()

    async def open(self) -> None:
        """Start to listen; raises ListenError with one line when that is not possible."""
        try:
            await self._listen(self._station, IPv4Address(self._station), shared=False)
            for place in self._shared:
                await self._listen(place, LocalBroadcast(), shared=True)
        except OSError as error:
            await self.close()
            raise ListenError(_explain(error, self._station, self._broadcast)) from None

    async def close(self) -> None:
        """Close the sockets and give up what is being answered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        listeners, self._open = self._open, []
        for listener in listeners:
            listener.transport.close()
            await listener.lost.wait()

    async def indication(self, pdu: Any) -> None:
        """Send a packet that comes down from the link layer."""
        if not self._open:
            return
        to = pdu.pduDestination
        place = self._broadcast if isinstance(to, LocalBroadcast) else _place(to.addrAddr)
        self._open[0].transport.sendto(bytes(pdu.pduData), place)

    def receive(self, data: bytes, source: _Place, destination: Any) -> None:
        """Hand a packet up to the link layer."""
        pdu = PDU(data, source=IPv4Address(source), destination=destination)
        task = asyncio.get_running_loop().create_task(self._hand_up(pdu, source))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hand_up(self, pdu: Any, source: _Place) -> None:
        try:
            await self.response(pdu)
        # The library's decoders do not check: a bad packet raises whatever they stumble upon.
        except Exception as error:
            self.malformed += 1
            new = type(error) not in self._seen
            self._seen.add(type(error))
            level = logging.INFO if new else logging.DEBUG
            _log.log(level, "event=bacnet_malformed source=%s error=%r", source[0], error)

    async def _listen(self, place: _Place, destination: Any, shared: bool) -> None:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            if shared:
                # Each device of this machine hears the broadcasts; stacks ask for it in two ways.
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            opened.bind(place)
        except OSError:
            opened.close()
            raise
        listener = _Listener(self, destination)
        self._open.append(listener)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: listener, sock=opened)


class _Listener(asyncio.DatagramProtocol):
    """One socket; what arrives at it was sent to `destination`."""

    transport: asyncio.DatagramTransport

    def __init__(self, datagrams: Datagrams, destination: Any) -> None:
        self.lost = asyncio.Event()
        self._datagrams = datagrams
        self._destination = destination

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._datagrams.receive(data, addr, self._destination)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


def _place(address: bytes) -> _Place:
    """Return the place that a B/IP address names: four octets and a port (135, annex J.1.2)."""
    return socket.inet_ntoa(address[:4]), int.from_bytes(address[4:6], "big")


def _explain(error: OSError, station: _Place, broadcast: _Place) -> str:
    ip, port = station
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"bacnet: port {port} on {ip} is taken by another program; "
                "stop it or set bacnet.port"
            )
        case errno.EACCES | errno.EPERM:
            return f"bacnet: no permission to take port {port} on {ip}; set bacnet.port"
        case errno.EADDRNOTAVAIL:
            return (
                f"bacnet: {ip} or its broadcast address {broadcast[0]} is not on this machine; "
                "correct bacnet.address"
            )
    return f"bacnet: cannot listen on {ip} port {port}: {error.strerror}"
