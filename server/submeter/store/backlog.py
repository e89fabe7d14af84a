"""What waits for the next commit beside the drafts of the meters."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from submeter.meter.audit import Entry
from submeter.meter.interval import Interval
from submeter.meter.meter import Draft, Meter
from submeter.store.page import AnswerRow, IndexRow, Page, SampleRow, SettingRow

MOST_SAMPLES = 10_000  # kept for a disk that comes back; intervals are kept without a limit

Drafts = Sequence[tuple[Meter, Draft]]


@dataclass
class Backlog:
    """`answers` are by the id of the request, each with the name of its meter."""

    intervals: list[Interval] = field(default_factory=list)
    samples: list[SampleRow] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    answers: dict[int, tuple[str, AnswerRow]] = field(default_factory=dict)

    def parted(self, waiting: Collection[str]) -> tuple["Backlog", "Backlog"]:
        """Return what can be written now, and what has to wait with the meters `waiting`.

        Without its meter's indexes an interval would end above them, and an answer would say that
        something is done which the disk does not know.
        """
        if not waiting:
            return self, Backlog()
        ready = Backlog(
            [each for each in self.intervals if each.meter not in waiting],
            self.samples,
            self.notes,
            {number: each for number, each in self.answers.items() if each[0] not in waiting},
        )
        late = Backlog(
            [each for each in self.intervals if each.meter in waiting],
            answers={number: each for number, each in self.answers.items() if each[0] in waiting},
        )
        return ready, late

    def followed_by(self, newer: "Backlog") -> "Backlog":
        """Return all of both but the oldest samples beyond MOST_SAMPLES."""
        return Backlog(
            self.intervals + newer.intervals,
            (self.samples + newer.samples)[-MOST_SAMPLES:],
            self.notes | newer.notes,
            self.answers | newer.answers,
        )

    def page(self, drafts: Drafts, audits: Sequence[Entry]) -> Page:
        """Return the transaction of all this with `drafts` and `audits`."""
        return Page(
            indexes=[
                IndexRow(meter.name, point, total, state)
                for meter, draft in drafts
                for point, (total, state) in draft.indexes.items()
            ],
            settings=[
                SettingRow(meter.name, point, value)
                for meter, draft in drafts
                for point, value in draft.settings
            ],
            demands={meter.name: draft.demand for meter, draft in drafts if draft.demand},
            samples=self.samples,
            intervals=self.intervals,
            audits=audits,
            notes=self.notes,
            answers=[row for _, row in self.answers.values()],
        )
