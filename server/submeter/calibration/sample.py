"""What the running program told at one moment of clamps, and of their reference."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from submeter.errors import NoAnswerError
from submeter.meter.reading import Quality
from submeter.sources.rp2040.correction import BoardCorrection, ClampCorrection


class ClampSample(NamedTuple):
    """Of one clamp, since the start of the program; meanings as in `RawClamp`."""

    number: int
    conductor: str
    energy: complex  # Ws
    square: float  # codes^2 s
    amperes: float  # of a code


class BoardSample(NamedTuple):
    """Of one board, with the correction that counted; meanings as in `RawBoard`, `at` in s."""

    uid: str
    at: float
    seconds: float
    voltage_square: float | None  # V^2 s
    saturated: float
    clamps: tuple[ClampSample, ...]
    correction: BoardCorrection


class Told(NamedTuple):
    """What the reference said last of one point; meanings as in `latest.Said`, times in s.

    `step` is that of an index in millionths of its unit, None of anything else.
    """

    number: float
    quality: Quality
    at: float
    step: int | None = None
    changed: float | None = None
    before: float | None = None
    former: float | None = None


class Sample(NamedTuple):
    """All of it; `at` in monotonic s, `sealed` are the sealed meters that use these boards."""

    at: float
    meter: str
    sealed: tuple[str, ...]
    boards: tuple[BoardSample, ...]
    reference: Mapping[str, Told] | None


def read(told: Mapping[str, Any]) -> Sample:
    """Return what an answer of the local socket says; raises NoAnswerError."""
    try:
        reference = told.get("reference")
        values = reference["values"] if reference is not None else None
        return Sample(
            _number(told["at"]),
            str(told["meter"]),
            tuple(map(str, told["sealed"])),
            tuple(_board(each) for each in told["boards"]),
            {str(n): _told(each) for n, each in values.items()} if values is not None else None,
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        message = "what listens beside the store says something else; is it another version?"
        raise NoAnswerError(message) from None


def _board(told: Mapping[str, Any]) -> BoardSample:
    correction = dict(told["correction"])
    clamps = tuple(ClampCorrection(**each) for each in correction.pop("clamps"))
    square = told["voltage_square"]
    return BoardSample(
        str(told["uid"]),
        _number(told["at"]),
        _number(told["seconds"]),
        None if square is None else _number(square),
        _number(told["saturated"]),
        tuple(_clamp(each) for each in told["clamps"]),
        BoardCorrection(**correction, clamps=clamps),
    )


def _clamp(told: Mapping[str, Any]) -> ClampSample:
    energy = complex(_number(told["active"]), _number(told["reactive"]))
    square, amperes = _number(told["square"]), _number(told["amperes"])
    return ClampSample(int(told["number"]), str(told["conductor"]), energy, square, amperes)


def _told(told: Mapping[str, Any]) -> Told:
    changed, before, former = (told.get(key) for key in ("changed", "before", "former"))
    return Told(
        _number(told["number"]),
        Quality(told["quality"]),
        _number(told["at"]),
        told.get("step"),
        None if changed is None else _number(changed),
        None if before is None else _number(before),
        None if former is None else _number(former),
    )


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number
