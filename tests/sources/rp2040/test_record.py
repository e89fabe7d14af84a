"""`$S` of a board."""

from typing import Any

import pytest

from submeter.errors import FrameError
from submeter.sources.rp2040 import identity, record
from submeter.sources.rp2040.record import between, nothing
from tooling.clamp_records import IdealBoard


def said(layout: str = "v3i", **more: Any) -> tuple[dict[str, Any], identity.Identity]:
    board = IdealBoard(layout=layout, rest=(0, 0, 0, 0))
    board.second()
    return board.second() | more, identity.read(board.identity())


@pytest.mark.parametrize(("layout", "sums", "quadrants"), [("v3i", 17, 24), ("4i", 8, 0)])
def test_a_record_is_what_the_line_says(layout: str, sums: int, quadrants: int) -> None:
    content, who = said(layout)
    read = record.read(content, who)
    assert (read.uid, read.boot, read.seq) == (who.uid, who.boot, 2)
    assert (read.micros, read.sampled, read.mains) == (2_000_000, 12_000, True)
    assert (len(read.sums), len(read.quadrants)) == (sums, quadrants)
    assert list(read.sums) == content["s"]


@pytest.mark.parametrize(
    "more",
    [{"uid": "e66038b7139000aa"}, {"uid": None}, {"b": "another"}, {"q": 0}, {"q": 1.0},
     {"q": True}, {"t": -1}, {"f": 25_000}, {"n": 12_001}, {"n": -1}, {"c": 12_001}, {"z": -1},
     {"z": 1 << 80}, {"s": [0] * 16}, {"s": [0] * 8}, {"s": [0.0] * 17}, {"s": None},
     {"s": [0, -1] + [0] * 15}, {"s": [1 << 60] * 17}, {"e": []}, {"e": [1 << 60] * 24},
     {"x": [0, 0, 0]}, {"x": [0, 0, 0, 20_000]}, {"a": 2},
     {"a": True}, {"o": -1}, {"l": 12_001}, {"q": 5}],
)  # fmt: skip
def test_what_cannot_be_is_refused(more: dict[str, Any]) -> None:
    content, who = said(**more)
    with pytest.raises(FrameError):
        record.read(content, who)


@pytest.mark.parametrize("key", sorted(said()[0].keys() - {"p", "m", "w"}))
def test_no_key_may_be_missing(key: str) -> None:
    content, who = said()
    del content[key]
    with pytest.raises(FrameError):
        record.read(content, who)


def test_a_record_of_one_layout_is_none_of_the_other() -> None:
    with pytest.raises(FrameError):
        record.read(said("4i")[0], said("v3i")[1])


def test_what_was_counted_before_the_first_record_is_all_of_it() -> None:
    content, who = said()
    read = record.read(content, who)
    window = between(nothing(read), read)
    assert (window.records, window.micros, window.frames) == (2, 2_000_000, content["n"])
    assert window.sums == read.sums
    assert window.quadrants == read.quadrants


@pytest.mark.parametrize(
    ("rate", "fits"), [(5900, False), (5945, True), (6055, True), (6100, False)]
)
def test_the_frames_of_a_long_run_fit_the_clock_of_the_board_within_a_percent(
    rate: int, fits: bool
) -> None:
    content, who = said()
    content |= {"t": 3600_000_000, "f": 3600 * rate}
    if fits:
        assert record.read(content, who)
    else:
        with pytest.raises(FrameError, match="frames in"):
            record.read(content, who)


def test_a_sampler_that_stood_for_a_moment_is_believed() -> None:
    content, who = said()
    assert record.read(content | {"t": 5_000_000, "f": 12_000}, who)
    assert record.read(content | {"t": 20_000_000, "f": 17 * 6000}, who)
    with pytest.raises(FrameError):
        record.read(content | {"t": 20_000_000, "f": 16 * 6000}, who)
