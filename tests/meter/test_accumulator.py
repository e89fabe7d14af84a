"""One index from several sources: each energy once, never less, and kept over a restart."""

import json
from typing import Any

import pytest

from submeter.meter.accumulator import Accumulator
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.integrator import Integrator
from submeter.meter.register import Register

WH = 1000
KWH = 1000 * WH
POWER = 36_000.0
UTC = 1_700_000_000.0
A, B = 500 * KWH, 90 * KWH  # what the registers of the two sources read at second 0


def at(seconds: float) -> Instant:
    return Instant(seconds, UTC + seconds)


class Site:
    """Two instruments of one circuit, and the index that they feed."""

    def __init__(self, initial: int | None = None, sources: str = "ab") -> None:
        self.registers = {name: Register(Dial(), POWER) for name in sources}
        self.index = Accumulator(initial, self.registers, POWER)

    def see(self, second: float, speaker: str, **readings: int) -> int | None:
        """Let readings be taken and accepted at `second`, book the speaker, return the total."""
        for name, reading in readings.items():
            for _ in range(2):
                self.registers[name].take(reading, at(second), name)
        self.index.book(speaker)
        return self.index.total

    def restarted(self, second: float, sources: str = "ab") -> "Site":
        again = Site(sources=sources)
        again.index.restore(json.loads(json.dumps(self.index.saved(at(second)))), at(second))
        return again


def test_the_total_begins_with_the_register() -> None:
    site = Site()
    assert site.index.total is None
    assert site.see(0, "a") is None
    assert site.see(0, "a", a=A) == A
    assert site.see(9, "a", a=A + WH) == A + WH
    assert site.index.passed_through


def test_the_total_begins_at_the_initial_index() -> None:
    site = Site(initial=7 * KWH)
    assert site.index.total == 7 * KWH
    assert site.see(0, "a", a=A) == 7 * KWH
    assert site.see(9, "a", a=A + WH) == 7 * KWH + WH
    assert not site.index.passed_through


def test_a_power_begins_at_0() -> None:
    integrator = Integrator(1, 10)
    index = Accumulator(None, {"a": integrator}, POWER)
    for second in range(3):
        integrator.take(3.6, at(second))
        index.book("a")
    assert index.total == 2 * WH
    assert not index.passed_through


def test_a_source_that_takes_over_brings_what_the_other_missed() -> None:
    site = Site()
    site.see(0, "a", a=A, b=B)
    site.see(60, "a", a=A + 2 * WH, b=B + 2 * WH)
    assert site.see(120, "b", b=B + 5 * WH) == A + 5 * WH
    assert not site.index.passed_through


def test_a_slow_source_that_takes_over_brings_what_it_saw_since_its_own_reading() -> None:
    site = Site()
    site.see(0, "a", a=A, b=B)
    for second in range(1, 60):
        site.see(second, "a", a=A + second * WH)
    assert site.see(90, "b", b=B + 90 * WH) == A + 90 * WH


def test_the_return_counts_nothing_twice() -> None:
    site = Site()
    site.see(0, "a", a=A, b=B)
    assert site.see(60, "b", b=B + 50 * WH) == A + 50 * WH
    assert site.see(61, "b", a=A + 51 * WH, b=B + 51 * WH) == A + 51 * WH
    assert site.see(120, "a", a=A + 70 * WH) == A + 70 * WH


def test_a_return_at_once_counts_nothing_twice() -> None:
    site = Site()
    site.see(0, "a", a=A, b=B)
    site.see(60, "b", b=B + 50 * WH)
    assert site.see(120, "a", a=A + 70 * WH) == A + 70 * WH


def test_the_total_waits_for_an_instrument_that_reads_less() -> None:
    site = Site()
    site.see(0, "a", a=A, b=B)
    site.see(60, "b", b=B + 50 * WH)
    assert site.see(120, "a", a=A + 40 * WH) == A + 50 * WH
    assert site.see(180, "a", a=A + 60 * WH) == A + 60 * WH


