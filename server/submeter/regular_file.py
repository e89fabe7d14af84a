"""Reading files that a user names, whatever they turn out to be."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def read(path: Path, most: int) -> bytes:
    """Return the content of `path`, `most` bytes or less.

    Raises OSError, also for what is no regular file and may have no end, and for what is larger.
    """
    with opened(path, most) as file:
        data = file.read(most + 1)
    # It may have grown meanwhile.
    if len(data) > most:
        raise _too_large(path, most)
    return data


def opened(path: Path, most: int) -> BinaryIO:
    """Return the file `path`, open for reading; raises OSError as `read` does."""
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - it is given on
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode) and status.st_size <= most:
        return file
    file.close()
    if stat.S_ISREG(status.st_mode):
        raise _too_large(path, most)
    raise OSError(errno.EINVAL, "it is no regular file", str(path))


def _too_large(path: Path, most: int) -> OSError:
    return OSError(errno.EFBIG, f"it is too large; {most} bytes are the most", str(path))


def _without_waiting(path: str, flags: int) -> int:
    """Open `path`; without the flag the open of a FIFO waits for a writer."""
    return os.open(path, flags | os.O_NONBLOCK)
