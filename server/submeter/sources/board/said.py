"""What one line of a board says."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Said(NamedTuple):
    """A line whose checksum holds: its tag (`S`, `ID`, `W`, `E`, `R`) and its JSON object."""

    tag: str
    content: Mapping[str, Any]
