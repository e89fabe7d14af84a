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
RATE = 6000  # frames a second
QUARTERS = (30, 25)  # frames: of 50 Hz, and of 60 Hz
_CHANNELS = 4
_MOST_STEP = 20  # codes
_LONGEST_PERIOD = 60  # s
_LAST_PIN = 25  # the ones after it are inputs of the converter
_LONGEST_DEBOUNCE = 1000  # ms
_UID = re.compile(r"[0-9A-Za-z]{4,64}")


class Identity(NamedTuple):
    """`$ID` of a board; `rate` is in frames a second by its crystal.

    `order` is the channel of each role, `lags` the frames by which the voltage of each clamp is
    delayed, `quarter` those of the quarter period, `steps` those of the converter in codes.
    `period` is in s between its records. `pins` are the GPIO of its pulse inputs, `debounce` is the
    ms for which they must be steady.
    """

    uid: str
    boot: str
    rate: float
    layout: Layout
    order: tuple[int, int, int, int]
    lags: tuple[int, int, int]
    quarter: int
    steps: tuple[int, int, int, int]
    reset: str
    period: int = 1
    pins: tuple[int, ...] = ()
    debounce: int = 20

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
    """Return what `$ID` says, with `uid` in small letters.

    Raises FrameError, also for what no firmware of these lines can be set to.
    """
    if version(content) != LINES:
        raise FrameError(f"lines of version {version(content)}")
    checked.whole(content, "ch", _CHANNELS, _CHANNELS)
    order = checked.wholes(content, "order", _CHANNELS, 0, _CHANNELS - 1)
    if len(set(order)) < _CHANNELS:
        raise FrameError("'order' names a channel twice")
    lags = checked.wholes(content, "lags", 3, 0, MOST_LAG)
    steps = checked.wholes(content, "steps", 4, 0, _MOST_STEP)
    quarter = checked.whole(content, "quarter")
    if quarter not in QUARTERS:
        raise FrameError(f"'quarter' is {quarter}, neither 30 nor 25")
    return Identity(
        uid=_uid(content),
        boot=checked.name(content, "boot"),
        rate=float(checked.whole(content, "fs", RATE, RATE)),
        layout=_layout(content),
        order=(order[0], order[1], order[2], order[3]),
        lags=(lags[0], lags[1], lags[2]),
        quarter=quarter,
        steps=(steps[0], steps[1], steps[2], steps[3]),
        reset=checked.name(content, "reset"),
        period=checked.whole(content, "period", 1, _LONGEST_PERIOD),
        pins=checked.wholes(content, "pins", None, 0, _LAST_PIN),
        debounce=checked.whole(content, "debounce", 1, _LONGEST_DEBOUNCE),
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
