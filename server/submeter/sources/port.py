"""Where an instrument's bytes come from: a device node, a TCP socket, or a recorded file."""

import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

from submeter import regular_file
from submeter.errors import LinkError

Format = Literal["7E1", "7N1", "7O1", "8N1", "8E1", "8O1", "8N2"]
LARGEST_RECORDING = 100_000_000  # bytes; a day of standard mode is 83 MB

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
        """Send `data` and wait until the line has taken it; raises LinkError."""

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


@dataclass(frozen=True, slots=True)
class Device:
    """A serial device node."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def check(self) -> None:
        """Raise LinkError with one line if the node is not there or may not be used."""
        try:
            if not stat.S_ISCHR(self.path.stat().st_mode):
                raise LinkError(
                    f"{self.path} is no serial device; for a recording write replay:FILE"
                )
            descriptor = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except FileNotFoundError:
            raise LinkError(
                f"there is no {self.path}; plug the adapter in or name another port"
            ) from None
        except PermissionError:
            raise LinkError(
                f"no right to use {self.path}; add the user to the group 'dialout'"
            ) from None
        except OSError as error:
            raise LinkError(f"cannot open {self.path}: {error.strerror}") from None
        terminal = os.isatty(descriptor)
        os.close(descriptor)
        if not terminal:
            raise LinkError(f"{self.path} is no serial device; name the adapter's port")


@dataclass(frozen=True, slots=True)
class Socket:
    """A TCP port of a serial device server."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"socket://{host}:{self.port}"

    def check(self) -> None:
        """Do nothing: a server elsewhere may come up later."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A recorded file, repeated for ever at `speed` times the real pace."""

    path: Path
    speed: float

    def __str__(self) -> str:
        return f"replay:{self.path}" + (f"?speed={self.speed:g}" if self.speed != 1 else "")

    def check(self) -> None:
        """Raise LinkError with one line if the file cannot be read or is empty."""
        self.content()

    def content(self) -> bytes:
        """Return the recorded bytes; raises LinkError."""
        try:
            data = regular_file.read(self.path, LARGEST_RECORDING)
        except OSError as error:
            raise LinkError(f"cannot read the recording {self.path}: {error.strerror}") from None
        if not data:
            raise LinkError(f"the recording {self.path} is empty")
        return data


Spec = Device | Socket | Replay


def parse(text: str, folder: Path) -> Spec:
    """Return the port that `text` names; a relative recording is looked up in `folder`.

    Raises ValueError that says what would be right.
    """
    if text.startswith("socket://"):
        return _socket(text)
    if text.startswith("replay:"):
        return _replay(text, folder)
    if text.startswith("/"):
        return Device(Path(text))
    raise ValueError(
        f"'{text}' is no port; write /dev/serial/by-id/..., socket://host:port or replay:FILE"
    )


def _socket(text: str) -> Socket:
    try:
        parts = urlsplit(text)
        extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username
        if " " in text or not parts.hostname or not parts.port or extra:
            raise ValueError
        parts.hostname.encode("idna")
    except ValueError:
        raise ValueError(f"'{text}' is no address; write socket://host:port") from None
    return Socket(parts.hostname, parts.port)


def _replay(text: str, folder: Path) -> Replay:
    name, _, query = text.removeprefix("replay:").partition("?")
    fields = parse_qs(query, keep_blank_values=True)
    try:
        speed = float(fields.pop("speed", ["1"])[-1])
    except ValueError:
        speed = 0.0
    if not name or fields or not 0 < speed <= 10_000:
        raise ValueError(f"'{text}' is no recording; write replay:FILE or replay:FILE?speed=10")
    return Replay(folder / name, speed)


def monotonic() -> float:
    """Return the time of an instrument that is really there: ours."""
    return time.monotonic()
