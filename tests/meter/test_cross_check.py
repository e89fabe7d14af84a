"""Two sources of one circuit: equal ones never alarm, a tenth of error always does."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from submeter.meter.cross_check import CrossCheck
from submeter.meter.cross_check_settings import CrossCheckSettings
from submeter.meter.instant import Instant

WINDOW = 900.0
WH = 1000  # mWh


def at(seconds: float) -> Instant:
    return Instant(seconds, 1_700_000_000 + seconds)


def check(least: int = 100 * WH) -> CrossCheck:
    return CrossCheck(WINDOW, limit=5.0, hysteresis=1.0, least=least)


class Instrument(NamedTuple):
    """A register in steps of `step` mWh, read every `period` s, of a circuit times `scale`."""

    scale: float = 1.0
    step: int = WH
    period: int = 1
    phase: int = 0
    start: int = 0

    def shown(self, energies: Iterable[float]) -> Iterator[int]:
        """Yield what was read last, for each second's true energy in mWh."""
        held: int | None = None
        for second, energy in enumerate(energies):
            if held is None or (second + self.phase) % self.period == 0:
                held = int(self.start + self.scale * energy) // self.step * self.step
            yield held


def energies(loads: Iterable[tuple[int, float]]) -> Iterator[float]:
    """Yield the energy in mWh at each second of loads, of (seconds, kW)."""
    total = 0.0
    for seconds, power in loads:
        for _ in range(seconds):
            yield total
            total += power * 1e6 / 3600


def verdict(made: CrossCheck) -> tuple[float | None, bool | None]:
    return made.difference, made.alarm


def run(
    made: CrossCheck,
    first: Instrument,
    second: Instrument,
    loads: list[tuple[int, float]],
    look: Callable[[int], None] = lambda now: None,
) -> None:
    """Take both once a second; `look` is called after each."""
    true, same = itertools.tee(energies(loads))
    for now, pair in enumerate(zip(first.shown(true), second.shown(same), strict=True)):
        made.take(*pair, at(now))
        look(now)


def test_nothing_is_known_before_a_full_window() -> None:
    made = check()
    run(made, Instrument(), Instrument(), [(900, 6.0)])
    assert (made.difference, made.alarm) == (None, None)
    made = check()
    run(made, Instrument(), Instrument(), [(940, 6.0)])
    assert made.difference == pytest.approx(0, abs=0.2)
    assert made.alarm is False


@pytest.mark.parametrize("scale", [0.9, 1.1, 0.5, 2.0, -0.0])
def test_the_difference_is_that_of_the_second_from_the_first(scale: float) -> None:
    made = check()
    run(made, Instrument(), Instrument(scale), [(2000, 3.0)])
    assert made.difference == pytest.approx((scale - 1) * 100, abs=0.5)
    assert made.alarm is True


@pytest.mark.parametrize(("scale", "alarm"), [(0.94, True), (0.96, False), (1.06, True)])
def test_the_limit(scale: float, alarm: bool) -> None:
    made = check()
    run(made, Instrument(step=1), Instrument(scale, step=1), [(2000, 6.0)])
    assert made.alarm is alarm


def test_an_alarm_ends_below_its_hysteresis() -> None:
    made = check()
    base = 0
    for part, (scale, alarm) in enumerate([(1.1, True), (1.046, True), (1.03, False)]):
        second = Instrument(scale, step=1, start=base)
        for now, (a, b) in enumerate(
            zip(
                Instrument(step=1, start=part * 10**7).shown(energies([(2400, 15.0)])),
                second.shown(energies([(2400, 15.0)])),
                strict=True,
            )
        ):
            made.take(a, b, at(part * 2400 + now))
        base = b
        assert made.alarm is alarm


def test_a_second_that_stands_still_is_found() -> None:
    made = check()
    run(made, Instrument(), Instrument(0.0), [(900 + 3 * 900, 2.0)])
    assert (made.difference, made.alarm) == (-100.0, True)


def test_a_first_that_stands_still_is_found() -> None:
    made = check()
    run(made, Instrument(0.0), Instrument(), [(900 + 3 * 900, 2.0)])
    assert (made.difference, made.alarm) == (1000.0, True)


def test_one_that_stops_is_found_within_two_windows() -> None:
    made = check()
    true = list(energies([(1800, 2.0), (1200, 2.0)]))
    for now, energy in enumerate(true):
        first, second = int(energy) // WH * WH, int(true[min(now, 1800)]) // WH * WH
        made.take(first, second, at(now))
        assert made.alarm is (None if now < 900 else made.alarm)
        assert now > 1800 or not made.alarm
    assert made.alarm is True


def test_little_energy_is_not_judged_and_changes_no_alarm() -> None:
    made = check()
    run(made, Instrument(), Instrument(1.1), [(3000, 0.3)])  # 75 Wh in a window
    assert (made.difference, made.alarm) == (None, None)
    made = check()
    seen: list[float | None] = []
    run(
        made,
        Instrument(),
        Instrument(1.2),
        [(2000, 6.0), (3000, 0.0)],
        lambda now: seen.append(made.difference),
    )
    assert seen[1999] is not None
    assert set(seen[2930:]) == {None}
    assert made.alarm is True


