"""The UDP sockets of a B/IP station: its own address, and the broadcasts that it hears."""

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface

from submeter.bacnet.peer import Place
from submeter.errors import ListenError

_log = logging.getLogger(__name__)

LIMITED = "255.255.255.255"
# Larger than any packet of ours; of one that is larger still, the length does not agree.
_LARGEST = 2048
# As many, or what takes so long, in one turn of the loop: several answers for its price, and others
# have theirs soon. The rest waits in the socket for the next turn.
_TURN = 16
_LONGEST_TURN = 0.002  # s
_RECEIVE_BUFFER = 1 << 20
_CHECK_EACH = 5.0

Deliver = Callable[[bytes, Place, bool], None]


class Sockets:
    """Takes in datagrams and sends them; one that cannot be sent is lost.

    `deliver` gets each datagram, its source, and whether it was sent to a broadcast address; what
    the station itself sent is not among them. `back` is called when the interface works again
    after it did not. `station` is the own place; port 0 becomes a free one with `open`.
    """

    def __init__(
        self,
        interface: IPv4Interface,
        port: int,
        deliver: Deliver,
        back: Callable[[], None] = lambda: None,
    ) -> None:
        self.station: Place = (str(interface.ip), port)
        # Below two bits of host there is no address for broadcasts (RFC 3021).
        self._alone = interface.network.prefixlen >= 31
        self._subnet = LIMITED if self._alone else str(interface.network.broadcast_address)
        self._heard = [] if self._alone else [self._subnet]
        if not interface.ip.is_loopback:
            # Many clients call out to this address, which the subnet's socket does not hear.
            self._heard.append(LIMITED)
        self._network = interface.network
        self._deliver = deliver
        self._back = back
        self._open: dict[str, socket.socket] = {}
        self._up = True
        self._timer: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Start to listen; raises ListenError with one line when that is not possible."""
        try:
            self._listen_to_all()
        except OSError as error:
            self.close()
            raise ListenError(_explain(error, self.station, self._subnet)) from None

    def close(self) -> None:
        """Close the sockets; a second time does nothing."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        for address in list(self._open):
            self._forget(address)
        self._up = True

    def send(self, data: bytes, place: Place) -> None:
        """Send one datagram to `place`."""
        own = self._open.get(self.station[0])
        if own is None:
            return
        try:
            own.sendto(data, place)
        except BlockingIOError:
            pass  # the interface is slower than we are
        except OSError:
            # One station that cannot be reached, or none at all.
            if self._timer is None:
                self._check()

    def broadcast(self, data: bytes) -> None:
        """Send one datagram to every station of the subnet."""
        self.send(data, (self._subnet, self.station[1]))

    def near(self, place: Place) -> bool:
        """Tell whether `place` is in our subnet."""
        return self._alone or IPv4Address(place[0]) in self._network

    def is_station(self, place: Place) -> bool:
        """Tell whether `place` can be that of one station, so that answers to it hit no others."""
        address = IPv4Address(place[0])
        special = address.is_multicast or int(address) == 0 or place[0] in (LIMITED, self._subnet)
        return place[1] != 0 and not special

    def _listen_to_all(self) -> None:
        ip, port = self.station
        if ip not in self._open:
            self._listen(ip, port, shared=False)
            self.station = (ip, self._open[ip].getsockname()[1])
        for address in self._heard:
            if address not in self._open:
                self._listen(address, self.station[1], shared=True)

    def _listen(self, address: str, port: int, shared: bool) -> None:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            if shared:
                # Each device of this machine hears the broadcasts; stacks ask for it in two ways.
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            opened.bind((address, port))
        except OSError:
            opened.close()
            raise
        self._open[address] = opened
        asyncio.get_running_loop().add_reader(opened.fileno(), self._ready, address, shared)

    def _ready(self, address: str, shared: bool) -> None:
        receive = self._open[address].recvfrom
        clock = time.monotonic
        end = clock() + _LONGEST_TURN
        for _ in range(_TURN):
            try:
                data, source = receive(_LARGEST)
            except BlockingIOError:
                return
            except OSError as error:
                self._forget(address)
                self._down(error)
                return
            # This address is heard on every interface of the machine, not only on ours.
            stray = address == LIMITED and not self.near(source)
            if source != self.station and not stray:
                self._deliver(data, source, shared)
                if address not in self._open or clock() >= end:
                    return

    def _forget(self, address: str) -> None:
        closing = self._open.pop(address)
        asyncio.get_running_loop().remove_reader(closing.fileno())
        closing.close()

    def _check(self) -> None:
        """Find out whether the interface works; open anew what was lost."""
        self._timer = None
        try:
            self._listen_to_all()
            # Nothing is sent, but it fails without the address and without a way to the subnet.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                probe.bind((self.station[0], 0))
                probe.connect((self._subnet, self.station[1]))
        except OSError as error:
            self._down(error)
            return
        if not self._up:
            self._up = True
            _log.info("event=bacnet_interface_back address=%s", self.station[0])
            self._back()

    def _down(self, error: OSError) -> None:
        if self._up:
            self._up = False
            message = 'event=bacnet_interface_down address=%s reason="%s"'
            _log.warning(message, self.station[0], error.strerror)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_CHECK_EACH, self._check)


def _explain(error: OSError, station: Place, broadcast: str) -> str:
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
                f"bacnet: {ip} or its broadcast address {broadcast} is not on this machine; "
                "correct bacnet.address"
            )
    return f"bacnet: cannot listen on {ip} port {port}: {error.strerror}"
