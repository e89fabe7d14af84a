"""Who a board is, and how it samples: the line `$ID` of docs/board-lines.md."""

from typing import Literal, NamedTuple

Layout = Literal["v3i", "4i"]
LINES = 1
"""The version of the lines that this program understands."""


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
