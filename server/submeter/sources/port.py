"""Where an instrument's bytes come from: a device node, a TCP socket, a recorded file, a board."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, Protocol
from urllib.parse import SplitResult, parse_qs, urlsplit

from submeter.sources.board.found import Numbered
from submeter.sources.device import Device
from submeter.sources.network import Rfc2217, Socket
from submeter.sources.replay import Replay
from submeter.sources.rp2040.simulated_board import PROFILES, SimulatedBoard

__all__ = [
    "Device",
    "Format",
    "Line",
    "Numbered",
    "Pace",
    "Port",
    "Replay",
    "Rfc2217",
    "SimulatedBoard",
    "Socket",
    "Spec",
]

Format = Literal["7E1", "7N1", "7O1", "8N1", "8E1", "8O1", "8N2"]

Pace = Callable[[bytes], float]


class Line(NamedTuple):
    """How a serial line is set. With `masked` the line is 7E1 and the device is set to 8N1.

    Both have the same frame on the wire; the even parity is checked and taken off here then, for
    UARTs without parity.
    """

    baudrate: int
    format: Format = "8N1"
    masked: bool = False

    def __str__(self) -> str:
        return f"{self.baudrate} {self.format}"

    @property
    def bits(self) -> int:
        """The bits of a character on the wire, with start, parity and stop."""
        data, parity, stop = self.format
        return 1 + int(data) + (parity != "N") + int(stop)


class Port(Protocol):
    """An open port."""

    @property
    def tunable(self) -> bool:
        """Whether `retune` has an effect: a device node and rfc2217 have a speed, others none."""

    async def read(self) -> bytes:
        """Wait for bytes and return them, never none; raises LinkError when the port is gone.

        May be cancelled at any time without loss of bytes.
        """

    async def write(self, data: bytes) -> None:
        """Send `data` and wait until the line has taken it; raises LinkError.

        Bytes may be left in the adapter's own buffer then, for as long as they take to send.
        """

    async def retune(self, line: Line) -> None:
        """Go on with other settings, and drop what was received; raises LinkError.

        Bytes that were written before are sent out first, with the old settings.
        """

    def discard(self) -> None:
        """Drop what was received and not read yet."""

    def elapsed(self) -> float:
        """Return the seconds that have passed for the instrument; only differences matter."""

    def close(self) -> None:
        """Give the port back; may be called twice."""


Spec = Device | Socket | Rfc2217 | Replay | Numbered | SimulatedBoard

_UID = re.compile(r"[0-9A-Za-z]{4,64}")
_HEX = re.compile(r"[0-9A-Fa-f]{4,32}")


def parse(text: str, folder: Path, *, board: bool = False) -> Spec:
    """Return the port that `text` names; a relative recording is looked up in `folder`.

    Raises ValueError that says what would be right, with `board` what a board may be at, too.
    """
    if text.startswith("socket://"):
        return Socket(*_address(text, "socket"))
    if text.startswith("rfc2217://"):
        return Rfc2217(*_address(text, "rfc2217"))
    if text.startswith("replay:"):
        return _replay(text, folder)
    if text.startswith("board:"):
        return _numbered(text)
    if text.startswith("simulated:"):
        return _simulated(text)
    if text.startswith("/") and "\0" not in text:
        return Device(Path(text))
    known = "/dev/serial/by-id/..., socket://host:port, rfc2217://host:port"
    more = "replay:FILE, board:UID or simulated:PROFILE" if board else "replay:FILE"
    raise ValueError(f"'{text}' is no port; write {known}{',' if board else ' or'} {more}")


def _address(text: str, scheme: str) -> tuple[str, int]:
    try:
        parts = urlsplit(text)
        if " " in text or not parts.hostname or not parts.port or _extra(parts):
            raise ValueError
        parts.hostname.encode("idna")
    except ValueError:
        raise ValueError(f"'{text}' is no address; write {scheme}://host:port") from None
    return parts.hostname, parts.port


def _extra(parts: SplitResult) -> str | None:
    """Return what stands besides host and port."""
    return parts.path.strip("/") or parts.query or parts.fragment or parts.username


def _replay(text: str, folder: Path) -> Replay:
    name, _, query = text.removeprefix("replay:").partition("?")
    fields = parse_qs(query, keep_blank_values=True)
    try:
        speed = float(fields.pop("speed", ["1"])[-1])
    except ValueError:
        speed = 0.0
    if not name or fields or "\0" in name or not 0 < speed <= 10_000:
        raise ValueError(f"'{text}' is no recording; write replay:FILE or replay:FILE?speed=10")
    return Replay(folder / name, speed)


def _numbered(text: str) -> Numbered:
    uid = text.removeprefix("board:")
    if not _UID.fullmatch(uid):
        raise ValueError(f"'{text}' is no board; write board:UID, which `submeter probe` tells")
    return Numbered(uid.lower())


def _simulated(text: str) -> SimulatedBoard:
    profile, _, query = text.removeprefix("simulated:").partition("?")
    fields = parse_qs(query, keep_blank_values=True)
    uid = fields.pop("uid", [""])[-1]
    if profile not in PROFILES or fields or ("uid" in query and not _HEX.fullmatch(uid)):
        known = ", ".join(PROFILES)
        example = "simulated:household or simulated:household?uid=e660583883724a32"
        raise ValueError(f"'{text}' is no simulated board; write {example}; there are {known}")
    return SimulatedBoard(profile, uid.lower())


def monotonic() -> float:
    """Return the time of an instrument that is really there: ours."""
    return time.monotonic()
