"""Who a board is, and how it samples: the line `$ID` of docs/board-lines.md."""

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from submeter.errors import FrameError
from submeter.sources.rp2040 import checked

Layout = Literal["v3i", "4i"]
LINES = 1
"""The version of the lines that this program understands."""
LAYOUTS: tuple[Layout, ...] = ("v3i", "4i")
MOST_LAG = 120  # frames
_CHANNELS = 4
_MOST_STEP = 64  # codes
_UID = re.compile(r"[0-9A-Za-z]{4,64}")


class Identity(NamedTuple):
    """`$ID` of a board; `rate` is in frames a second by its crystal.

    `order` is the channel of each role, `lags` the frames by which the voltage of each clamp is
    delayed, `quarter` those of the quarter period, `steps` those of the converter in codes.
    """

    uid: str
    boot: str
    firmware: str
    rate: float
    layout: Layout
    order: tuple[int, int, int, int]
    lags: tuple[int, int, int]
    quarter: int
    steps: tuple[int, int, int, int]
    pins: tuple[int, ...]
    reset: str

    @property
    def span(self) -> int:
        """Codes over the whole range of the converter."""
        return 4096 + sum(self.steps)

    @property
    def clamps(self) -> int:
        """How many clamps it has."""
        return 3 if self.layout == "v3i" else 4


def version(content: Mapping[str, Any]) -> int:
    """Return the version of its lines that a board names in `$ID`, 0 if none; raises FrameError."""
    return checked.whole(content, "v", 0, 1 << 16) if "v" in content else 0


def read(content: Mapping[str, Any]) -> Identity:
    """Return what `$ID` says, with `uid` in small letters; raises FrameError."""
    if version(content) != LINES:
        raise FrameError(f"lines of version {version(content)}")
    checked.whole(content, "ch", _CHANNELS, _CHANNELS)
    order = checked.wholes(content, "order", _CHANNELS, 0, _CHANNELS - 1)
    if len(set(order)) < _CHANNELS:
        raise FrameError("'order' names a channel twice")
    lags = checked.wholes(content, "lags", 3, 0, MOST_LAG)
    steps = checked.wholes(content, "steps", 4, 0, _MOST_STEP)
    return Identity(
        uid=_uid(content),
        boot=checked.name(content, "boot"),
        firmware=checked.name(content, "fw"),
        rate=float(checked.whole(content, "fs", 500, 50_000)),
        layout=_layout(content),
        order=(order[0], order[1], order[2], order[3]),
        lags=(lags[0], lags[1], lags[2]),
        quarter=checked.whole(content, "quarter", 1, MOST_LAG),
        steps=(steps[0], steps[1], steps[2], steps[3]),
        pins=checked.wholes(content, "pins", None, 0, 63),
        reset=checked.name(content, "reset"),
    )


def _uid(content: Mapping[str, Any]) -> str:
    uid = checked.name(content, "uid")
    if not _UID.fullmatch(uid):
        raise FrameError("'uid' is no number of a board")
    return uid.lower()


def _layout(content: Mapping[str, Any]) -> Layout:
    for layout in LAYOUTS:
        if content.get("layout") == layout:
            return layout
    raise FrameError("'layout' is none that is known")
