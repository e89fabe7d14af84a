"""What one commit writes: all of it, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from submeter.meter.audit import Entry
from submeter.meter.interval import Interval


class IndexRow(NamedTuple):
    """An index as it is to be served: `total` in mWh (mvarh); `state` is the meter's own JSON."""

    meter: str
    point: str
    total: int | None
    state: str


class SettingRow(NamedTuple):
    """A stored setting in the point's unit; None removes it."""

    meter: str
    point: str
    value: int | float | None


class SampleRow(NamedTuple):
    """The good values of one meter at `at` (UTC s), as in `Reading`; others are left out.

    `instrument_time` is the instrument's own time as it wrote it.
    """

    at: int
    meter: str
    values: Mapping[str, int | float]
    instrument_time: str | None


class AnswerRow(NamedTuple):
    """What became of the request with the id `request`: a line for people; was it done."""

    request: int
    text: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One transaction. `demands` is the meter's own JSON by meter; `notes` are kept by key.

    `answers` stand beside the effects of their requests: a request is not done before these are.
    """

    indexes: Sequence[IndexRow] = ()
    settings: Sequence[SettingRow] = ()
    demands: Mapping[str, str] = field(default_factory=dict)
    samples: Sequence[SampleRow] = ()
    intervals: Sequence[Interval] = ()
    audits: Sequence[Entry] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    answers: Sequence[AnswerRow] = ()
