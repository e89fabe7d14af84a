"""What was saved, as it is handed back at the start."""

import sqlite3

from submeter.meter.interval import Interval
from submeter.store import evidence, key
from submeter.store.chain import index_bytes
from submeter.store.page import IndexRow


def indexes(connection: sqlite3.Connection) -> dict[tuple[str, str], IndexRow]:
    """Return every index by meter and point."""
    rows = map(IndexRow._make, connection.execute('SELECT meter, point, total, state FROM "index"'))
    return {(row.meter, row.point): row for row in rows}


def altered(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return meter and point of every index that none of the site's keys has signed as it is."""
    keys = [public for (public,) in connection.execute("SELECT public FROM key")]
    query = 'SELECT meter, point, total, state, signature FROM "index" ORDER BY meter, point'
    found = []
    for *cells, signature in connection.execute(query):
        row = IndexRow._make(cells)
        if not any(key.good(public, signature, index_bytes(row)) for public in keys):
            found.append((row.meter, row.point))
    return found


def settings(connection: sqlite3.Connection) -> dict[tuple[str, str], int | float]:
    """Return every stored setting by meter and point, in the point's unit."""
    rows = connection.execute("SELECT meter, point, value FROM setting")
    return {(meter, point): value for meter, point, value in rows}


def demands(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the state of the demand by meter."""
    return dict(connection.execute("SELECT meter, state FROM demand").fetchall())


def notes(connection: sqlite3.Connection) -> dict[str, str]:
    """Return every note by its key."""
    return dict(connection.execute("SELECT key, value FROM note").fetchall())


def last_interval(connection: sqlite3.Connection, meter: str) -> Interval | None:
    """Return the closed interval of `meter` that began last."""
    cursor = connection.execute(
        "SELECT * FROM interval WHERE meter = ? ORDER BY start DESC LIMIT 1", (meter,)
    )
    cursor.row_factory = sqlite3.Row
    row = cursor.fetchone()
    return None if row is None else evidence.interval(dict(row))
