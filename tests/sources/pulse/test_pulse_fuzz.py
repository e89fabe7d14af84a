"""Damaged streams of a board: no pulse that was not, no exception, and back in step."""

import json
import zlib
from random import Random
from typing import NamedTuple

from submeter.count_file import Count
from submeter.sources.pulse.board import BoardDecoder
from submeter.sources.pulse.board_count import BoardCount
from submeter.sources.pulse.remembered import Remembered
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


class Said(NamedTuple):
    """A record of a board, and how often its input had closed since the world began."""

    line: bytes
    truth: int


LENGTH = 12  # records of a stream


def board(random: Random) -> list[Said]:
    """Return what a board says that is reset at times, after what it counted was sent."""
    said, truth = [], 0
    boot, raw = random.getrandbits(32), random.choice((0, 9, 2**32 - 3, 70_000))
    for _ in range(LENGTH):
        grown = random.choice((0, 1, 2, 5))
        raw, truth = (raw + grown) % 2**32, truth + grown
        said.append(Said(record(boot, raw), truth))
        if random.random() < 0.2:
            boot, raw = random.getrandbits(32), 0
    return said


def counted(stream: list[Said], damaged: list[bytes], random: Random) -> Count:
    """Return what `damaged` lines come to; at no moment more than the board can have told."""
    memory = Remembered("x", "x", None)  # type: ignore[arg-type]
    decoder, follow = BoardDecoder(), BoardCount(0, 50.0)
    first: int | None = None
    for second, bad in enumerate(damaged):
        for piece in mutations.pieces(bad, random):
            for each in decoder.feed(piece):
                # By an independent look at what the board sent: what was told so far.
                if first is None:
                    first = truth_of(each.counters, stream)
                before = memory.now.total
                memory.set(follow.take(memory.now, memory.ended, each, float(second)).now)
                assert before <= memory.now.total <= stream[-1].truth - first
    return memory.now


def truth_of(counters: tuple[int, ...], stream: list[Said]) -> int:
    return min(each.truth for each in stream if json.dumps(list(counters)).encode() in each.line)


def spoiled(stream: list[Said], random: Random) -> list[bytes]:
    """Return the lines of `stream` flipped, cut, left out, late, and again."""
    lines = [each.line for each in stream]
    for _ in range(random.randrange(5)):
        place = random.randrange(len(lines))
        match random.randrange(4):
            case 0:
                lines[place] = next(mutations.damaged([lines[place]], 1, random.getrandbits(32)))
            case 1:
                del lines[place]
            case 2:  # a buffer that is sent late
                lines.insert(random.randrange(place, len(lines)), lines.pop(place))
            case 3:
                lines.insert(random.randrange(place, len(lines)) + 1, lines[place])
    return lines


def test_no_damage_makes_pulses_of_nothing() -> None:
    random = Random(mutations.SEED)
    for _ in range(mutations.FRAMES // LENGTH):
        stream = board(random)
        counted(stream, spoiled(stream, random), random)


def test_records_that_come_again_cost_no_pulse() -> None:
    random = Random(mutations.SEED)
    for _ in range(mutations.FRAMES // LENGTH // 4):
        stream = board(random)
        lines = [each.line for each in stream]
        for _ in range(3):
            place = random.randrange(len(lines))
            lines.insert(random.randrange(place, len(lines)) + 1, lines[place])
        assert counted(stream, lines, random).total == stream[-1].truth - stream[0].truth
