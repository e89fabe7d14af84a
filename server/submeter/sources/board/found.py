"""A board that is found by its unique number, at whatever USB port it is plugged in."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from submeter.errors import Condition, LinkError
from submeter.sources.device import Device

BY_ID = Path("/dev/serial/by-id")
TERMINALS = Path("/sys/class/tty")
NODES = Path("/dev")


@dataclass(frozen=True, slots=True)
class Numbered:
    """The board with the number `uid`, in small letters; it is looked for at each opening."""

    uid: str

    def __str__(self) -> str:
        return f"board:{self.uid}"

    def node(self) -> Path | None:
        """Return the device node of the board, None if it is not plugged in."""
        return next(_linked(self.uid), None) or next(_listed(self.uid), None)

    def device(self) -> Device:
        """Return the device node of the board; raises LinkError if it is not plugged in."""
        node = self.node()
        if node is None:
            message = f"no board {self.uid} at any USB port; plug it in, or see `submeter probe`"
            raise LinkError(message, Condition.NO_DEVICE)
        return Device(node)

    def check(self) -> None:
        """Raise LinkError with one line if the board is not there or may not be used."""
        self.device().check()

    def prove_free(self) -> None:
        """Raise LinkError if another program has the board now."""
        self.device().prove_free()


def _linked(uid: str) -> Iterator[Path]:
    """Yield links that udev made: `usb-*_UID-if00`."""
    for each in _names(BY_ID):
        name = each.name.lower()
        if name.startswith("usb-") and name.endswith(f"_{uid}-if00"):
            yield each


def _listed(uid: str) -> Iterator[Path]:
    """Yield nodes of USB devices with this serial number, where there is no udev."""
    for each in _names(TERMINALS):
        # The interface is what the terminal hangs on, the device with its number stands above it.
        number = each / "device" / ".." / "serial"
        try:
            if number.read_text(encoding="ascii", errors="replace").strip().lower() == uid:
                yield NODES / each.name
        except OSError:
            continue


def _names(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
