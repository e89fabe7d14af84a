"""Damaged streams of a board: no wrong count, no exception, and back in step."""

import json
import zlib
from random import Random

from submeter.sources.pulse.board import BoardDecoder
from tooling import mutations
from tooling.board import line, record

FRAMES = [
    record("6f0a", 12, 4_000_000_000, t=99),
    record(77, 0, 1, 2, 3, s=[123456789] * 17),
    line("ID", {"uid": "e660583883724a32", "boot": "6f0a"}),
    line("W", {"v": "QUJD" * 300}),
]


def true_counters(data: bytes) -> set[tuple[int, ...]]:
    """Return what an independent look finds: wherever a `$S ` is followed by a right CRC."""
    found = set()
    for piece in data.split(b"$")[1:]:
        body, star, crc = piece.partition(b"\n")[0].rpartition(b"*")
        if star and body.startswith(b"S ") and b"%08x" % zlib.crc32(body) == crc[:8].lower():
            found.add(tuple(json.loads(body[2:])["p"]))
    return found


def test_no_damage_gives_a_wrong_count() -> None:
    random = Random(mutations.SEED)
    good = record("ok", 5)
    accepted = 0
    for damaged in mutations.damaged(FRAMES):
        decoder = BoardDecoder()
        found = []
        for piece in mutations.pieces(damaged, random):
            found += decoder.feed(piece)
        assert {each.counters for each in found} <= true_counters(damaged)
        accepted += bool(found)
        assert len(decoder._line) <= 4096
        assert [each.counters for each in decoder.feed(b"\n" + good)][-1:] == [(5,)]
    assert accepted > 100


def test_a_line_without_end_takes_no_memory() -> None:
    decoder = BoardDecoder()
    for _ in range(300):
        assert decoder.feed(b"$S {" + b"x" * 4093) == []
    assert len(decoder._line) <= 4096
    assert len(decoder.feed(b"\n" + record(1, 2))) == 1
