"""The interpreter of a board, driven through mpremote."""

import contextlib
import errno
import io
import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import serial
from mpremote.transport import (  # type: ignore[import-untyped]
    TransportError,
    TransportExecError,
)
from mpremote.transport_serial import SerialTransport  # type: ignore[import-untyped]

from submeter.errors import Condition, LinkError
from submeter.sources.device import Device

SECONDS = 2.0
"""How long the board may say nothing in the middle of a byte sequence."""
_CHUNK = 512  # bytes written at a time; the board compiles them as source text
_GONE = (errno.EIO, errno.ENODEV, errno.ENXIO, errno.EBADF)

Advance = Callable[[int], None]


class Repl:
    """The raw prompt of the board at `path`, which must be at its prompt already.

    Everything raises LinkError when the board is gone, full or makes no sense.
    """

    def __init__(self, path: Path) -> None:
        self._device = Device(path)
        with self._told():
            self._transport = SerialTransport(str(path))
            # Without it a board that falls silent is waited for without end.
            self._transport.serial.timeout = SECONDS
            self._transport.enter_raw_repl(soft_reset=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._transport.close()

    def run(self, code: str) -> str:
        """Run `code`, return what it prints."""
        with self._told():
            printed: bytes = self._transport.exec(code)
        return printed.decode(errors="replace").strip()

    def leave(self, code: str) -> None:
        """Run `code`, after which the board is not at its prompt any more."""
        with self._told():
            self._transport.exec_raw_no_follow(code)

    def prompt(self) -> None:
        """Go back to the prompt for people."""
        with self._told():
            self._transport.exit_raw_repl()

    def write(self, name: str, content: bytes, advance: Advance) -> None:
        """Write a file; `advance` is told how many bytes of it are written."""
        with self._told():
            self._transport.fs_writefile(
                name, content, chunk_size=_CHUNK, progress_callback=lambda done, _: advance(done)
            )

    def hashes(self, names: list[str]) -> dict[str, str]:
        """Return the SHA-256 of those files that are there."""
        told = self.run(_HASHES.format(names=names))
        with self._told():
            return {str(name): str(sha) for name, sha in json.loads(told).items()}

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what mpremote raises into LinkError, and keep what it prints to itself."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                yield
        except TransportExecError as error:
            raise self._refused(error.error_output) from None
        except serial.SerialException as error:
            raise self._device.lost(str(error)) from None
        except OSError as error:
            if error.errno in _GONE:
                raise self._device.lost(error) from None
            raise self._refused(str(error)) from None
        except (TransportError, struct.error, ValueError, SyntaxError) as error:
            message = f"the board at {self._device} does not answer as MicroPython: {error}"
            raise LinkError(message, Condition.NOISE) from None

    def _refused(self, reason: str) -> LinkError:
        if "ENOSPC" in reason or str(errno.ENOSPC) in reason.split():
            return full(str(self._device))
        last = reason.strip().splitlines()[-1:] or ["nothing"]
        return LinkError(f"the board at {self._device} says: {last[0]}", Condition.REFUSED)


def full(port: str) -> LinkError:
    """Return that there is no room on the board at `port`."""
    message = (
        f"the board at {port} is full; remove files of yours (mpremote connect {port} fs ls), "
        f"then try again"
    )
    return LinkError(message, Condition.REFUSED)


_HASHES = """
import binascii, hashlib, json
def sha(name):
    h = hashlib.sha256()
    b = bytearray(512)
    with open(name, "rb") as f:
        while True:
            n = f.readinto(b)
            if not n:
                return binascii.hexlify(h.digest()).decode()
            h.update(memoryview(b)[:n])
d = {{}}
for name in {names!r}:
    try:
        d[name] = sha(name)
    except OSError:
        pass
print(json.dumps(d))
"""
