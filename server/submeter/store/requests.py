"""What the command line asks of the running program, by way of the store."""

import json
import sqlite3
import time
from pathlib import Path
from typing import Any, NamedTuple

from submeter.store import database, fault, lock, schema

_PAUSE = 0.05  # s


class Request(NamedTuple):
    """One thing to do, asked at UTC second `at`; `argument` is what the action takes."""

    id: int
    at: int
    who: str
    action: str
    meter: str
    argument: Any


class Answer(NamedTuple):
    """What became of a request: a line for people, and whether it was done."""

    text: str
    ok: bool


class Inbox:
    """The requests that wait, as the writer's `connection` sees them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._seen = -1

    def pending(self) -> list[Request]:
        """Return what is not answered, oldest first; costs next to nothing if nobody wrote.

        Raises sqlite3.Error.
        """
        (changes,) = self._connection.execute("PRAGMA data_version").fetchone()
        if changes == self._seen:
            return []
        rows = self._connection.execute(
            "SELECT id, at, who, action, meter, argument FROM request WHERE done IS NULL "
            "ORDER BY id"
        ).fetchall()
        # What is returned may stay unanswered, and then has to be returned again.
        self._seen = -1 if rows else changes
        return [Request._make((*row[:-1], _argument(row[-1]))) for row in rows]


def ask(
    path: Path, action: str, meter: str, argument: Any, who: str, patience: float
) -> Answer | None:
    """Ask the program that has the store at `path` to do something, and wait for its answer.

    `argument` is anything that JSON can hold. None when no program runs, or none has answered
    within `patience` seconds: the request then waits for it. Raises StoreError.
    """
    try:
        connection = database.writer(path)
        try:
            schema.examine_current(connection, path)
            number = _put(connection, (int(time.time()), who, action, meter, json.dumps(argument)))
            return _wait(connection, number, path, patience)
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise fault.explain(error, path) from error


def _argument(text: str | bytes) -> Any:
    """Return what a request asks for; None where it is not JSON, which no action takes."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        # One row that cannot be read must not keep the others, nor the commits, from their turn.
        return None


def _put(connection: sqlite3.Connection, request: tuple[int, str, str, str, str]) -> int:
    """Return the id of the request; one that waits already is not put a second time."""
    with database.transaction(connection):
        waiting = connection.execute(
            "SELECT id FROM request WHERE done IS NULL AND action = ? AND meter = ? "
            "AND argument = ?",
            request[2:],
        ).fetchone()
        if waiting:
            return int(waiting[0])
        cursor = connection.execute(
            "INSERT INTO request (at, who, action, meter, argument) VALUES (?, ?, ?, ?, ?)", request
        )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _wait(
    connection: sqlite3.Connection, number: int, path: Path, patience: float
) -> Answer | None:
    end = time.monotonic() + patience
    while True:
        answer, ok, done = connection.execute(
            "SELECT answer, ok, done FROM request WHERE id = ?", (number,)
        ).fetchone()
        if done is not None:
            return Answer(answer, bool(ok))
        if time.monotonic() >= end or lock.holder(path) is None:
            return None
        time.sleep(_PAUSE)
