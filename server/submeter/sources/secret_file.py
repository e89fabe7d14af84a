"""Files with secrets: read only if nobody but their owner may read them."""

import os
import stat
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from submeter import regular_file, unsaid
from submeter.errors import ConfigError

LARGEST = 4096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read(path: Path, what: str) -> str:
    """Return the text of the file `path`; `what` stands in it, in the words of errors.

    Raises ConfigError without a position and without content if others may read it, or nobody can.
    The name of a file that is not there is not told: it may be the secret itself.
    """
    try:
        if path.stat().st_mode & _OTHERS:
            raise ConfigError(f"others may read {what} in {path}; run: chmod 600 {path}")
        raw = regular_file.read(path, LARGEST)
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        place = f"in {path}" if os.path.exists(path) else f"in a file in {path.parent}"
        raise ConfigError(f"cannot read {what} {unsaid.masked(place)}: {reason}") from None
    try:
        if b"\0" not in raw:  # every other byte of UTF-16
            return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    raise ConfigError(f"{path} is no UTF-8 text; save the file as UTF-8")


def _name(text: str) -> str:
    if unsaid.has_key(text):
        raise ValueError("the name of a file should stand here; write the key into that file")
    return text


Name = Annotated[str, AfterValidator(_name)]
"""The name of a file with secrets, as the configuration has it: not a secret itself."""
