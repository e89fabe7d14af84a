"""Pushes of an E450 to a port of the whole program, with the keys in a file."""

import time
from collections.abc import Callable
from pathlib import Path

from tooling.dlms_pusher import KEYS, Meter, in_blocks, listed
from tooling.instruments import Adapter
from tooling.program import eventually

BETWEEN = 0.15  # s between two pushes


def key_file(folder: Path) -> str:
    """Write the keys of the meter to a file, as the utility would; return its path."""
    path = folder / "e450.keys"
    assert KEYS.authentication
    text = f"encryption: {KEYS.encryption.hex()}\nauthentication: {KEYS.authentication.hex()}\n"
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def pushed_until(
    condition: Callable[[], bool], adapter: Adapter, push: Callable[[], bytes]
) -> None:
    """Push until it is so: what is sent before the port is open is lost."""

    def seen() -> bool:
        adapter.say(push())
        time.sleep(BETWEEN)
        return condition()

    eventually(seen)


def push(meter: Meter) -> bytes:
    """Return the next push of `meter`, ciphered."""
    return in_blocks(meter.sealed(listed(meter)))
