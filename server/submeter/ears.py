"""What `submeter probe` listens with: one ear for each kind of instrument that speaks unasked."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from submeter import dlms_maps
from submeter.errors import FrameError
from submeter.sources.dlms import notification, said, security, title
from submeter.sources.dlms.said import Item
from submeter.sources.dlms.transport import Apdu, Transport
from submeter.sources.port import Line
from submeter.sources.pulse.board import BoardDecoder
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
    """A board that counts pulses."""

    def __init__(self) -> None:
        self._decoder = BoardDecoder()
        self._counters: tuple[int, ...] = ()

    @property
    def good(self) -> int:
        """Records."""
        return self._decoder.good

    @property
    def bad(self) -> int:
        """Records."""
        return self._decoder.bad

    @property
    def sure(self) -> bool:
        """Whether there was one: its checksum is strong."""
        return self.good > 0

    @property
    def facts(self) -> Mapping[str, str]:
        """What it is."""
        return {"protocol": "board that counts pulses"}

    @property
    def values(self) -> Mapping[str, str]:
        """The counters."""
        return {f"input {n}": str(count) for n, count in enumerate(self._counters, 1)}

    def feed(self, data: bytes) -> None:
        """Take in the next bytes."""
        for record in self._decoder.feed(data):
            self._counters = record.counters

    def entry(self, port: str, line: Line | None) -> str:
        """Return the line of the configuration."""
        # Nobody may take a weight over that the meter does not have: this one is refused.
        return f"pulse: {{board: {{port: {quoted(port)}, input: 1}}, weight: AS ON THE METER}}"


def _shown(item: Item) -> tuple[str, str]:
    label = item.obis or f"place {item.place}"
    exponent = f" x 10^{item.scaler}" if item.scaler else ""
    return label, f"{said.text(item.value)}{exponent} {item.unit or ''}".rstrip()


def all_ears() -> Iterator[Ear]:
    """Yield one of each kind."""
    yield TicEar()
    yield DlmsEar()
    yield BoardEar()
