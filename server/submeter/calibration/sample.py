"""What the running program told at one moment of clamps, and of their reference."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from submeter.errors import NoAnswerError
from submeter.meter.reading import Quality
from submeter.sources.rp2040.correction import BoardCorrection, ClampCorrection


class ClampSample(NamedTuple):
    """Of one clamp, since the start of the program; meanings as in `RawClamp`.

    `meter` is whose it is, where those of several meters are told together.
    """

    number: int
    conductor: str
    energy: complex  # Ws
    square: float  # codes^2 s
    amperes: float  # of a code
    meter: str = ""


class BoardSample(NamedTuple):
    """Of one board, with the correction that is `stored`; meanings as in `RawBoard`, `at` in s.

    `meter` is whose clamps these are; `begun` tells one run of the program from another one.
    """

    uid: str
    at: float
    seconds: float
    voltage_square: float | None  # V^2 s
    saturated: float
    clamps: tuple[ClampSample, ...]
    stored: BoardCorrection
    meter: str = ""
    begun: float = 0.0

    @property
    def ratings(self) -> dict[int, float]:
        """The A that a code of each clamp stands for, by its number."""
        return {clamp.number: clamp.amperes for clamp in self.clamps}

    @property
    def correction(self) -> BoardCorrection:
        """The correction that counts at these ratings."""
        return self.stored.in_force(self.ratings)


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
    """All of it; `at` in monotonic s, `sealed` are the sealed meters that use these boards.

    A board that several of the meters share stands in `boards` once for each of them.
    """

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
            tuple(_board(each, _number(told["begun"])) for each in told["boards"]),
            {str(n): _told(each) for n, each in values.items()} if values is not None else None,
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        message = "what listens beside the store says something else; is it another version?"
        raise NoAnswerError(message) from None


def _board(told: Mapping[str, Any], begun: float) -> BoardSample:
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
        str(told["meter"]),
        begun,
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
