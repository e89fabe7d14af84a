"""The virtual link layer: NPDUs to and from one station or all (ASHRAE 135, annex J)."""

import logging
from collections.abc import Callable
from ipaddress import IPv4Interface
from typing import Literal

from submeter.bacnet.link import bvll
from submeter.bacnet.link.bbmd import Bbmd
from submeter.bacnet.link.bvll import REFUSALS, Function
from submeter.bacnet.link.foreign import Foreign
from submeter.bacnet.link.sockets import Sockets
from submeter.bacnet.peer import Place
from submeter.bacnet.settings import BbmdSettings, ForeignSettings
from submeter.errors import FrameError

_log = logging.getLogger(__name__)
_UNICAST = b"\x81\x0a"

Deliver = Callable[[bytes, Place, bool, Place | None], None]
"""Gets an NPDU, who sent it first, whether it was a broadcast, and who passed it on to us."""


class Link:
    """A station on the IP network: of its subnet, a foreign device elsewhere, or a BBMD.

    `deliver` gets each NPDU, and may raise FrameError. Where somebody passed one on, only that one
    is known for sure: who sent it first is what he says. `ready` is called when others can hear us,
    and again after that was not so: the link is open and the interface works, or, as a foreign
    device, the BBMD knows us. `malformed` counts the packets that were dropped for their form.
    """

    def __init__(
        self,
        interface: IPv4Interface,
        port: int,
        foreign: ForeignSettings | None = None,
        bbmd: BbmdSettings | None = None,
    ) -> None:
        self.interface = interface
        self.deliver: Deliver = lambda npdu, place, broadcast, via: None
        self.ready: Callable[[], None] = lambda: None
        self.malformed = 0
        self._sockets = Sockets(interface, port, self._received, self._back)
        self._foreign = Foreign(foreign, self._sockets, lambda: self.ready()) if foreign else None
        self._bbmd = Bbmd(bbmd, self._sockets) if bbmd else None

    @property
    def place(self) -> Place:
        """Our own place; port 0 becomes a free one with `open`."""
        return self._sockets.station

    @property
    def port(self) -> int:
        """Our UDP port."""
        return self.place[1]

    @property
    def where(self) -> str:
        """Our place as `ip:port`."""
        return f"{self.place[0]}:{self.place[1]}"

    @property
    def mode(self) -> Literal["normal", "bbmd", "foreign"]:
        """What we are to the broadcasts of other subnets."""
        if self._bbmd:
            return "bbmd"
        return "foreign" if self._foreign else "normal"

    @property
    def registered(self) -> bool:
        """Whether we are a foreign device that its BBMD knows."""
        return self._foreign is not None and self._foreign.registered

    def bdt(self) -> list[Place]:
        """Return the broadcast distribution table: the BBMDs of all subnets, ours the first."""
        return self._bbmd.bdt() if self._bbmd else []

    def fdt(self) -> list[tuple[Place, int, int]]:
        """Return place, time to live and seconds left of each foreign device."""
        return self._bbmd.fdt() if self._bbmd else []

    async def open(self) -> None:
        """Start to listen; raises ListenError."""
        self._sockets.open()
        self._back()

    async def close(self) -> None:
        """Close the sockets; a second time does nothing."""
        if self._foreign:
            self._foreign.stop()
        self._sockets.close()

    def send(self, npdu: bytes, place: Place) -> None:
        """Send an NPDU of at most 1497 octets to one station."""
        self._sockets.send(_UNICAST + (len(npdu) + 4).to_bytes(2, "big") + npdu, place)

    def broadcast(self, npdu: bytes) -> None:
        """Send an NPDU to every station of the IP network, beyond the subnet too."""
        if self._foreign:
            self._foreign.distribute(npdu)
            return
        self._sockets.broadcast(bvll.encode(Function.ORIGINAL_BROADCAST, npdu))
        if self._bbmd:
            self._bbmd.pass_own(npdu)

    def _back(self) -> None:
        if self._foreign:
            self._foreign.start()
        else:
            self.ready()

    def _received(self, data: bytes, source: Place, shouted: bool) -> None:
        try:
            function, body = bvll.decode(data)
            if function == Function.ORIGINAL_UNICAST:
                # Sent to a broadcast address it is heard by many, whatever it says.
                self.deliver(body, source, shouted, None)
            elif function == Function.ORIGINAL_BROADCAST:
                # Sent to us alone, it is not for the other subnets.
                if self._bbmd and shouted:
                    self._bbmd.pass_original(body, source)
                self.deliver(body, source, True, None)
            elif function == Function.FORWARDED_NPDU:
                self._forwarded(body, source, shouted)
            elif not shouted:
                self._managed(function, body, source)
        except FrameError as error:
            self._dropped(source, error)

    def _forwarded(self, body: bytes, source: Place, shouted: bool) -> None:
        """Take a broadcast of elsewhere: anyone may have made it up, so it is not always taken."""
        origin, npdu = bvll.forwarded_from(body)
        if not self._sockets.is_station(origin):
            raise FrameError("a forwarded NPDU comes from no station")
        peer = self._bbmd is not None and source in self._bbmd.peers
        ours = self._foreign is not None and source == self._foreign.bbmd
        if origin == self.place or not (shouted or peer or ours):
            return
        if self._bbmd and peer:
            self._bbmd.pass_forwarded(body, source, shouted)
        self.deliver(npdu, origin, True, source)

    def _managed(self, function: int, body: bytes, source: Place) -> None:
        if function == Function.RESULT:
            code = bvll.number_from(body)
            if self._foreign and source == self._foreign.bbmd:
                self._foreign.take(code)
        elif self._bbmd and function == Function.DISTRIBUTE_BROADCAST:
            if self._bbmd.pass_distributed(body, source):
                self.deliver(body, source, True, source)
        elif self._bbmd:
            self._bbmd.serve(function, body, source)
        elif function in REFUSALS:
            self._sockets.send(bvll.result(REFUSALS[function]), source)

    def _dropped(self, source: Place, error: FrameError) -> None:
        self.malformed += 1
        if self.malformed == 1:
            _log.info('event=bacnet_malformed source=%s error="%s"', source[0], error)
