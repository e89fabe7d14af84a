"""What `submeter probe` listens with: one ear for each kind of instrument that speaks unasked."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from submeter import dlms_maps
from submeter.errors import FrameError
from submeter.sources.board import lines
from submeter.sources.board.intake import Intake
from submeter.sources.board.said import Said
from submeter.sources.dlms import notification, said, security, title
from submeter.sources.dlms.said import Item
from submeter.sources.dlms.transport import Apdu, Transport
from submeter.sources.port import Line
from submeter.sources.pulse.board import RecordReader
from submeter.sources.rp2040.record import SUMS
from submeter.sources.tic.listening import TicProbe
from submeter.yaml_text import quoted


class Ear(Protocol):
    """Listens for one kind of instrument."""

    @property
    def good(self) -> int:
        """What was valid so far: groups, messages, records."""

    @property
    def bad(self) -> int:
        """What was damaged so far."""

    @property
    def sure(self) -> bool:
        """Whether it is this kind, and no accident."""

    @property
    def question(self) -> bytes:
        """What to ask it once it is recognised; nothing of most."""

    @property
    def facts(self) -> Mapping[str, str]:
        """What is known of the instrument, for people."""

    @property
    def values(self) -> Mapping[str, str]:
        """What it last said, by its own labels."""

    def feed(self, data: bytes) -> None:
        """Take in the next bytes; raises nothing."""

    def entry(self, port: str, line: Line | None) -> str:
        """Return the line of the configuration; `line` is None where it is set elsewhere."""


class TicEar:
    """TIC: historique, standard, PME-PMI."""

    question = b""

    def __init__(self) -> None:
        self._probe = TicProbe()

    @property
    def good(self) -> int:
        """Groups."""
        return self._probe.good

    @property
    def bad(self) -> int:
        """Groups."""
        return self._probe.bad

    @property
    def sure(self) -> bool:
        """Whether several groups were valid: at another speed one in 64 is by chance."""
        return self.good >= 3 and self.good > self.bad

    @property
    def facts(self) -> Mapping[str, str]:
        """Mode and meter."""
        facts = {"protocol": f"TIC, mode {self._probe.mode}"}
        return facts | ({"meter": self._probe.meter} if self._probe.meter else {})

    @property
    def values(self) -> Mapping[str, str]:
        """The groups."""
        return self._probe.labels

    def feed(self, data: bytes) -> None:
        """Take in the next bytes."""
        self._probe.feed(data)

    def entry(self, port: str, line: Line | None) -> str:
        """Return the line of the configuration."""
        masked = ", format: 8N1" if line and line.masked else ""
        return f"tic: {{port: {quoted(port)}{masked}}}"


class DlmsEar:
    """DLMS that a meter pushes, over HDLC or M-Bus frames."""

    question = b""

    def __init__(self) -> None:
        self._transport = Transport()
        self._messages = 0
        self._facts: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._counts: set[int] = set()  # of the values in a message without codes

    @property
    def good(self) -> int:
        """Frames."""
        return self._transport.frames

    @property
    def bad(self) -> int:
        """Frames and messages."""
        return self._transport.dropped

    @property
    def sure(self) -> bool:
        """Whether there was a whole message, or several frames."""
        return self._messages > 0 or self.good >= 3

    @property
    def facts(self) -> Mapping[str, str]:
        """Framing, meter, ciphering, layout."""
        framing = {"hdlc": "HDLC", "mbus": "M-Bus"}.get(self._transport.framing or "", "unknown")
        return {"protocol": f"DLMS push in {framing} frames"} | self._facts

    @property
    def values(self) -> Mapping[str, str]:
        """The items of messages that are not ciphered."""
        return self._values

    def feed(self, data: bytes) -> None:
        """Take in the next bytes."""
        for apdu in self._transport.feed(data):
            self._messages += 1
            try:
                self._understand(apdu)
            except FrameError as error:
                self._facts["last message"] = str(error)

    def entry(self, port: str, line: Line | None) -> str:
        """Return the line of the configuration."""
        speed = f", baudrate: {line.baudrate}, format: {line.format}" if line else ""
        keys = ", keys: meter.keys" if "ciphered" in self._facts else ""
        name = dlms_maps.fitting(self._facts.get("layout", ""), self._counts)
        chosen = f", map: {name}" if name else ""
        return f"dlms: {{port: {quoted(port)}{chosen}{speed}{keys}}}"

    def _understand(self, apdu: Apdu) -> None:
        if security.ciphered(apdu.data):
            envelope = security.read(apdu.data)
            self._facts["meter"] = title.text(envelope.title)
            self._facts["ciphered"] = "yes: ask the utility for the keys"
            return
        found = notification.read(apdu.data)
        self._facts["layout"] = found.layout
        self._counts |= {item.among for item in found.items if item.obis is None}
        self._values |= dict(map(_shown, found.items))


class BoardEar:
    """An RP2040 board: with clamps, or one that only counts pulses."""

    question = f"{lines.command(1, 'id')}\n".encode()

    def __init__(self) -> None:
        self._intake = Intake(lambda tell: tell(self._hear))
        self._reader = RecordReader()
        self._counters: tuple[int, ...] = ()
        self._sums: tuple[int, ...] = ()
        self._uid = ""
        self._firmware = ""
        self._good = 0

    @property
    def good(self) -> int:
        """Records."""
        return self._good

    @property
    def bad(self) -> int:
        """Lines."""
        return self._intake.bad

    @property
    def sure(self) -> bool:
        """Whether there was one: its checksum is strong."""
        return self.good > 0

    @property
    def facts(self) -> Mapping[str, str]:
        """What it is, and with clamps its number, its firmware and its layout."""
        if not self._sums or not self._uid:
            return {"protocol": "board that counts pulses"}
        layout = "a voltage and three clamps" if self._has_voltage else "four clamps"
        facts = {"protocol": "RP2040 board with clamps", "board": self._uid, "layout": layout}
        return facts | ({"firmware": self._firmware} if self._firmware else {})

    @property
    def values(self) -> Mapping[str, str]:
        """The counters."""
        return {f"input {n}": str(count) for n, count in enumerate(self._counters, 1)}

    def feed(self, data: bytes) -> None:
        """Take in the next bytes."""
        self._intake.feed(data)

    def _hear(self, line: Said) -> None:
        record = self._reader.take(line)
        if record:
            self._good += 1
            self._counters, self._uid = record.counters, record.uid
            sums = line.content.get("s")
            self._sums = tuple(sums) if isinstance(sums, list) else ()
        elif line.tag == "ID" and isinstance(line.content.get("fw"), str):
            self._firmware = line.content["fw"]

    def entry(self, port: str, line: Line | None) -> str:
        """Return the line of the configuration."""
        if self._sums and self._uid:
            where = f"board: {quoted(self._uid)}"
            if not port.startswith("/dev/tty"):
                where += f", port: {quoted(port)}"
            voltage = "" if self._has_voltage else ", voltage: null"
            return f"rp2040: {{{where}{voltage}, clamps: {{L1: 1}}}}"
        # Nobody may take a weight over that the meter does not have: this one is refused.
        return f"pulse: {{board: {{port: {quoted(port)}, input: 1}}, weight: AS ON THE METER}}"

    @property
    def _has_voltage(self) -> bool:
        return len(self._sums) == SUMS["v3i"]


def _shown(item: Item) -> tuple[str, str]:
    label = item.obis or f"place {item.place}"
    exponent = f" x 10^{item.scaler}" if item.scaler else ""
    return label, f"{said.text(item.value)}{exponent} {item.unit or ''}".rstrip()


def all_ears() -> Iterator[Ear]:
    """Yield one of each kind."""
    yield TicEar()
    yield DlmsEar()
    yield BoardEar()
