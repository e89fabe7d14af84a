"""The device node of a board, and why it cannot be used."""

from pathlib import Path

from submeter.errors import Condition, ConfigError, LinkError
from submeter.flash.facts import WHERE
from submeter.sources import port
from submeter.sources.port import Device

DISK = Path("/dev/disk/by-label/RPI-RP2")
"""What a board without an interpreter shows itself as."""
BY_ID = Path("/dev/serial/by-id")


def find(text: str) -> Path:
    """Return the node by the name that it keeps over a reset; raises ConfigError and LinkError.

    A board may come back as another /dev/ttyACM after a reset.
    """
    try:
        spec = port.parse(text, Path.cwd())
    except ValueError as error:
        raise ConfigError(str(error)) from None
    try:
        spec.check()
    except LinkError as error:
        raise _with_disk(error) from None
    node = spec.path if isinstance(spec, Device) else getattr(spec, "node", lambda: None)()
    if node is None:
        raise ConfigError(f"'{text}' is no port of a board; write /dev/serial/by-id/usb-...-if00")
    _prove_free(node)
    links = sorted(BY_ID.iterdir()) if BY_ID.is_dir() else []
    return next((each for each in links if each.resolve() == node.resolve()), node)


def _prove_free(node: Path) -> None:
    try:
        Device(node).prove_free()
    except LinkError as error:
        if error.condition is not Condition.BUSY:
            raise
        message = f"{error}; if it is submeter itself, stop it first (systemctl stop submeter)"
        raise LinkError(message, error.condition) from None


def _with_disk(error: LinkError) -> LinkError:
    if not DISK.exists():
        return error
    message = (
        f"{error}. A board shows itself as the disk RPI-RP2: it has no interpreter yet; copy the "
        f"image of MicroPython onto it ({WHERE}), then try again"
    )
    return LinkError(message, error.condition)
