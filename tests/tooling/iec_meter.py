"""A meter with a text readout (IEC 62056-21), at the end of a pseudo-terminal.

Sees the speed that the other program has set: `heard` has each message with that speed, so that a
test knows which of both came first.
"""

import functools
import operator
import time
from collections.abc import Callable, Sequence

from tooling.pty_meter import PtyMeter

NAK = b"\x15"
CHARACTERS = {"0": 300, "3": 2400, "4": 4800, "5": 9600, "6": 19200, "A": 600, "E": 9600}
E350 = (
    "F.F(00000000)",
    "0.0.0(  12345678)",
    "C.1.0(00417829)",
    "0.9.1(10:15:30)",
    "0.9.2(24-03-05)",
    "1.8.0(001234.567*kWh)",
    "1.8.1(000234.500*kWh)",
    "1.8.2(001000.067*kWh)",
    "2.8.0(000000.012*kWh)",
    "1.8.0*01(001200.000*kWh)",
    "1.8.1&01(000200.000*kWh)",
    "1.6.0(02.345*kW)(24-03-04 18:15)",
    "32.7(229*V)",
    "52.7(231.5*V)",
    "72.7(*V)",
    "31.7(1.25*A)",
    "16.7.0(-0.512*kW)",
    "C.5.0()",
)


def block(lines: Sequence[str]) -> bytes:
    """Return a readout of `lines`, from STX to BCC."""
    text = "".join(f"{line}\r\n" for line in lines).encode() + b"!\r\n\x03"
    return b"\x02" + text + bytes([functools.reduce(operator.xor, text)])


class IecMeter:
    """Answers at `port.node`; `readouts` are sent one after the other, the last one again.

    `identification` is what stands between `/` and CR LF. `ignored` is how many sign-ons it sleeps
    through. With a `device` it answers to that address only. With `echo` the head sends back what
    it is sent, as some do.
    """

    def __init__(
        self,
        identification: str = "LGZ4ZMF100AC.M23",
        readouts: Sequence[bytes] = (block(E350),),
        *,
        ignored: int = 0,
        device: str = "",
        echo: bool = False,
    ) -> None:
        self._identification = identification
        self._readouts = list(readouts)
        self._ignored = ignored
        self._device = device
        self._echo = echo
        self._buffer = b""
        self.heard: list[tuple[bytes, int]] = []
        self.binary: Callable[[bytes], bytes] | None = None
        self._speaks_binary = False
        self.port = PtyMeter(self._react)

    def _react(self, data: bytes) -> None:
        if self._echo:
            self.port.say(data)
        if self._speaks_binary and self.binary and not data.lstrip(b"\0").startswith(b"/?"):
            self.port.say(self.binary(data))
            return
        self._speaks_binary = False
        self._buffer += data
        while ends := [at for at in map(self._buffer.find, (b"\n", NAK)) if at >= 0]:
            end = min(ends) + 1
            message, self._buffer = self._buffer[:end], self._buffer[end:]
            self.heard.append((message, self.port.speed))
            self._answer(message.lstrip(b"\0"))

    def _answer(self, message: bytes) -> None:
        if message in (b"/?!\r\n", f"/?{self._device}!\r\n".encode()):
            self._identify(message)
        elif message[:2] == b"\x060":
            self._await(CHARACTERS[message[2:3].decode()])
            self._read_out()
        elif message[:2] == b"\x062":
            self._await(CHARACTERS[message[2:3].decode()])
            self._speaks_binary = True
        elif message == NAK:
            self._read_out()

    def _identify(self, message: bytes) -> None:
        if self._ignored:
            self._ignored -= 1
        elif not self._device or self._device.encode() in message:
            self.port.say(f"/{self._identification}\r\n".encode())
            character = self._identification[3]
            if not character.isdigit():
                self._await(CHARACTERS.get(character, 300))
                self._read_out()

    def _await(self, wanted: int) -> None:
        """Wait until the other program has gone to the speed that was agreed on."""
        until = time.monotonic() + 5
        while self.port.speed != wanted and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(0.02)

    def _read_out(self) -> None:
        self.port.say(self._readouts[0])
        if len(self._readouts) > 1:
            self._readouts.pop(0)
