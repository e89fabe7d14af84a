"""The sampler of the RP2040: what it writes to registers, in order, and what it reads there."""

from typing import Any

import pytest

from tooling.rp2_fakes import ROOM, FakeBoard

CS, FCS, FIFO, DIV = 0x4004C000, 0x4004C008, 0x4004C00C, 0x4004C010
DATA, AGAIN = 3, 4  # channels
AT = 0x50000000 + 0x40 * DATA + 4  # where the ring is written
BASE = 0x2000_8000
SIZE = 32768
GO = 1 | 1 << 3 | 0xF << 16


@pytest.fixture
def board() -> FakeBoard:
    return FakeBoard()


@pytest.fixture
def sampler(board: FakeBoard) -> Any:
    made = board.load("hal_rp2.sampler").Sampler()
    made.start()
    board.mem32.values[AT] = BASE
    return made


def frames(board: FakeBoard, count: int, us: int | None = None) -> None:
    """Let `count` frames come, in their time or in `us`."""
    board.us += count * 1_000_000 // 6000 if us is None else us
    at = board.mem32[AT] - BASE
    board.mem32.values[AT] = BASE + (at + 8 * count) % SIZE


def test_the_ring_is_aligned_and_within_its_room(board: FakeBoard) -> None:
    sampler = board.load("hal_rp2.sampler").Sampler()
    assert sampler.ring == (BASE, SIZE)
    assert BASE % SIZE == 0
    assert ROOM <= BASE
    assert ROOM + len(sampler._room) >= BASE + SIZE
    assert sampler.mask == 16383
    assert [note for note in board.notes if note[0] == "adc"] == [
        ("adc", 26), ("adc", 27), ("adc", 28), ("adc", 29)
    ]  # fmt: skip


def test_a_heap_that_fills_upwards_keeps_what_lies_before_the_ring(board: FakeBoard) -> None:
    module = board.load("hal_rp2.sampler")
    places = {2 * SIZE: ROOM, SIZE: BASE}
    module.uctypes.addressof = lambda memory: places[len(memory)]
    sampler = module.Sampler()
    assert sampler.ring == (BASE, SIZE)
    assert len(sampler._room) == SIZE
    places[SIZE] = ROOM  # somewhere else
    sampler = module.Sampler()
    assert sampler.ring == (BASE, SIZE)
    assert len(sampler._room) == 2 * SIZE


def test_everything_stands_still_before_it_starts(board: FakeBoard) -> None:
    sampler = board.load("hal_rp2.sampler").Sampler()
    ready, level = iter([0, 0, 1 << 8]), iter([3 << 16, 2 << 16, 0])
    board.mem32.values[CS] = lambda: next(ready)
    board.mem32.values[FCS] = lambda: next(level)
    samples = iter([7, 7])
    board.mem32.values[FIFO] = lambda: next(samples)
    del board.notes[:]
    sampler.start()
    assert next(samples, None) is None
    assert next(ready, None) is None
    again, data = board.notes[9][2], board.notes[10][2]
    assert board.notes == [
        ("write", CS, 1),  # no new conversion
        ("write", FCS, 0),  # no request of the DMA
        ("ctrl", AGAIN, 0), ("active", AGAIN, 0),
        ("ctrl", DATA, 0), ("active", DATA, 0),
        ("write", FCS, 3 << 10),
        ("write", DIV, 1999 << 8),
        ("write", 0x50000800 + 0x40 * DATA, 0),
        ("config", AGAIN, again), ("config", DATA, data),
        ("write", FCS, 1 << 24 | 1 << 3 | 1),
        ("active", DATA, 1),
        ("write", CS, GO),  # last of all, at channel 0
    ]  # fmt: skip
    assert data == {
        "read": FIFO, "write": BASE, "count": 16384,
        "ctrl": {
            "size": 1, "inc_read": False, "inc_write": True, "ring_sel": True, "ring_size": 15,
            "treq_sel": 36, "chain_to": AGAIN,
        },
    }  # fmt: skip
    assert again == {
        "read": ROOM, "write": 0x50000000 + 0x40 * DATA + 0x1C, "count": 1,
        "ctrl": {"size": 2, "inc_read": False, "inc_write": False, "treq_sel": 0x3F},
    }  # fmt: skip
    assert list(sampler._count) == [16384]


@pytest.mark.parametrize(("rate", "div"), [(6000, 1999 << 8), (5000, 2399 << 8), (4096, 749744)])
def test_the_rate_is_that_of_four_channels(board: FakeBoard, rate: int, div: int) -> None:
    board.load("hal_rp2.sampler").Sampler(rate).start()
    assert ("write", DIV, div) in board.notes
    assert 48e6 / (1 + div / 256) / 4 == pytest.approx(rate, rel=2e-6)


def test_whole_frames_are_counted_round_the_ring(sampler: Any, board: FakeBoard) -> None:
    assert sampler.available() == 0
    for _ in range(9):
        frames(board, 1000)
        assert sampler.available() == 1000
        assert not sampler.overran()
        sampler.rd = sampler.rd + 4000 & sampler.mask
    assert sampler.rd == 36000 % 16384
    board.mem32.values[AT] = board.mem32[AT] + 6  # three quarters of a frame
    assert sampler.available() == 0
    board.mem32.values[AT] = board.mem32[AT] + 2
    assert sampler.available() == 1


def test_what_waits_is_bounded(sampler: Any, board: FakeBoard) -> None:
    frames(board, 3000)
    assert sampler.available() == 3000
    frames(board, 584)
    assert not sampler.overran()
    frames(board, 1)
    assert sampler.overran()
    sampler.rd = 4 * 3585
    assert sampler.overran(), "it lasts until the next start"
    sampler.start()
    board.mem32.values[AT] = BASE
    assert not sampler.overran()
    assert sampler.rd == 0


def test_a_whole_round_is_seen_by_the_clock(sampler: Any, board: FakeBoard) -> None:
    frames(board, 100)
    assert sampler.available() == 100
    sampler.rd = 400
    frames(board, 0, us=4096 * 1_000_000 // 6000)  # the DMA is where it was
    assert sampler.available() == 0
    assert sampler.overran()


def test_the_clock_may_wrap(sampler: Any, board: FakeBoard) -> None:
    board.us = (1 << 30) - 50_000
    sampler.start()
    board.mem32.values[AT] = BASE
    frames(board, 600)
    assert sampler.available() == 600
    assert not sampler.overran()


@pytest.mark.parametrize("flag", [1 << 10, 1 << 11])
def test_the_fifo_tells_what_it_lost(sampler: Any, board: FakeBoard, flag: int) -> None:
    assert not sampler.overran()
    board.mem32.values[FCS] = flag
    assert sampler.overran()


def test_nothing_works_on_after_the_end(sampler: Any, board: FakeBoard) -> None:
    del board.notes[:]
    sampler.close()
    assert board.notes == [
        ("write", CS, 1), ("write", FCS, 0),
        ("ctrl", AGAIN, 0), ("active", AGAIN, 0), ("ctrl", DATA, 0), ("active", DATA, 0),
        ("close", AGAIN), ("close", DATA),
    ]  # fmt: skip
