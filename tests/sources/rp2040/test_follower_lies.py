"""What a follower makes of records that lie, are told again, or come after one that lied."""

from typing import Any

import pytest

from submeter.errors import Condition
from submeter.sources.rp2040.follower import BACK, PATIENCE, SLACK
from submeter.sources.rp2040.record import Record
from tooling.follower_bench import Bench

MINUTE = int(PATIENCE)


@pytest.mark.parametrize("of", ["the same run", "the run before", "before a restart"])
def test_lines_that_are_told_again_for_minutes_never_count(of: str) -> None:
    bench = Bench()
    old = []
    for _ in range(250):
        old.append(bench.next())
        bench.take(old[-1])
    if of == "the run before":
        bench.board.reset("b")
        bench.live(2)
    elif of == "before a restart":
        bench.restart()
    good = bench.counted
    for said in old[:-3]:
        bench.now += 1
        bench.take(said)
    assert bench.counted == good
    assert bench.trouble() is Condition.NOISE
    for _ in range(len(old)):
        said = bench.next()
    assert bench.take(said)
    assert bench.trouble() is None
    assert bench.counted == good + len(old) * 6000


def lied(said: Record, lie: str) -> Record:
    """Return `said` with one absurd number that is believed all the same."""
    if lie == "squares":
        sums = (said.sums[0], said.sums[1] + 6000 * 1000**2, *said.sums[2:])
        return said._replace(sums=sums)
    if lie == "saturated":
        return said._replace(saturated=(4000, 0, 0, 0))
    return said._replace(**{lie: getattr(said, lie) + 10**9})


@pytest.mark.parametrize(
    "lie", ["seq", "sampled", "cycles", "length", "overruns", "lost", "squares", "saturated"]
)
def test_one_record_that_lies_costs_nothing_but_a_minute_of_waiting(lie: str) -> None:
    bench = Bench()
    bench.live(10)
    products = 0

    def take(said: Record) -> None:
        nonlocal products
        window = bench.take(said)
        products += window.sums[4] if window else 0

    before = bench.follower._base
    assert before
    take(lied(bench.next(), lie))
    assert products, "the lie is believed"
    for _ in range(MINUTE + 2):
        last = bench.next()
        take(last)
    assert bench.trouble() is None
    assert bench.counted == (9 + 1 + MINUTE + 2) * 6000
    assert products == last.sums[4] - before.sums[4]


def test_a_lie_that_is_the_first_record_ever_ends_after_a_minute() -> None:
    bench = Bench()
    bench.take(bench.next()._replace(seq=1 << 40, micros=1 << 60, frames=1 << 50))
    bench.live(MINUTE + 1)
    assert bench.trouble() is None
    bench.live(5)
    assert bench.counted == 5 * 6000


def test_what_disagrees_is_not_believed_however_long_it_lasts() -> None:
    bench = Bench()
    bench.live(10)
    good = bench.counted
    for step in range(2 * MINUTE):
        bench.take(bench.next()._replace(overruns=-1 - step))
    assert bench.counted == good
    assert bench.trouble() is Condition.NOISE
    bench.live(1)
    assert bench.counted == good + (2 * MINUTE + 1) * 6000


def test_more_than_the_time_allows_is_left_out_after_a_minute() -> None:
    bench = Bench()
    bench.live(10)
    now, good = bench.now, bench.counted
    for _ in range(600):
        bench.next()
    bench.now = now
    bench.live(MINUTE + 1)
    assert bench.counted == good
    assert bench.trouble() is None
    bench.live(5)
    assert bench.counted == good + 5 * 6000


def test_a_host_that_slept_loses_nothing() -> None:
    """Its monotonic time goes on in its sleep; see Instant."""
    bench = Bench()
    bench.live(10)
    for _ in range(int(10 * SLACK)):
        bench.next()
    bench.live(1)
    assert bench.counted == (9 + 10 * SLACK + 1) * 6000


def test_without_a_number_that_a_later_record_bore_out_a_memory_is_as_good() -> None:
    bench = Bench()
    bench.live(3)
    saved: dict[str, Any] = bench.follower.saved()
    assert saved.pop("sure") == 2
    bench.follower.restore(saved)
    bench.live(BACK)
    assert bench.counted == (2 + BACK) * 6000
