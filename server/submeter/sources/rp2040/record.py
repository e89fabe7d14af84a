"""What a board has counted since its reset: the line `$S` of docs/board-lines.md."""

from typing import NamedTuple


class Record(NamedTuple):
    """`$S` of a board; cumulative but for `seq`, `micros`, `extremes`, `mains` and `backlog`."""

    uid: str
    boot: str
    seq: int
    micros: int
    sampled: int  # `f`
    frames: int  # `n`
    cycles: int
    length: int  # `z`, of those cycles, in 1/4096 frames
    sums: tuple[int, ...]  # 17 of v3i, 8 of 4i
    quadrants: tuple[int, ...]  # 24 of v3i: clamp, quadrant, (P sum, quarter sum); else none
    saturated: tuple[int, int, int, int]  # by channel
    extremes: tuple[int, int]
    mains: bool
    backlog: int
    overruns: int
    lost: int


class Window(NamedTuple):
    """What a board counted between two records of one run; meanings as in `Record`.

    `records` is how many it sent in the meantime: 1, or more where some were lost. `micros` is the
    time between them by the board's crystal. `extremes` and `mains` are those of the later record.
    """

    records: int
    micros: int
    sampled: int
    frames: int
    cycles: int
    length: int
    sums: tuple[int, ...]
    quadrants: tuple[int, ...]
    saturated: tuple[int, int, int, int]
    extremes: tuple[int, int]
    mains: bool
    overruns: int
    lost: int


def between(before: Record, after: Record) -> Window:
    """Return what was counted from `before` to `after`, two records of one run."""

    def grown(earlier: tuple[int, ...], later: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(b - a for a, b in zip(earlier, later, strict=True))

    saturated = [b - a for a, b in zip(before.saturated, after.saturated, strict=True)]
    return Window(
        after.seq - before.seq,
        after.micros - before.micros,
        after.sampled - before.sampled,
        after.frames - before.frames,
        after.cycles - before.cycles,
        after.length - before.length,
        grown(before.sums, after.sums),
        grown(before.quadrants, after.quadrants),
        (saturated[0], saturated[1], saturated[2], saturated[3]),
        after.extremes,
        after.mains,
        after.overruns - before.overruns,
        after.lost - before.lost,
    )
