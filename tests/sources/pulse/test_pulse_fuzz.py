"""Damaged streams of a board: no pulse that was not, no exception, and back in step."""

import json
import zlib
from pathlib import Path
from random import Random
from typing import NamedTuple

from submeter.sources.pulse.board_count import BoardCount
from submeter.sources.pulse.remembered import Remembered
from tooling import mutations
from tooling.board import PulseDecoder, line, record

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
        decoder = PulseDecoder()
        found = []
        for piece in mutations.pieces(damaged, random):
            found += decoder.feed(piece)
        assert {each.counters for each in found} <= true_counters(damaged)
        accepted += bool(found)
        assert decoder.kept <= 4096
        assert [each.counters for each in decoder.feed(b"\n" + good)][-1:] == [(5,)]
    assert accepted > 100


def test_a_line_without_end_takes_no_memory() -> None:
    decoder = PulseDecoder()
    for _ in range(300):
        assert decoder.feed(b"$S {" + b"x" * 4093) == []
    assert decoder.kept <= 4096
    assert len(decoder.feed(b"\n" + record(1, 2))) == 1


class Said(NamedTuple):
    """A record of a board, and how often its input had closed since the world began."""

    line: bytes
    truth: int


LENGTH = 12  # records of a stream; fewer old ones in a row than make a source lose its patience


def board(random: Random, raw: int = 0) -> list[Said]:
    """Return what a board says that is reset at times, after what it counted was sent."""
    said, truth, boot = [], 0, random.getrandbits(32)
    for _ in range(LENGTH):
        grown = random.choice((0, 1, 2, 5))
        raw, truth = (raw + grown) % 2**32, truth + grown
        said.append(Said(record(boot, raw), truth))
        if random.random() < 0.2:
            boot, raw = random.getrandbits(32), 0
    return said


def counted(lines: list[bytes], random: Random, most: int) -> int:
    """Return the pulses that `lines` come to, which never fall, nor are more than `most`."""
    memory = Remembered("x", "x", Path("none"))
    decoder, follow = PulseDecoder(), BoardCount(0, 50.0)
    for turn, each in enumerate(lines):
        for piece in mutations.pieces(each, random):
            for found in decoder.feed(piece):
                before = memory.now.total
                memory.set(follow.take(memory.now, memory.ended, found, 30.0 * turn).now)
                assert before <= memory.now.total <= most
    return memory.now.total


def damage(line: bytes, random: Random) -> bytes:
    return next(mutations.damaged([line], 1, random.getrandbits(32)))


def again(lines: list[bytes], random: Random) -> list[bytes]:
    """Return `lines`, some of which come a second time, then or later."""
    more = list(lines)
    for _ in range(random.randrange(4)):
        place = random.randrange(len(more))
        more.insert(random.randrange(place, len(more)) + 1, more[place])
    return more


def late(lines: list[bytes], random: Random) -> list[bytes]:
    """Return `lines` with some that come later than they were sent."""
    for _ in range(random.randrange(3)):
        place = random.randrange(len(lines))
        lines.insert(random.randrange(place, len(lines)), lines.pop(place))
    return lines


def test_what_was_before_the_first_record_never_counts() -> None:
    random = Random(mutations.SEED)
    for _ in range(mutations.FRAMES // LENGTH // 3):
        stream = board(random, random.choice((0, 9, 2**32 - 3, 70_000)))
        first = random.randrange(LENGTH)
        lines = [each.line.replace(b'"p"', b'"P"') for each in stream[:first]]
        lines += again([each.line for each in stream[first:]], random)
        true = stream[-1].truth - stream[first].truth
        assert counted([*lines, stream[-1].line], random, true) == true


def test_no_damage_makes_pulses_of_nothing() -> None:
    random = Random(mutations.SEED)
    for _ in range(mutations.FRAMES // LENGTH * 2 // 3):
        stream = board(random)
        lines = [each.line for each in stream]
        for _ in range(random.randrange(4)):
            place = random.randrange(LENGTH)
            lines[place] = damage(lines[place], random)
        counted(late(again(lines, random), random), random, stream[-1].truth)
