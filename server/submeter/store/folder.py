"""Names in folders, as they are on the disk."""

import os
from pathlib import Path


def sync(folder: Path) -> None:
    """Return when the names in `folder` survive a power cut; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