def test_the_total_does_not_wait_for_what_a_source_missed() -> None:
    register, integrator = Register(Dial(), POWER), Integrator(1, 10)
    index = Accumulator(0, {"a": integrator, "b": register}, POWER)
    for second in range(300):
        register.take(B + second * WH, at(second), "b")
        if second < 100 or second > 200:
            integrator.take(3.6, at(second))
        index.book("b" if 100 <= second <= 200 else "a")
    assert index.total is not None
    assert abs(index.total - 299 * WH) <= 3 * WH


def test_what_two_instruments_differ_by_does_not_jump() -> None:
    site = Site()
    site.see(0, "a", a=A, b=B)
    month = 30 * 86_400
    site.see(month, "b", b=B + 1000 * KWH)
    total = site.see(month + 1, "a", a=A + 1010 * KWH)
    assert total is not None
    assert 0 <= total - (A + 1000 * KWH) <= POWER * 6 / 3.6 + 1
    assert site.see(month + 2, "a", a=A + 1010 * KWH + WH) == total + WH


def test_an_unknown_speaker_changes_nothing() -> None:
    site = Site(initial=5)
    assert site.see(0, "nobody") == 5


def test_a_restart_keeps_the_total_and_what_is_not_booked_yet() -> None:
    site = Site()
    site.see(0, "a", a=A, b=B)
    site.see(60, "a", a=A + 2 * WH, b=B + 2 * WH)
    site.registers["b"].take(B + 5 * WH, at(61), "b")
    site.registers["b"].take(B + 5 * WH, at(61), "b")
    again = site.restarted(120)
    assert again.index.total == A + 2 * WH
    assert again.index.passed_through
    assert again.see(180, "b", b=B + 9 * WH) == A + 9 * WH
    assert again.see(240, "a", a=A + 12 * WH) == A + 12 * WH


def test_a_source_that_is_gone_is_dropped_and_a_new_one_begins_now() -> None:
    site = Site(sources="a")
    site.see(0, "a", a=A)
    again = site.restarted(60, sources="b")
    assert again.see(61, "b", b=B) == A
    assert again.see(70, "b", b=B + WH) == A + WH


def test_a_source_that_became_another_kind_begins_now() -> None:
    site = Site(sources="a")
    site.see(0, "a", a=A)
    again = Accumulator(None, {"a": Integrator(1, 10)}, POWER)
    again.restore(site.index.saved(at(9)), at(60))
    assert again.total == A


def test_the_key_tells_whether_there_is_something_to_save() -> None:
    site = Site(sources="a")
    site.see(0, "a", a=A)
    key = site.index.key()
    site.see(9, "a", a=A)
    assert site.index.key() == key
    site.see(12, "a", a=A + 1)
    assert site.index.key() != key


@pytest.mark.parametrize(
    "damage",
    [
        {"total": -1},
        {"total": "x"},
        {"speaker": 3},
        {"sources": None},
        {"sources": {"a": 3}},
        {"sources": {"a": {"kind": "Register"}}},
        {"booked": "x"},
    ],
)
def test_a_damaged_state_is_refused(damage: dict[str, Any]) -> None:
    site = Site(sources="a")
    site.see(0, "a", a=A)
    with pytest.raises(ValueError, match="saved state"):
        Site(sources="a").index.restore({**site.index.saved(at(9)), **damage}, at(9))


def test_only_a_register_can_be_exchanged() -> None:
    index = Accumulator(None, {"a": Integrator(1, 10)}, POWER)
    for source in ("a", "b"):
        with pytest.raises(ValueError, match="no register"):
            index.swap(source, 0, 0, at(0))


def test_nothing_is_lost_while_a_silent_source_is_still_believed_to_speak() -> None:
    site = Site()
    site.see(0, "a", a=A, b=B)
    for second in range(2, 20, 2):  # "a" is silent, and not stale yet
        assert site.see(second, "a", b=B + second * WH) == A
    assert site.see(22, "b", b=B + 22 * WH) == A + 22 * WH
    for second in range(24, 84, 2):  # it is back, and has to prove itself first
        readings = {"a": A + second * WH, "b": B + second * WH}
        assert site.see(second, "b", **readings) == A + second * WH
    assert site.see(84, "a", a=A + 84 * WH, b=B + 84 * WH) == A + 84 * WH
