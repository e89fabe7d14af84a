"""Readings that follow one another: which are taken, which are sure, and what is kept of them."""

import json
from typing import Any

import pytest

from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.limits import Limits, Seen
from submeter.meter.track import Track

WH = 1000  # mWh
BASE = 5_000_000 * WH
SPAN = 10_000_000 * WH
LIMITS = Limits(Dial(WH, (SPAN,)), 36_000.0)  # 10 Wh a second
UTC = 1_700_000_000.0


def at(seconds: float) -> Instant:
    return Instant(seconds, UTC + seconds)


def seen(wh: int, second: float, name: str | None = "A", base: int = BASE) -> Seen:
    return Seen((base + wh * WH) % SPAN, at(second), name)


def track(*whs: int, base: int = BASE) -> Track:
    """Return a track of one reading a second, which all fit."""
    made = Track(LIMITS, seen(whs[0], 0, base=base))
    for second, wh in enumerate(whs[1:], 1):
        assert made.offer(seen(wh, second, base=base))
    return made


def restored(saved: dict[str, Any], now: Instant) -> Track:
    return Track.restored(LIMITS, json.loads(json.dumps(saved)), now)


def test_a_reading_is_sure_once_a_later_one_follows() -> None:
    made = track(0, 3)
    assert (made.sure, made.grown) == (seen(0, 0), 0)
    assert made.offer(seen(5, 2))
    assert (made.sure, made.grown, made.count) == (seen(3, 1), 3 * WH, 3)


@pytest.mark.parametrize("wh", [-1, 1000])
def test_what_cannot_follow_is_not_taken(wh: int) -> None:
    made = track(0, 3)
    assert not made.offer(seen(wh, 2))
    assert made.count == 2


def test_what_could_follow_but_is_not_borne_out_never_gets_sure() -> None:
    made = track(0, 50, 1, 2)
    assert (made.sure, made.grown) == (seen(1, 2), WH)


def test_a_late_reading_does_not_displace_a_newer_one() -> None:
    assert track(0, 5, 1, 6).grown == 5 * WH


def test_a_roll_over_is_growth() -> None:
    made = track(0, 2, 3, base=SPAN - WH)
    assert (made.sure.total, made.grown) == (WH, 2 * WH)


def test_since_is_when_the_register_began_to_rest() -> None:
    made = track(0, 3, 3, 3, 3)
    assert (made.since, made.sure) == (seen(3, 1), seen(3, 3))


def test_another_name_is_another_track_and_no_name_may_be_any() -> None:
    made = track(0, 1)
    assert not made.offer(seen(2, 2, "B"))
    assert made.offer(seen(2, 2, None))
    unnamed = Track(LIMITS, seen(0, 0, None))
    for second in (1, 2):
        assert unnamed.offer(seen(0, second, "B"))
    assert unnamed.instrument == "B", "a name that two readings bear"
    assert not unnamed.offer(seen(0, 3, "A"))


def test_a_track_goes_on_as_another() -> None:
    made, other = track(0, 3, 3), track(20, 25, 26)
    made.offset = 100
    made.join(other, 17 * WH)
    assert made.counted == 100 + 25 * WH
    assert made.sure == other.sure
    assert made.offer(seen(27, 3))
    assert made.grown == 26 * WH


def test_a_restart_goes_on_with_what_was_not_sure_yet() -> None:
    made = track(0, 3, 5)
    made.offset, made.origin = 7, None
    again = restored(made.saved(at(3)), Instant(0.0, UTC + 60))
    assert (again.sure.total, again.counted, again.origin) == (BASE + 3 * WH, 7 + 3 * WH, None)
    assert again.sure.elapsed(Instant(1.0, UTC + 61)) == 60
    assert again.offer(Seen(BASE + 5 * WH, Instant(1.0, UTC + 61), "A"))
    assert again.grown == 5 * WH


def test_what_is_as_usual_is_not_written() -> None:
    made = track(0, 3, 5)
    made.origin = made.first.total
    assert made.saved(at(3)).keys() == {
        "first", "first_utc", "total", "utc", "grown", "unconfirmed", "instrument"
    }  # fmt: skip
    assert restored(made.saved(at(3)), at(3)).origin == made.origin


@pytest.mark.parametrize(
    "damage",
    [
        {"first": -1},
        {"total": 1.5},
        {"utc": None},
        {"grown": "x"},
        {"instrument": 3},
        {"offset": -1},
        {"origin": "x"},
        {"unconfirmed": 7},
        {"unconfirmed": [[1]]},
        {"unconfirmed": [[1, "x"]]},
    ],
)
def test_a_damaged_state_is_refused(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="saved state"):
        restored({**track(0, 3, 5).saved(at(3)), **damage}, at(3))
