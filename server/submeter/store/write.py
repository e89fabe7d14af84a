"""Puts a page into the store: one transaction."""

import logging
import sqlite3
import time
from collections.abc import Sequence

from submeter.meter.audit import Entry
from submeter.meter.interval import Interval
from submeter.store import evidence
from submeter.store.chain import CHAINED, Chain, index_bytes
from submeter.store.database import Cell, quoted, transaction
from submeter.store.key import SiteKey
from submeter.store.page import AnswerRow, IndexRow, Page, SampleRow, SettingRow

_log = logging.getLogger(__name__)

# SQLite writes no page for a row that stays as it is, which saves wear of the card; the signature
# of Ed25519 does too.
_INDEX = """INSERT INTO "index" (meter, point, total, state, signature) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (meter, point) DO UPDATE
    SET total = excluded.total, state = excluded.state, signature = excluded.signature"""
_SETTING = """INSERT INTO setting VALUES (?, ?, ?) ON CONFLICT (meter, point)
    DO UPDATE SET value = excluded.value"""
_DEMAND = """INSERT INTO demand VALUES (?, ?) ON CONFLICT (meter)
    DO UPDATE SET state = excluded.state"""
_NOTE = """INSERT INTO note VALUES (?, ?) ON CONFLICT (key)
    DO UPDATE SET value = excluded.value"""
_ANSWER = "UPDATE request SET answer = ?, ok = ?, done = ? WHERE id = ? AND done IS NULL"


class Writer:
    """Writes pages over `connection`; `points` are the columns of the table sample."""

    def __init__(self, connection: sqlite3.Connection, points: Sequence[str], key: SiteKey) -> None:
        self._connection = connection
        self._points = tuple(points)
        self._key = key
        names = "".join(f", {quoted(name)}" for name in self._points)
        marks = ", ?" * len(self._points)
        self._sample = (
            f"INSERT INTO sample (at, meter, instrument_time{names}) VALUES (?, ?, ?{marks})"
        )

    def introduce(self) -> None:
        """Note a key that signs here for the first time, and begin the chains; one transaction."""
        with transaction(self._connection):
            known = self._connection.execute("SELECT public FROM key").fetchall()
            if (self._key.public,) in known:
                return
            now = int(time.time())
            self._connection.execute("INSERT INTO key VALUES (?, ?)", (self._key.public, now))
            for table in CHAINED:
                Chain(self._connection, table, self._key).seal()
            detail = f"public={self._key.public.hex()}"
            self._append_audits([Entry(now, "site-key", "", "", detail)])

    def write(self, page: Page) -> None:
        """Write all of `page`, or nothing; raises sqlite3.Error."""
        with transaction(self._connection):
            self._connection.executemany(_INDEX, map(self._index_cells, page.indexes))
            self._put_settings(page.settings)
            self._connection.executemany(_DEMAND, page.demands.items())
            self._connection.executemany(_NOTE, page.notes.items())
            self._connection.executemany(self._sample, map(self._sample_cells, page.samples))
            self._append_intervals(page.intervals)
            self._append_audits(page.audits)
            self._connection.executemany(_ANSWER, map(_answer_cells, page.answers))

    def _index_cells(self, row: IndexRow) -> tuple[Cell, ...]:
        return (*row, self._key.sign(index_bytes(row)))

    def _put_settings(self, rows: Sequence[SettingRow]) -> None:
        for row in rows:
            if row.value is None:
                place = (row.meter, row.point)
                self._connection.execute("DELETE FROM setting WHERE meter = ? AND point = ?", place)
            else:
                self._connection.execute(_SETTING, row)

    def _sample_cells(self, row: SampleRow) -> tuple[Cell, ...]:
        return (row.at, row.meter, row.instrument_time, *map(row.values.get, self._points))

    def _append_intervals(self, intervals: Sequence[Interval]) -> None:
        if intervals:
            chain = Chain(self._connection, "interval", self._key)
            for each in intervals:
                if not self._is_closed(each):
                    chain.append(evidence.interval_row(each))
            chain.seal()

    def _is_closed(self, interval: Interval) -> bool:
        """Tell whether an interval of that start is kept already, which then is the one."""
        found = self._connection.execute(
            "SELECT 1 FROM interval WHERE meter = ? AND start = ?", (interval.meter, interval.start)
        ).fetchone()
        if found:
            _log.warning("event=interval_twice meter=%s start=%d", interval.meter, interval.start)
        return found is not None

    def _append_audits(self, entries: Sequence[Entry]) -> None:
        if entries:
            chain = Chain(self._connection, "audit", self._key)
            for each in entries:
                chain.append(evidence.audit_row(each))
            chain.seal()


def _answer_cells(row: AnswerRow) -> tuple[Cell, ...]:
    return evidence.text(row.text), row.ok, int(time.time()), row.request
