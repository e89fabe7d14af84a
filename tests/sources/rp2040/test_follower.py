"""What a board counted, whatever comes between the records."""

import json
import time
from typing import Any

import pytest

from submeter.errors import Condition
from submeter.sources.rp2040.follower import BACK, CALM, RUNS, SLACK, STARTING, Follower
from submeter.sources.rp2040.record import Record
from tooling.follower_bench import Bench


def test_the_first_record_ever_counts_nothing_and_each_later_one_what_it_adds() -> None:
    bench = Bench()
    for _ in range(100):
        said = bench.next()
    assert bench.take(said) is None
    window = bench.take(bench.next())
    assert window
    assert (window.records, window.micros, window.frames) == (1, 1_000_000, 6000)


def test_lost_records_lose_nothing() -> None:
    bench = Bench()
    bench.live(1)
    for _ in range(600):
        said = bench.next()
    window = bench.take(said)
    assert window
    assert (window.records, window.frames) == (600, 3_600_000)


def test_what_comes_twice_or_late_counts_once() -> None:
    bench = Bench()
    bench.live(1)
    first, second, third = bench.next(), bench.next(), bench.next()
    for said in (second, first, second, second, third, first, third):
        bench.take(said)
    assert bench.counted == 18_000
    assert bench.trouble() is None


def test_a_reset_costs_only_what_was_not_sent() -> None:
    bench = Bench()
    bench.live(10)
    late = bench.next()
    bench.board.reset("b")
    window = bench.take(bench.next())
    assert window
    assert window.records == 1
    assert bench.take(late) is None
    bench.live(9)
    assert bench.counted == (9 + 10) * 6000
    assert bench.trouble() is None


def test_a_restart_of_the_host_loses_nothing() -> None:
    bench = Bench()
    bench.live(10)
    for _ in range(50):
        bench.next()
    bench.restart()
    bench.live(1)
    assert bench.counted == (9 + 51) * 6000


