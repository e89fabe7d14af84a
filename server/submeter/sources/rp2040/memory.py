"""What is remembered of a board over a restart, as plain JSON, checked when it comes back."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from submeter.errors import FrameError
from submeter.sources.rp2040 import checked
from submeter.sources.rp2040.record import SQUARES, Record

_QUADRANTS = {17: 24, 8: 0}  # by the number of sums
_TEXTS = ("uid", "boot")


class Left(NamedTuple):
    """A run that was left; it ended, or another board is in its place."""

    uid: str
    boot: str
    seq: int
    ended: bool

    def has(self, record: Record) -> bool:
        """Tell whether `record` is of that run, and old."""
        same = (record.uid, record.boot) == (self.uid, self.boot)
        return same and (self.ended or record.seq <= self.seq)


def saved(record: Record | None, past: Iterable[Left], at: int, sure: int) -> dict[str, Any]:
    """Return what `restored` understands; `at` is when `record` was heard, in s UTC.

    `sure` is the number of the last record of its run that a later one bore out.
    """
    if record is None:
        return {}
    said = {name: _plain(value) for name, value in record._asdict().items()}
    return {"record": said, "past": [list(each) for each in past], "at": at, "sure": sure}


def restored(said: Mapping[str, Any]) -> tuple[Record | None, list[Left], int, int]:
    """Return record, runs, time and number of `saved`; raises ValueError if they are damaged."""
    if not said:
        return None, [], 0, 0
    try:
        past = said.get("past")
        if not isinstance(past, list):
            raise FrameError("'past' is no list")
        return (
            _record(said.get("record")),
            [_left(each) for each in past],
            checked.whole(said, "at"),
            checked.whole(said, "sure") if "sure" in said else 0,
        )
    except FrameError as error:
        raise ValueError(f"saved state of a board: {error}") from None


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _record(said: object) -> Record:
    if not isinstance(said, dict) or set(said) != set(Record._fields):
        raise FrameError("'record' is none")
    sums = checked.wholes(said, "sums", None, -checked.MOST)
    if len(sums) not in SQUARES:
        raise FrameError("'sums' are none of a known layout")
    counts = {"quadrants": _QUADRANTS[len(sums)], "saturated": 4}
    values: dict[str, Any] = {"sums": sums, "mains": said["mains"] is True}
    for name in _TEXTS:
        values[name] = checked.name(said, name)
    for name, count in counts.items():
        values[name] = checked.wholes(said, name, count, -checked.MOST)
    for name in Record._fields:
        if name not in values:
            values[name] = checked.whole(said, name)
    return Record(**values)


def _left(said: object) -> Left:
    if not isinstance(said, list) or len(said) != len(Left._fields):
        raise FrameError("'past' names no run")
    run = dict(zip(Left._fields, said, strict=True))
    name, boot = checked.name(run, "uid"), checked.name(run, "boot")
    return Left(name, boot, checked.whole(run, "seq"), run["ended"] is True)
