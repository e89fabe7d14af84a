"""Telnet as a serial device server speaks it (RFC 854, 855, 856, 858, and 2217 for the line).

The client asks for binary transmission both ways, for no go-ahead, and for the COM port option; it
refuses everything else.
"""

import re
from collections.abc import Iterator

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
BINARY, GO_AHEAD, COM_PORT = 0, 3, 44
LONGEST = 256
"""Bytes of a subnegotiation; of a longer one nothing is kept."""

_TEXT, _COMMAND, _OPTION, _INNER, _INNER_COMMAND = "text", "command", "option", "inner", "end"

_PLAIN = re.compile(rb"(?:[^\xff]++|\xff\xff)+")
"""Text up to the next command."""

_OURS = (BINARY, GO_AHEAD, COM_PORT)
_THEIRS = (BINARY, GO_AHEAD, COM_PORT)

OPENING = bytes(
    [
        IAC,
        WILL,
        COM_PORT,
        IAC,
        WILL,
        BINARY,
        IAC,
        DO,
        BINARY,
        IAC,
        WILL,
        GO_AHEAD,
        IAC,
        DO,
        GO_AHEAD,
    ]
)
"""What a client says first."""


def escaped(data: bytes) -> bytes:
    """Return `data` as it is sent."""
    return data.replace(b"\xff", b"\xff\xff")


def command(code: int, value: bytes) -> bytes:
    """Return a command of the COM port option (RFC 2217, 3)."""
    return bytes([IAC, SB, COM_PORT]) + escaped(bytes([code]) + value) + bytes([IAC, SE])


class Telnet:
    """What came over a Telnet connection: `data` of the line, and what is to be answered.

    `answers` are the commands of the COM port option from the server, with their values; `refused`
    tells that the server does not have the option.
    """

    def __init__(self) -> None:
        self.refused = False
        self._state = _TEXT
        self._verb = 0
        self._inner = bytearray()
        self._asked = {(WILL, option) for option in _OURS} | {(DO, BINARY), (DO, GO_AHEAD)}

    def feed(self, data: bytes) -> tuple[bytes, bytes, list[tuple[int, bytes]]]:
        """Take what arrived; return the line's bytes, what to send back, and the answers."""
        text, back = bytearray(), bytearray()
        answers: list[tuple[int, bytes]] = []
        at = 0
        while at < len(data):
            if self._state is _TEXT and (plain := _PLAIN.match(data, at)):
                text += plain[0].replace(b"\xff\xff", b"\xff")
                at = plain.end()
            else:
                answers.extend(self._take(data[at], text, back))
                at += 1
        return bytes(text), bytes(back), answers

    def _take(self, byte: int, text: bytearray, back: bytearray) -> Iterator[tuple[int, bytes]]:
        match self._state:
            case "text" if byte == IAC:
                self._state = _COMMAND
            case "text":
                text.append(byte)
            case "command":
                self._command(byte, text)
            case "option":
                self._state = _TEXT
                back += self._reply(self._verb, byte)
            case "inner" if byte == IAC:
                self._state = _INNER_COMMAND
            case "inner":
                self._keep(byte)
            case _:
                yield from self._inner_command(byte)

    def _command(self, byte: int, text: bytearray) -> None:
        self._state = _TEXT
        if byte == IAC:
            text.append(IAC)
        elif byte in (WILL, WONT, DO, DONT):
            self._verb, self._state = byte, _OPTION
        elif byte == SB:
            self._inner.clear()
            self._state = _INNER

    def _inner_command(self, byte: int) -> Iterator[tuple[int, bytes]]:
        if byte == IAC:
            self._state = _INNER
            self._keep(IAC)
            return
        # Anything but SE is a fault, and ends it all the same.
        self._state = _TEXT
        if byte == SE and len(self._inner) <= LONGEST and self._inner[:1] == bytes([COM_PORT]):
            code, value = self._inner[1:2], bytes(self._inner[2:])
            if code:
                yield code[0], value

    def _keep(self, byte: int) -> None:
        if len(self._inner) <= LONGEST:
            self._inner.append(byte)

    def _reply(self, verb: int, option: int) -> bytes:
        """Return the answer to an offer or a demand; none to what answers ours."""
        if verb in (WONT, DONT):
            self.refused |= verb == DONT and option == COM_PORT
            return b""
        wanted = option in (_THEIRS if verb == WILL else _OURS)
        yes, no = (DO, DONT) if verb == WILL else (WILL, WONT)
        if wanted and (yes, option) in self._asked:
            return b""
        if wanted:
            self._asked.add((yes, option))
        return bytes([IAC, yes if wanted else no, option])