def test_a_run_goes_on_over_a_restart_even_with_a_wrong_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    bench.live(10)
    bench.restart()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    for _ in range(86_400 // 60):
        said = bench.next(60)
    bench.take(said)
    assert bench.counted == pytest.approx((9 + 86_400) * 6000)


@pytest.mark.parametrize(
    ("off", "lasted", "counts"),
    [(3600, 3600, True), (3600, 3600 + STARTING + SLACK + 10, False),
     (0, STARTING, True), (-40_000, STARTING, True), (0, STARTING + SLACK + 10, False)],
)  # fmt: skip
def test_a_reset_while_the_host_was_off_counts_all_of_the_run_if_there_was_time(
    off: int, lasted: float, counts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a clock of its own the host may believe that no time went by, or less than none."""
    bench = Bench()
    bench.live(10)
    bench.board.reset("b")
    now = time.time()
    bench.restart()
    monkeypatch.setattr(time, "time", lambda: now + off)
    assert bool(bench.take(bench.next(lasted))) is counts
    assert bench.counted == (9 + lasted * counts) * 6000
    bench.live(1)
    assert bench.counted == (10 + lasted * counts) * 6000


def test_a_run_that_cannot_be_new_is_taken_as_it_stands() -> None:
    bench = Bench()
    bench.live(10)
    before, bench.now = bench.now, 0.0
    bench.board.reset("b")
    for _ in range(100):
        said = bench.next()
    bench.now = before + 1
    assert bench.take(said) is None
    bench.live(5)
    assert bench.counted == (9 + 5) * 6000


def test_records_that_claim_more_than_the_time_allows_are_not_believed() -> None:
    bench = Bench()
    bench.live(10)
    good = bench.counted
    for _ in range(int(SLACK) + 5):
        bench.take(hasty(bench))
    assert bench.counted <= good + (SLACK + 1) * 6000
    assert bench.trouble() is Condition.NOISE


def test_nor_after_a_new_run_or_a_restart() -> None:
    for anew in ("run", "restart"):
        bench = Bench()
        bench.live(500)
        if anew == "run":
            bench.board.reset("b")
        else:
            bench.restart()
        bench.live(3)
        good = bench.counted
        for _ in range(int(SLACK) + 5):
            bench.take(hasty(bench))
        assert bench.counted <= good + (SLACK + 1) * 6000, anew
        assert bench.trouble() is Condition.NOISE


def hasty(bench: Bench) -> Record:
    """Return the next record of a board for which time runs while that of the host stands."""
    said = bench.next()
    bench.now -= 1
    return said


def test_records_that_were_held_up_all_count() -> None:
    bench = Bench()
    bench.live(10)
    held = [bench.next() for _ in range(500)]
    for said in held:
        bench.take(said)
    assert bench.counted == (9 + 500) * 6000


@pytest.mark.parametrize("field", ["micros", "sampled", "frames", "cycles", "length", "lost"])
def test_a_counter_that_falls_while_the_numbers_grow_is_not_believed(field: str) -> None:
    bench = Bench()
    bench.board.lost = 50
    bench.live(10)
    good = bench.counted
    for place in range(BACK):
        said = bench.next()
        assert bench.take(said._replace(**{field: getattr(said, field) // 2 - 50_000})) is None
        assert bool(bench.trouble()) is (place == BACK - 1)
    assert bench.counted == good
    bench.live(1)
    assert bench.counted == good + (BACK + 1) * 6000
    assert bench.trouble() is None


def test_a_sum_that_is_more_than_the_converter_can_tell_is_not_believed() -> None:
    bench = Bench()
    bench.live(10)
    said = bench.next()
    for place in range(17):
        sums = list(said.sums)
        sums[place] += 1 << 40
        assert bench.take(said._replace(sums=tuple(sums))) is None
    falls = (said.sums[0], 0, *said.sums[2:])
    assert bench.take(said._replace(sums=falls)) is None
    assert bench.take(said._replace(quadrants=(1 << 50, *said.quadrants[1:]))) is None
    assert bench.take(said)


def test_another_board_never_counts_what_it_counted_elsewhere() -> None:
    bench, other = Bench(), Bench(uid="e66038b7130000ff", boot="c")
    bench.live(10)
    for _ in range(100):
        said, own = other.next(), bench.next()
    assert bench.take(said) is None
    assert bench.take(other.next())
    assert bench.take(own) is None
    assert bench.take(said) is None
    assert bench.take(bench.next())
    assert bench.counted == (9 + 1 + 1) * 6000


def test_a_board_that_comes_to_no_rest_is_told_and_counted() -> None:
    bench = Bench()
    bench.live(10)
    for boot in range(RUNS + 3):
        bench.board.reset(f"r{boot}")
        bench.live(5)
        assert (bench.trouble() is Condition.RESETTING) is (boot >= RUNS)
    counted = 9 + (RUNS + 3) * 5
    assert bench.counted == counted * 6000
    bench.live(int(CALM) - 5)
    assert bench.trouble() is Condition.RESETTING
    bench.live(1)
    assert bench.trouble() is None
    assert bench.counted == (counted + CALM - 4) * 6000


def test_resets_far_apart_are_no_trouble() -> None:
    bench = Bench()
    for boot in range(20):
        bench.board.reset(f"r{boot}")
        bench.live(21)
        assert bench.trouble() is None
    assert bench.counted == (20 * 21 - 1) * 6000


def test_what_is_saved_is_the_same_while_nothing_comes() -> None:
    bench = Bench()
    assert bench.follower.saved() == {}
    bench.live(2)
    bench.board.reset("b")
    bench.live(2)
    first = bench.follower.saved()
    bench.restart()
    assert bench.follower.saved() == json.loads(json.dumps(first))
    Follower().restore({})


@pytest.mark.parametrize(
    "damage",
    [{"record": None}, {"record": {}}, {"past": None}, {"past": [[]]}, {"past": [[1, 2, "x", 0]]},
     {"at": None}, {"at": -1}, {"sums": [0] * 16}, {"sums": ["0"] * 17}, {"quadrants": []},
     {"seq": "1"}, {"uid": 5.5}, {"boot": None}, {"saturated": [0]}, {"frames": -1},
     {"more": 1}],
)  # fmt: skip
def test_a_damaged_memory_is_refused(damage: dict[str, Any]) -> None:
    bench = Bench()
    bench.live(2)
    saved = json.loads(json.dumps(bench.follower.saved()))
    key = next(iter(damage))
    (saved if key in saved else saved["record"]).update(damage)
    with pytest.raises(ValueError, match="saved state of a board"):
        Follower().restore(saved)


def test_a_late_record_of_a_run_before_the_restart_counts_nothing() -> None:
    bench = Bench()
    bench.live(3)
    late = bench.next()
    bench.board.reset("b")
    bench.live(3)
    bench.restart()
    assert bench.take(late) is None
    bench.live(2)
    assert bench.counted == (2 + 3 + 2) * 6000
