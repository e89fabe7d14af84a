"""Takes a pseudo-terminal away from whoever has it open."""

import os
from collections import deque

_kept: deque[int] = deque()
_MOST = 60  # more than any test takes away while its program lives


def unplug(master: int, slave: int) -> None:
    """Close a pseudo-terminal; nobody is given its number for a good while.

    A program that still looks for its port must not find the one of another test there: the
    kernel gives a number away again only when both ends are closed.
    """
    os.close(master)
    _kept.append(slave)
    if len(_kept) > _MOST:
        os.close(_kept.popleft())
