"""What a board has counted since its reset: the line `$S` of docs/board-lines.md."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from submeter.errors import FrameError
from submeter.sources.rp2040 import checked
from submeter.sources.rp2040.identity import Identity

SUMS = {"v3i": 17, "4i": 8}
"""How many sums a record of a layout has."""
SQUARES = {17: (1, 3, 8, 13), 8: (1, 3, 5, 7)}
"""Which of so many sums are squares: they never fall."""
_QUADRANTS = {"v3i": 24, "4i": 0}
_SLACK = 2  # s of frames, or records, that may be ahead of the crystal
_STILL = 3  # s of frames that may be missing, of a sampler that stands and is begun anew
_SETTLED = 10_000_000  # us of a run, after which they must not be fewer
_RING = 4096  # frames that may be looked at before they are counted
_TOLERANCE = 0.01  # of the rate


class Record(NamedTuple):
    """`$S` of a board; cumulative but for `seq`, `micros` and `mains`."""

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
    mains: bool
    overruns: int
    lost: int


class Window(NamedTuple):
    """What a board counted between two records of one run; meanings as in `Record`.

    `records` is how many it sent in the meantime: 1, or more where some were lost. `micros` is the
    time between them by the board's crystal. `mains` is that of the later record.
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
        after.mains,
        after.overruns - before.overruns,
        after.lost - before.lost,
    )


def uid(content: Mapping[str, Any]) -> str:
    """Return the board that a record is of, in small letters; raises FrameError."""
    return checked.name(content, "uid").lower()


def read(content: Mapping[str, Any], identity: Identity) -> Record:
    """Return what `$S` of the run of `identity` says, every number within what can be.

    Raises FrameError, also for a record of another run.
    """
    boot = checked.name(content, "b")
    if uid(content) != identity.uid or boot != identity.boot:
        raise FrameError("a record of another run")
    micros, sampled = checked.whole(content, "t"), checked.whole(content, "f")
    _prove_pace(sampled, micros, identity.rate)
    frames = checked.whole(content, "n", 0, sampled)
    lost = checked.whole(content, "l", 0, sampled)
    largest = identity.span // 2 + 1  # of a centred code
    ends = checked.wholes(content, "x", 4, 0, sampled + _RING)
    most = frames * largest**2
    return Record(
        uid=identity.uid,
        boot=boot,
        seq=checked.whole(content, "q", 1, micros // 1_000_000 + _SLACK),
        micros=micros,
        sampled=sampled,
        frames=frames,
        cycles=checked.whole(content, "c", 0, sampled),
        length=checked.whole(content, "z", 0, 4096 * (sampled + 1)),
        sums=_sums(content, identity, most),
        quadrants=checked.wholes(content, "e", _QUADRANTS[identity.layout], -4 * most, 4 * most),
        saturated=(ends[0], ends[1], ends[2], ends[3]),
        mains=bool(checked.whole(content, "a", 0, 1)),
        overruns=checked.whole(content, "o", 0),
        lost=lost,
    )


def _prove_pace(sampled: int, micros: int, rate: float) -> None:
    seconds = micros / 1e6
    most = seconds * (1 + _TOLERANCE) + _SLACK
    least = seconds * (1 - _TOLERANCE) - _STILL if micros > _SETTLED else 0
    if not least * rate <= sampled <= most * rate:
        raise FrameError(f"{sampled} frames in {micros} us")


def _sums(content: Mapping[str, Any], identity: Identity, most: int) -> tuple[int, ...]:
    sums = checked.wholes(content, "s", SUMS[identity.layout], -most, most)
    if any(sums[place] < 0 for place in SQUARES[len(sums)]):
        raise FrameError("a sum of squares below 0")
    return sums


def nothing(record: Record) -> Record:
    """Return the record of the very beginning of the run of `record`: nothing was counted yet."""
    return Record(
        record.uid, record.boot, 0, 0, 0, 0, 0, 0,
        (0,) * len(record.sums), (0,) * len(record.quadrants), (0, 0, 0, 0),
        record.mains, 0, 0,
    )  # fmt: skip
