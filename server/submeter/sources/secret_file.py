"""Files with secrets: read only if nobody but their owner may read them."""

import os
import stat
from pathlib import Path

from submeter import regular_file
from submeter.errors import ConfigError

LARGEST = 4096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read(path: Path, what: str) -> str:
    """Return the text of the file `path`; `what` stands in it, in the words of errors.

    Raises ConfigError without a position and without content if others may read it, or nobody can.
    """
    try:
        if path.stat().st_mode & _OTHERS:
            raise ConfigError(f"others may read {what} in {path}; run: chmod 600 {path}")
        return regular_file.read(path, LARGEST).decode("utf-8", "replace")
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise ConfigError(f"cannot read {what} in {path}: {reason}") from None
