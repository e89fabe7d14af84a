"""The chain of evidence: each row carries the hash of the one before it, and is signed."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping

from submeter.store.database import Cell, insert, quoted
from submeter.store.key import SiteKey
from submeter.store.page import IndexRow

CHAINED = ("interval", "audit")
BEGINNING = bytes(32)
HASH_AT = "hash"
SIGNATURE_AT = "signature"


def canonical(table: str, row: Mapping[str, Cell]) -> bytes:
    """Return the one byte string of `row`: JSON in ASCII, `[table, [[column, value], ...]]`.

    Columns are in the order of their names, without hash and signature and without those that are
    NULL, so that a column added later changes nothing. A float is `[float.hex()]`. Raises TypeError
    for a value that is neither text nor a number.
    """
    cells = [
        [name, [value.hex()] if isinstance(value, float) else value]
        for name, value in sorted(row.items())
        if value is not None and name not in (HASH_AT, SIGNATURE_AT)
    ]
    return json.dumps([table, cells], separators=(",", ":")).encode("ascii")


def link(previous: bytes, table: str, row: Mapping[str, Cell]) -> bytes:
    """Return the hash of `row`: SHA-256 of the hash before it (32 bytes), then `canonical`."""
    return hashlib.sha256(previous + canonical(table, row)).digest()


def head_bytes(table: str, count: int, last: bytes) -> bytes:
    """Return what is signed of a chain as a whole: its length and its last hash."""
    return json.dumps(["head", table, count, last.hex()], separators=(",", ":")).encode("ascii")


def index_bytes(row: IndexRow) -> bytes:
    """Return what is signed of an index, which is in no chain; raises TypeError as `canonical`."""
    return canonical("index", row._asdict())


class Chain:
    """Appends to one table within a transaction that the caller has begun; raises sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection, table: str, key: SiteKey) -> None:
        self._connection = connection
        self._table = table
        self._key = key
        head = connection.execute("SELECT count, hash FROM head WHERE chain = ?", (table,))
        found: tuple[int, bytes] = head.fetchone() or (0, BEGINNING)
        self._count, self._hash = found
        # The two differ only after a hand in the file, which shows, and must not stop the meters.
        last = connection.execute(f"SELECT max(seq) FROM {quoted(table)}").fetchone()[0]
        self._seq = max(self._count, last or 0)

    def append(self, row: Mapping[str, Cell]) -> None:
        """Add `row`; its values must be as SQLite gives them back."""
        self._seq += 1
        numbered = {"seq": self._seq, **row}
        self._hash = link(self._hash, self._table, numbered)
        self._count += 1
        signature = self._key.sign(self._hash)
        insert(
            self._connection,
            self._table,
            {**numbered, HASH_AT: self._hash, SIGNATURE_AT: signature},
        )

    def seal(self) -> None:
        """Write the length and the end of the chain, without which cut-off rows are not missed."""
        signature = self._key.sign(head_bytes(self._table, self._count, self._hash))
        self._connection.execute(
            "INSERT INTO head VALUES (?, ?, ?, ?) ON CONFLICT (chain) DO UPDATE SET "
            "count = excluded.count, hash = excluded.hash, signature = excluded.signature",
            (self._table, self._count, self._hash, signature),
        )
