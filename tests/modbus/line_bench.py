"""Two units on a serial line, and what a master may ask them."""

from modbus.units import NOW, Site
from modbus.wire import read
from submeter.meter.access import Who
from submeter.modbus.diagnostics import Line
from submeter.modbus.unit import Answer, Peer

PEER = Peer(Who("modbus.rtu", "/dev/ttyUSB0"))
READ = read(3, 2, 1).hex()
LISTEN, RESTART, FORGET, CLEAR = "08 0004 0000", "08 0001 0000", "08 0001 ff00", "08 000a 0000"
HEARD, ERRORS, EXCEPTIONS, MESSAGES, SILENT, NAK, BUSY, OVERRUNS = range(11, 19)


class Bench:
    """Units 5 and 6 on a line, with a clock that is set."""

    def __init__(self, guarded: bool = False) -> None:
        self.sites = {5: Site(), 6: Site()}
        self.units = {number: site.unit for number, site in self.sites.items()}
        self.now = NOW
        self.line = Line(self.units, "/dev/ttyUSB0", guarded, lambda: self.now)

    def wait(self, seconds: float) -> None:
        self.now = self.now._replace(mono=self.now.mono + seconds)

    def ask(self, pdu: str, unit: int = 5) -> Answer:
        """Send a frame to `unit`."""
        self.line.heard()
        return self.line.answer(unit, bytes.fromhex(pdu), PEER, NOW)

    def tell(self, pdu: str) -> None:
        """Send a frame to all."""
        self.line.heard()
        self.line.broadcast(bytes.fromhex(pdu), PEER, NOW)

    def count(self, sub: int, unit: int = 5) -> int:
        """Ask `unit` for a counter of function 8; the question itself is not counted in it."""
        reply = self.ask(f"08 {sub:04x} 0000", unit)
        assert isinstance(reply, bytes)
        return int.from_bytes(reply[3:]) - (sub in (HEARD, MESSAGES))

    def events(self, unit: int = 5) -> str:
        """Ask `unit` for its event log, latest first, without the question."""
        reply = self.ask("0c", unit)
        assert isinstance(reply, bytes)
        assert reply[1] == len(reply) - 2
        assert reply[8] == 0x80
        return reply[9:].hex(" ")

    def completed(self, unit: int = 5) -> int:
        reply = self.ask("0b", unit)
        assert isinstance(reply, bytes)
        return int.from_bytes(reply[3:])
