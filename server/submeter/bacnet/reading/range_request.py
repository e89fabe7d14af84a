"""The parameters of ReadRange (ASHRAE 135, 15.8.1)."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from submeter.bacnet.answer import Reason, Rejected
from submeter.bacnet.tags import Tags

_OPENING, _CLOSING = 6, 7
_UNSIGNED, _INTEGER, _DATE, _TIME = 2, 3, 10, 11
_BY_POSITION, _BY_SEQUENCE, _BY_TIME = 3, 6, 7
_UNSPECIFIED = 0xFF


@dataclass(frozen=True, slots=True)
class ByPosition:
    """`count` items from the one at `index` on, counted from 1; if negative, those up to it."""

    index: int
    count: int


@dataclass(frozen=True, slots=True)
class BySequence:
    """`count` items from the number `number` on; if negative, those up to it."""

    number: int
    count: int


@dataclass(frozen=True, slots=True)
class ByTime:
    """`count` items after UTC second `at`; if negative, those before it.

    In the hour that comes twice, `first` is the same local time in the first one, else it is `at`.
    """

    at: float
    count: int
    first: float


Range = ByPosition | BySequence | ByTime


@dataclass(frozen=True, slots=True)
class RangeRequest:
    """Which items of which property; without a range all of them."""

    object: int
    property: int
    index: int | None
    range: Range | None


def parse(body: bytes) -> RangeRequest:
    """Return what the service parameters `body` ask for; raises Rejected."""
    tags = _RangeTags(body)
    found, number = tags.object_identifier(0), tags.unsigned(1)
    index = tags.optional_unsigned(2)
    wanted = tags.range() if tags.more else None
    tags.end()
    if wanted and not wanted.count:
        raise Rejected(Reason.OUT_OF_RANGE)
    return RangeRequest(found, number, index, wanted)


class _RangeTags(Tags):
    """Reads the range, which holds application-tagged values, as well."""

    def range(self) -> Range:
        """Return the range that stands here."""
        number, kind, self._at = self._header()
        if kind != _OPENING or number not in (_BY_POSITION, _BY_SEQUENCE, _BY_TIME):
            raise Rejected(Reason.INVALID_TAG)
        found: Range
        if number == _BY_TIME:
            date, time = self._primitive(_DATE), self._primitive(_TIME)
            count = self._count()
            first, second = _utc(date, time, 0), _utc(date, time, 1)
            found = ByTime(second if count > 0 else first, count, first)
        else:
            reference = self._reference()
            choice = ByPosition if number == _BY_POSITION else BySequence
            found = choice(reference, self._count())
        if not self.leave(number):
            raise Rejected(Reason.INVALID_TAG)
        return found

    def _reference(self) -> int:
        content = self._primitive(_UNSIGNED)
        if not 1 <= len(content) <= 4:
            raise Rejected(Reason.INVALID_DATA_TYPE)
        return int.from_bytes(content, "big")

    def _count(self) -> int:
        content = self._primitive(_INTEGER)
        if not 1 <= len(content) <= 4:
            raise Rejected(Reason.INVALID_DATA_TYPE)
        return int.from_bytes(content, "big", signed=True)

    def _primitive(self, wanted: int) -> bytes:
        """Return the octets of the value here, which has to have the application tag `wanted`."""
        tag, kind, start = self._header()
        if self._data[self._at] & 0x08:
            missing = kind == _CLOSING
            raise Rejected(Reason.MISSING_PARAMETER if missing else Reason.INVALID_TAG)
        if tag != wanted:
            raise Rejected(Reason.INVALID_DATA_TYPE)
        return self._take(kind, start)


def _utc(date: bytes, time: bytes, fold: Literal[0, 1]) -> float:
    """Return UTC seconds of a local Date and Time, which have to be specific.

    In the hour that comes twice when summer time ends, `fold` says which one is meant. Who reads
    on means the second, who reads back the first: else a client that goes on from the last time it
    saw never gets out.
    """
    if len(date) != 4 or len(time) != 4:
        raise Rejected(Reason.INVALID_DATA_TYPE)
    year, month, day, _ = date
    hour, minute, second, hundredths = time
    if hundredths == _UNSPECIFIED:
        hundredths = 0
    if year != _UNSPECIFIED:
        with contextlib.suppress(ValueError, OverflowError, OSError):
            at = datetime(1900 + year, month, day, hour, minute, second, hundredths * 10_000)
            return at.replace(fold=fold).timestamp()
    raise Rejected(Reason.OUT_OF_RANGE)
