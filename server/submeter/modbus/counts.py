"""What befalls the listeners, as numbers."""

from collections.abc import Iterable
from typing import NamedTuple


class Counts(NamedTuple):
    """What befell a face since the program started; `open` is now."""

    open: int = 0
    accepted: int = 0
    refused_network: int = 0
    refused_full: int = 0
    refused_peer: int = 0
    idle_closed: int = 0
    tls_refused: int = 0
    requests: int = 0
    exceptions: int = 0
    broken: int = 0


def total(parts: Iterable[Counts]) -> Counts:
    """Return the counts of several faces together."""
    return Counts(*map(sum, zip(Counts(), *parts, strict=True)))
