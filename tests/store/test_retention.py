import sqlite3
from contextlib import closing
from pathlib import Path

from store.pages import POINTS, sample
from submeter.store import key, requests, retention, schema
from submeter.store.page import AnswerRow, Page
from submeter.store.retention import CHUNK
from submeter.store.write import Writer


def test_samples_and_answered_requests_go_and_evidence_stays(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.prepare(connection, path, POINTS)
        writer = Writer(connection, [each.name for each in POINTS], key.load_or_make(path))
        writer.introduce()
        for _ in range(2):
            requests.ask(path, "a", "main", None, "cli", 0.0)
            (number,) = connection.execute("SELECT max(id) FROM request").fetchone()
            writer.write(Page(answers=[AnswerRow(number, "done", True)]))
        requests.ask(path, "b", "main", None, "cli", 0.0)
        connection.execute("UPDATE request SET done = 5 WHERE id = 1")
        kept = sample(0).at
        old = [sample(0)._replace(at=kept - 1)] * (CHUNK + 1)
        writer.write(Page(samples=[*old, sample(0)]))
        assert [retention.prune(connection, kept) for _ in range(3)] == [CHUNK, 1, 0]
        assert connection.execute("SELECT at FROM sample").fetchall() == [(kept,)]
        assert connection.execute("SELECT id FROM request").fetchall() == [(2,), (3,)]
        assert connection.execute("SELECT count(*) FROM audit").fetchone() == (1,)
