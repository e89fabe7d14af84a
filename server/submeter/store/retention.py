"""Lets go of what was kept long enough: samples and answered requests, never evidence."""

import sqlite3

from submeter.store.database import transaction

CHUNK = 1000  # rows a transaction, so that a commit never waits long

_SAMPLES = (
    "DELETE FROM sample WHERE seq IN (SELECT seq FROM sample WHERE at < ? ORDER BY at LIMIT ?)"
)
_REQUESTS = "DELETE FROM request WHERE id IN (SELECT id FROM request WHERE done < ? LIMIT ?)"


def prune(connection: sqlite3.Connection, before: int) -> int:
    """Delete at most CHUNK rows of each kind from before UTC second `before`.

    Returns how many samples were deleted: fewer than CHUNK when no more are left.
    """
    with transaction(connection):
        connection.execute(_REQUESTS, (before, CHUNK))
        return connection.execute(_SAMPLES, (before, CHUNK)).rowcount
