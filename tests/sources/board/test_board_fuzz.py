"""Damaged streams of a board with clamps: no wrong record, no energy twice, and back in step."""

import contextlib
import json
import zlib
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from submeter.errors import FrameError
from submeter.sources.board.lines import LineDecoder
from submeter.sources.board.said import Said
from submeter.sources.rp2040 import identity, record
from submeter.sources.rp2040.follower import Follower
from submeter.sources.rp2040.identity import Identity
from submeter.sources.rp2040.snapshot import Snapshots
from tooling import mutations
from tooling.answering_board import snapshot
from tooling.board import line
from tooling.clamp_records import IdealBoard

BOARD = IdealBoard(pins=(2, 3))
WHO = identity.read(BOARD.identity())
FRAMES = [
    line("ID", BOARD.identity()),
    line("S", BOARD.second()),
    line("S", BOARD.second()),
    line("W", snapshot(BOARD, 1)[0]),
    line("E", {"b": BOARD.boot, "q": 1, "t": 5, "f": 5, "k": "dip", "v": 7}),
    line("R", {"r": 1, "ok": 0, "error": "no such command"}),
    b'Traceback (most recent call last):\r\n  File "main.py", line 5\r\nOSError: $S {\r\n',
]
LENGTH = 12  # records of a stream


def take(content: Any) -> record.Record:
    return record.read(content, WHO)


def whole_lines(data: bytes) -> Iterator[Said]:
    """Yield what an independent look finds: wherever `$TAG ` is followed by a right CRC."""
    for piece in data.split(b"$")[1:]:
        body, star, crc = piece.partition(b"\n")[0].rpartition(b"*")
        if star and b"%08x" % zlib.crc32(body) == crc[:8].lower():
            tag, _, text = body.partition(b" ")
            yield Said(tag.decode(), json.loads(text))


def test_no_damage_makes_a_line_of_nothing() -> None:
    random, good, accepted = Random(mutations.SEED), line("S", {"q": 77}), 0
    for damaged in mutations.damaged(FRAMES):
        decoder, found = LineDecoder(), []
        for piece in mutations.pieces(damaged, random):
            found += decoder.feed(piece)
        true = list(whole_lines(damaged))
        assert all(each in true for each in found)
        assert len(decoder._line) <= 4096
        accepted += bool(found)
        assert decoder.feed(b"\n" + good)[-1:] == [Said("S", {"q": 77})]
    assert accepted > 100


WEIRD: tuple[Any, ...] = (
    None,
    True,
    -1,
    1 << 70,
    0.5,
    1e300,
    "",
    "x" * 65,
    "\n",
    [],
    [1],
    {},
    [[]],
    "v3i",
    "4i",
)


def distorted(content: dict[str, Any], random: Random) -> dict[str, Any]:
    """Return `content` with something else in some places."""
    changed: dict[str, Any] = json.loads(json.dumps(content))
    for _ in range(random.choice((1, 1, 2))):
        key = random.choice(list(content))
        if isinstance(content[key], list) and content[key] and random.random() < 0.7:
            changed[key] = list(content[key])
            changed[key][random.randrange(len(content[key]))] = random.choice(WEIRD)
        else:
            changed[key] = random.choice(WEIRD)
    return changed


def test_whatever_a_line_says_what_is_read_is_within_bounds() -> None:
    random, passed = Random(mutations.SEED), 0
    snapshots = Snapshots()
    for _ in range(mutations.FRAMES // 4):
        said = distorted(BOARD.identity(), random)
        try:
            who = identity.read(said)
        except FrameError:
            pass
        else:
            passed += 1
            assert sorted(who.order) == [0, 1, 2, 3]
            assert all(0 <= each <= 120 for each in (*who.lags, who.quarter))
        said = distorted(BOARD._content(BOARD.frames + 100), random)
        try:
            read = take(said)
        except FrameError:
            pass
        else:
            passed += 1
            assert 0 <= read.frames <= read.sampled
            assert [len(read.sums), len(read.quadrants)] == [17, 24]
            assert all(type(each) is int for each in read.sums)
        with contextlib.suppress(FrameError):
            snapshots.take(distorted(snapshot(BOARD, 1)[0], random), WHO)
    assert passed > 50


class Sent(NamedTuple):
    """A line, and the frames that had been counted when it was sent, since the world began."""

    line: bytes
    truth: int


def stream(random: Random) -> list[Sent]:
    """Return what a board says that is reset at times, and says who it is then."""
    board = IdealBoard(boot=f"{random.getrandbits(32):08x}")
    sent, before = [Sent(line("ID", board.identity()), 0)], 0
    for _ in range(LENGTH):
        sent.append(Sent(line("S", board.second()), before + board.frames))
        if random.random() < 0.15:
            before += board.frames
            board.reset(f"{random.getrandbits(32):08x}")
            sent.append(Sent(line("ID", board.identity()), before))
    return sent


def counted(lines: list[bytes], random: Random) -> int:
    """Return the frames that a follower takes of `lines`, one a second; none of them falls."""
    decoder, follower = LineDecoder(), Follower()
    known: dict[str, Identity] = {}
    total = 0
    for now, each in enumerate(lines):
        for piece in mutations.pieces(each, random):
            for said in decoder.feed(piece):
                try:
                    if said.tag == "ID":
                        who = identity.read(said.content)
                        known[who.boot] = who
                    elif said.tag == "S" and said.content.get("b") in known:
                        read = record.read(said.content, known[said.content["b"]])
                        window = follower.take(read, 500.0 + now)
                        if window:
                            assert min(window.frames, window.sums[1], window.records) >= 0
                            total += window.frames
                except FrameError:
                    continue
    return total


def mixed(sent: list[bytes], random: Random) -> list[bytes]:
    """Return `sent` with lines that are damaged, missing, doubled and late."""
    lines = list(sent)
    for _ in range(random.randrange(5)):
        place = random.randrange(len(lines))
        match random.randrange(5):
            case 0:
                lines[place] = next(mutations.damaged(lines, 1, random.getrandbits(32)))
            case 1:
                del lines[place]
            case 2:
                lines.insert(random.randrange(place, len(lines)) + 1, lines[place])
            case 3:
                lines.insert(random.randrange(place, len(lines)), lines.pop(place))
            case _:
                lines.insert(place, FRAMES[-1])
    return lines


def test_no_damage_counts_energy_twice_or_backwards() -> None:
    random, whole = Random(mutations.SEED), 0
    streams = [stream(random) for _ in range(100)]
    for turn in range(mutations.FRAMES // LENGTH):
        sent = streams[turn % len(streams)]
        first = sent[1].truth
        lines = mixed([each.line for each in sent], random)
        found = counted(lines, random)
        assert found <= sent[-1].truth - first
        whole += found == sent[-1].truth - first
    assert whole > 100