def test_coarse_registers_make_no_alarm() -> None:
    """1 kWh in steps against mWh, 500 W: in a window one of them mostly does not step at all."""
    made = check()
    states: set[bool | None] = set()
    run(
        made,
        Instrument(step=1),
        Instrument(step=1000 * WH, start=700 * WH),
        [(20_000, 0.5)],
        lambda now: states.add(made.alarm),
    )
    assert states <= {None, False}


@pytest.mark.parametrize("broken", [(None, 1), (1, None), (None, None), (0, 10**9), (10**9, 0)])
def test_a_missing_or_fallen_index_begins_anew(broken: tuple[int | None, int | None]) -> None:
    made = check()
    run(made, Instrument(), Instrument(1.1), [(2000, 6.0)])
    assert verdict(made)[1]
    made.take(*broken, at(2000))
    assert verdict(made) == (None, None)
    for second in range(890):
        made.take(10**10 + second * 1700, 10**10 + second * 2000, at(2001 + second))
    assert made.alarm is None


def test_a_pause_longer_than_the_window_begins_anew() -> None:
    made = check()
    run(made, Instrument(), Instrument(1.1), [(2000, 6.0)])
    made.take(10**9, 2 * 10**9, at(1999 + 901))
    assert (made.difference, made.alarm) == (None, None)
    made = check()
    run(made, Instrument(), Instrument(1.1), [(2000, 6.0)])
    made.take(10**9, 2 * 10**9, at(1999 + 899))
    assert made.alarm is True


def test_a_jump_of_load_between_two_reading_times_makes_no_alarm() -> None:
    """The second is heard three seconds late; 12 kW start after a quiet window."""
    made = check()
    states: set[bool | None] = set()
    true = list(energies([(3000, 0.5), (400, 12.0), (1500, 0.45), (60, 9.0), (900, 0.5)]))
    for now, energy in enumerate(true):
        made.take(int(energy) // WH * WH, int(true[max(0, now - 3)]) // WH * WH, at(now))
        states.add(made.alarm)
    assert states == {None, False}


def test_what_is_kept_is_bounded() -> None:
    made = check()
    run(made, Instrument(step=1), Instrument(step=1), [(9000, 6.0)])
    assert made._tracks is not None
    assert all(len(track.times) < 4 * 120 for track in made._tracks)


LOADS = st.lists(
    st.tuples(st.integers(5, 400), st.sampled_from([0.0, 0.05, 0.4, 2.0, 9.0, 36.0])),
    min_size=12,
    max_size=40,
)
REGISTERS = st.builds(
    Instrument,
    scale=st.just(1.0),
    step=st.sampled_from([1, WH, WH, 10 * WH]),
    period=st.integers(1, 20),
    phase=st.integers(0, 20),
    start=st.integers(0, 10**7),
)


RARE = [
    *[(5, 0.0)] * 13,
    (5, 0.4),
    *[(seconds, 0.0) for seconds in (11, 37, 50, 77, 92, 95, 139, 145, 182, 400, 75, 399)],
    *[(400, 0.0)] * 6,
    *[(18, 36.0), (254, 0.0), (33, 36.0)],
]


@given(LOADS, REGISTERS, REGISTERS, st.integers(-15, 15))
@example(RARE, Instrument(1.0, 1, 19, 3, 0), Instrument(1.0, 1, 1, 0, 0), -15)
@example([(4000, 6.0)], Instrument(), Instrument(start=999), 0)
@example([(300, 0.05), (600, 0.4), (400, 36.0)] * 3, Instrument(), Instrument(), 15)
@settings(max_examples=60, deadline=None)
def test_equal_sources_never_alarm(
    loads: Any, first: Instrument, second: Instrument, lag: int
) -> None:
    """Whatever the load, and though one is always heard up to a sixtieth of the window later."""
    made = check()
    true = list(energies(loads))
    late = [true[max(0, now - abs(lag))] for now in range(len(true))]
    shown = zip(
        first.shown(late if lag < 0 else true),
        second.shown(late if lag > 0 else true),
        strict=True,
    )
    for now, pair in enumerate(shown):
        made.take(*pair, at(now))
        assert not made.alarm


@given(
    st.floats(1.5, 36.0),
    st.sampled_from([0.9, 1.1]),
    REGISTERS.filter(lambda each: each.step <= WH and each.period <= 10),
    REGISTERS.filter(lambda each: each.step <= WH and each.period <= 10),
)
@settings(max_examples=60, deadline=None)
def test_a_tenth_of_error_is_never_missed(
    power: float, scale: float, first: Instrument, second: Instrument
) -> None:
    made = check()
    run(made, first, second._replace(scale=scale), [(1200, power)])
    assert made.alarm is True
    assert made.difference == pytest.approx((scale - 1) * 100, abs=1.5)


def test_settings_by_default() -> None:
    made = CrossCheckSettings(sources=["tic", "clamp"])
    assert (made.point, made.window, made.limit) == ("Active_Energy_Import", 15, 5)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sources": ["tic", "tic"]}, "source 'tic' cannot check itself; name two sources"),
        ({"sources": ["tic"]}, "at least 2 items"),
        ({"limit": 2, "hysteresis": 2}, "hysteresis must be below limit"),
        ({"window": 0}, "greater than or equal to 1"),
        ({"point": "Active_Power_Total"}, "Input should be"),
    ],
)
def test_settings_that_cannot_be(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CrossCheckSettings.model_validate({"sources": ["tic", "clamp"], **changed})
