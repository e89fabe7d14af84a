r"""How a meter introduces itself on an optical port, and how it is answered.

IEC 62056-21:2002, 6.3.2 and 6.3.3: `/XXXZ identification CR LF`, with the manufacturer XXX and the
baud rate character Z, and the acknowledgement `ACK V Z Y CR LF`. Annex E: `\2` after Z says that
the meter speaks HDLC as well.
"""

import re
from typing import Literal, NamedTuple

LONGEST = 256
"""Bytes within which an identification must have come; it has about 40 at most."""

SIGN_ON_BAUDRATE = 300

_SPEEDS_C = dict(zip("0123456", (300, 600, 1200, 2400, 4800, 9600, 19200), strict=True))
_SPEEDS_B = dict(zip("ABCDEF", (600, 1200, 2400, 4800, 9600, 19200), strict=True))

# A '/' within the identification is none that starts it; an echo of the request starts with '/?'.
_FORM = re.compile(
    rb"(?:^|[^!-~])/([A-Za-z]{3})([!-~])((?:\\[!-~])*)([ -~]{0,64})\r\n", flags=re.DOTALL
)


class Identification(NamedTuple):
    """What a meter says of itself: maker, speed character, and a text that is the maker's own."""

    manufacturer: str
    character: str
    enhanced: str
    text: str

    @property
    def mode(self) -> Literal["A", "B", "C"]:
        """The protocol mode that the speed character stands for."""
        if self.character in _SPEEDS_C:
            return "C"
        return "B" if self.character in _SPEEDS_B else "A"

    @property
    def baudrate(self) -> int:
        """The speed that the meter offers, or in mode B takes."""
        every = _SPEEDS_C | _SPEEDS_B
        return every.get(self.character, SIGN_ON_BAUDRATE)

    @property
    def hdlc(self) -> bool:
        """Whether the meter can be spoken to in HDLC (annex E)."""
        return self.mode == "C" and "\\2" in self.enhanced

    def __str__(self) -> str:
        return f"{self.manufacturer} {self.text}".strip()


def request(device: str = "", wake: int = 0) -> bytes:
    """Return the request for an identification, with `wake` NUL bytes before it."""
    return bytes(wake) + b"/?" + device.encode() + b"!\r\n"


def find(data: bytes) -> tuple[Identification, bytes] | None:
    """Return the identification that stands in `data` and what follows it, None if none does.

    Noise before it and an echo of the request are passed over.
    """
    match = _FORM.search(data)
    if match is None:
        return None
    parts = (part.decode("ascii") for part in match.groups())
    return Identification(*parts), data[match.end() :]


def acknowledge(character: str, *, hdlc: bool = False) -> bytes:
    """Return the acknowledgement that asks for the speed `character`.

    Without `hdlc` it asks for the readout of mode C, with it for HDLC (mode E).
    """
    kind = "2" if hdlc else "0"
    return b"\x06" + f"{kind}{character}{kind}".encode() + b"\r\n"
