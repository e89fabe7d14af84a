"""Reading files that a user names, whatever they turn out to be."""

import errno
import os
import stat
from pathlib import Path


def read(path: Path, most: int) -> bytes:
    """Return the content of `path`, `most` bytes or less.

    Raises OSError, also for what is no regular file and may have no end, and for what is larger.
    """
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is too large; {most} bytes are the most", str(path))
    return data


def _without_waiting(path: str, flags: int) -> int:
    """Open `path`; without the flag the open of a FIFO waits for a writer."""
    return os.open(path, flags | os.O_NONBLOCK)
