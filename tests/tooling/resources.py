"""What this process holds: resident memory and open files."""

import gc
import os
from pathlib import Path


def resident(pid: int | str = "self") -> int:
    """Return the bytes of memory that a process has in use; our own garbage is gone before."""
    if pid == "self":
        gc.collect()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def open_files(pid: int | str = "self") -> int:
    """Return how many files and sockets a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))
