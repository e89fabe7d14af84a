"""The broadcast management device of a subnet (ASHRAE 135, J.4)."""

from collections.abc import Callable, Iterable

from submeter.bacnet.link import bvll
from submeter.bacnet.link.bvll import REFUSALS, Function
from submeter.bacnet.link.foreign_table import ForeignTable
from submeter.bacnet.link.sockets import Sockets
from submeter.bacnet.peer import Place
from submeter.bacnet.settings import BbmdSettings, place
from submeter.meter.instant import Instant


class Bbmd:
    """Passes broadcasts on: those of the subnet, of the other BBMDs and of foreign devices.

    Nothing goes back to where it came from, and what another BBMD sent goes to no third one, so
    that nothing goes round. Only the subnet, the BBMDs of the configuration and registered devices
    make it send anything but one answer.
    """

    def __init__(
        self,
        settings: BbmdSettings,
        sockets: Sockets,
        clock: Callable[[], float] = lambda: Instant.now().mono,
    ) -> None:
        self._configured = list(dict.fromkeys(place(text) for text in settings.peers))
        self._sockets = sockets
        self._clock = clock
        self._foreign = ForeignTable(settings.foreign_devices)

    @property
    def peers(self) -> list[Place]:
        """The BBMDs of the other subnets."""
        return [peer for peer in self._configured if peer != self._sockets.station]

    def bdt(self) -> list[Place]:
        """Return the broadcast distribution table: ourselves and the peers."""
        return [self._sockets.station, *self.peers]

    def fdt(self) -> list[tuple[Place, int, int]]:
        """Return place, time to live and seconds left of each foreign device."""
        return self._foreign.entries(self._clock())

    def pass_own(self, npdu: bytes) -> None:
        """Pass on a broadcast of our own, which the subnet has heard already."""
        packet = bvll.forwarded(self._sockets.station, npdu)
        self._send(packet, [*self.peers, *self._devices()])

    def pass_original(self, npdu: bytes, source: Place) -> None:
        """Pass on a broadcast of a station of the subnet."""
        if self._sockets.near(source) and source not in self.peers:
            self._send(bvll.forwarded(source, npdu), [*self.peers, *self._devices()], source)

    def pass_forwarded(self, body: bytes, source: Place, shouted: bool) -> None:
        """Pass on what the peer `source` sent to us, or, if `shouted`, to our whole subnet."""
        origin, _ = bvll.forwarded_from(body)
        packet = bvll.encode(Function.FORWARDED_NPDU, body)
        if not shouted:
            self._sockets.broadcast(packet)
        self._send(packet, self._devices(), source, origin)

    def pass_distributed(self, npdu: bytes, source: Place) -> bool:
        """Pass on a broadcast of a foreign device; False, and a refusal, if it is none."""
        devices = self._devices()
        if source not in devices:
            self._answer(source, REFUSALS[Function.DISTRIBUTE_BROADCAST])
            return False
        packet = bvll.forwarded(source, npdu)
        self._sockets.broadcast(packet)
        self._send(packet, [*self.peers, *devices], source)
        return True

    def serve(self, function: int, body: bytes, source: Place) -> None:
        """Answer a request about the tables; raises FrameError."""
        match function:
            case Function.READ_BDT:
                self._sockets.send(bvll.broadcast_table(self.bdt()), source)
            case Function.READ_FDT:
                self._sockets.send(bvll.foreign_table(self.fdt()), source)
            case Function.WRITE_BDT:
                # The configuration says who the peers are, and nobody else.
                self._answer(source, REFUSALS[Function.WRITE_BDT])
            case Function.REGISTER_FOREIGN_DEVICE:
                ttl = bvll.number_from(body)
                # A peer gets every broadcast already.
                done = source not in self.peers and self._foreign.register(
                    source, ttl, self._clock()
                )
                self._answer(source, bvll.SUCCESS if done else REFUSALS[function])
            case Function.DELETE_FDT_ENTRY:
                done = self._foreign.delete(bvll.place_from(body), self._clock())
                self._answer(source, bvll.SUCCESS if done else REFUSALS[function])

    def _devices(self) -> list[Place]:
        return self._foreign.places(self._clock())

    def _answer(self, source: Place, code: int) -> None:
        self._sockets.send(bvll.result(code), source)

    def _send(self, packet: bytes, places: Iterable[Place], *but: Place) -> None:
        for to in places:
            if to not in but:
                self._sockets.send(packet, to)
