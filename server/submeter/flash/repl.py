"""The interpreter of a board, driven through mpremote."""

import contextlib
import errno
import io
import json
import struct
import termios
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
from submeter.flash.facts import plain, sensible
from submeter.flash.timed import Endless, Timed
from submeter.sources.device import Device

SECONDS = 2.0
"""How long the board may say nothing in the middle of a byte sequence."""
QUIET = 0.5
"""Seconds in which a board at its prompt says nothing, unless something still runs there."""
_CHUNK = 512  # bytes written at a time; the board compiles them as source text
_GONE = (errno.EIO, errno.ENODEV, errno.ENXIO, errno.EBADF)

Advance = Callable[[int], None]


class Repl:
    """The raw prompt of the board at `path`, which must be at its prompt already.

    Everything raises LinkError when the board is gone, full, makes no sense or comes to no end.
    With `afresh` a board that prints at its prompt, as timers of its program do, is reset by its
    interpreter first, which starts no program.
    """

    def __init__(self, path: Path, afresh: bool = False) -> None:
        self._device = Device(path)
        self._port: Timed | None = None
        self._device.prove_free()
        with self._told():
            self._transport = SerialTransport(str(path))
            # Without them a board that falls silent is waited for without end.
            self._transport.serial.timeout = SECONDS
            self._transport.serial.write_timeout = SECONDS
            self._port = self._transport.serial = Timed(self._transport.serial)
        try:
            self.again()
            if afresh and self._prints():
                with self._told():
                    self._transport.enter_raw_repl(soft_reset=True)
        except BaseException:
            self._close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._close()

    def again(self) -> None:
        """Come to the raw prompt, whatever was broken off."""
        with self._told():
            self._transport.enter_raw_repl(soft_reset=False)

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

        def written(done: int, _: int) -> None:
            if self._port:
                self._port.begin()
            advance(done)

        with self._told():
            self._transport.fs_writefile(
                name, content, chunk_size=_CHUNK, progress_callback=written
            )

    def hashes(self, names: list[str]) -> dict[str, str]:
        """Return the SHA-256 of those files that are there."""
        told = self.run(_HASHES.format(names=names))
        with sensible(told):
            return {str(name): str(sha) for name, sha in json.loads(told).items()}

    def _prints(self) -> bool:
        """Return whether the board says more than its prompt."""
        with self._told():
            port = self._transport.serial.port
            port.timeout = QUIET
            more = port.read(2)
            port.timeout = SECONDS
        if more == b">":
            self.again()  # mpremote waits for the prompt
        return bool(more != b">")

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            if self._port:
                self._transport.serial = self._port.port
            self._transport.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what mpremote raises into LinkError, and keep what it prints to itself."""
        if self._port:
            self._port.begin()
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                yield
        except TransportExecError as error:
            raise self._refused(error.error_output) from None
        except serial.SerialException as error:
            raise self._device.lost(str(error)) from None
        except termios.error as error:
            raise self._device.lost(error) from None
        except OSError as error:
            if error.errno in _GONE:
                raise self._device.lost(error) from None
            raise self._refused(f"OSError: {error.errno}") from None
        except Endless:
            message = (
                f"the board at {self._device} does not answer, something there prints all the "
                f"time; unplug it, plug it in and try again"
            )
            raise LinkError(message, Condition.NOISE) from None
        except (TransportError, struct.error, ValueError, SyntaxError) as error:
            message = f"the board at {self._device} does not answer as MicroPython: {plain(error)}"
            raise LinkError(message, Condition.NOISE) from None

    def _refused(self, reason: str) -> LinkError:
        last = (reason.strip().splitlines() or ["nothing"])[-1]
        words = {word.strip("[]:,") for word in last.split()}
        if words & {"ENOSPC", str(errno.ENOSPC)}:
            return full(str(self._device))
        if words & {"EROFS", str(errno.EROFS)}:
            message = f"the flash of the board at {self._device} is read-only: nothing can be kept"
            return LinkError(message, Condition.REFUSED)
        return LinkError(f"the board at {self._device} says: {plain(last)}", Condition.REFUSED)


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
