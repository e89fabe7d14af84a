"""What records of a board can be, by the numbers in them."""

from submeter.sources.rp2040.record import SQUARES, Record, Window, between

_FULL = 2200  # codes; no centred one is larger
_RING = 10_000  # frames that may wait to be counted
_RATE = 6000e-6  # frames a us
_WITHIN = 0.01  # of the time, by which frames may be off
_LATE = 5.0  # s by which a record may come later than another one
_PACE = 0.1  # of the time, by which the clock of the host may see it otherwise
_SECOND = 1_000_000


def can_be(window: Window) -> bool:
    """Tell whether no counter fell, and none grew by more than the converter can tell."""
    most = window.frames * _FULL**2
    grown = (
        window.records - 1, window.micros - 1, window.sampled, window.frames, window.cycles,
        window.length, *window.saturated, window.overruns, window.lost,
        *(window.sums[place] for place in SQUARES[len(window.sums)]),
        window.sampled + _RING - window.frames,
        most - max(map(abs, window.sums)),
        4 * most - max(map(abs, window.quadrants), default=0),
    )  # fmt: skip
    return min(grown) >= 0


def agree(first: Record, last: Record, elapsed: float) -> bool:
    """Tell whether two records of one run, `elapsed` s apart by the host, bear each other out."""
    if (first.uid, first.boot, len(first.sums)) != (last.uid, last.boot, len(last.sums)):
        return False
    window = between(first, last)
    seconds = window.micros / _SECOND
    return (
        can_be(window)
        and window.records <= seconds + 1
        and abs(window.sampled - _RATE * window.micros) <= _WITHIN * _RATE * window.micros + _RING
        and abs(seconds - elapsed) <= _PACE * elapsed + _LATE
    )


def lowered(base: Record, record: Record) -> Record:
    """Return `base` with no counter above that of `record`, for one that is was a lie.

    What may fall, sums of products, stays: it was counted, and is made good by the difference.
    """
    sums = list(base.sums)
    for place in SQUARES[len(sums)]:
        sums[place] = min(sums[place], record.sums[place])
    ends = [min(pair) for pair in zip(base.saturated, record.saturated, strict=True)]
    frames = min(base.frames, record.frames)
    return base._replace(
        seq=min(base.seq, record.seq - 1),
        micros=min(base.micros, record.micros - 1),
        sampled=min(base.sampled, record.sampled - (record.frames - frames)),
        frames=frames,
        cycles=min(base.cycles, record.cycles),
        length=min(base.length, record.length),
        sums=tuple(sums),
        saturated=(ends[0], ends[1], ends[2], ends[3]),
        overruns=min(base.overruns, record.overruns),
        lost=min(base.lost, record.lost),
    )
