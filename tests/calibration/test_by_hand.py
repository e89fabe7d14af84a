"""No load, a resistive load, a known meter."""

import cmath
import math
from dataclasses import dataclass

import numpy as np
import pytest

from submeter.calibration import by_hand, steady
from submeter.calibration.course import Course
from submeter.calibration.sample import BoardSample, ClampSample
from submeter.calibration.steady import Steady
from submeter.errors import SubmeterError
from submeter.sources.rp2040.correction import NONE, BoardCorrection, ClampCorrection

CODE = 0.05  # A


@dataclass
class Bench:
    """A clamp and what it carries: complex W by the ratings, A by the ratings, V."""

    power: complex = 0j
    amperes: float = 0.0
    volts: float = 230.0
    wobble: float = 0.0
    correction: BoardCorrection = NONE
    seconds: int = 30

    def __post_init__(self) -> None:
        random = np.random.default_rng(1)
        course = Course("abc", (1,))
        energy, square = 0j, 0.0
        self.board = self._board(0, energy, square)
        course.add(self.board)
        for second in range(1, self.seconds + 1):
            size = 1 + self.wobble * math.sin(second)
            energy += self.power * size + complex(*random.normal(0, 0.1, 2))
            square += (self.amperes * size / CODE) ** 2 + 1.5 + random.normal(0, 0.05)
            self.board = self._board(second, energy, square)
            course.add(self.board)
        self.course = course

    def _board(self, second: int, energy: complex, square: float) -> BoardSample:
        clamp = ClampSample(1, "L1", energy, square, CODE)
        volts = self.volts**2 * second
        return BoardSample(
            "abc", float(second), float(second), volts, 0.0, (clamp,), self.correction
        )

    def measured(self, leak: bool = True) -> Steady:
        return steady.measure(self.course, self.board, 1, leak=leak)


def test_no_load() -> None:
    bench = Bench(power=1.5 + 2j, volts=220.0)
    found = by_hand.no_load([bench.measured(leak=False)], bench.board)
    clamp = found.proposed.clamps[0]
    scale = (230 / 220) ** 2
    assert clamp.noise == pytest.approx(1.5, abs=0.05)
    assert clamp.leak_active == pytest.approx(1.5 * scale, abs=0.1)
    assert clamp.leak_reactive == pytest.approx(2 * scale, abs=0.1)
    assert found.lines[0].startswith("clamp 1 (L1): noise 1.")


def test_no_load_without_mains_leaves_the_leak() -> None:
    bench = Bench(volts=2.0, correction=NONE)
    found = by_hand.no_load([bench.measured(leak=False)], bench.board)
    assert found.proposed.clamps[0].leak_active == 0
    assert found.proposed.clamps[0].noise > 1


def test_no_load_around_something() -> None:
    bench = Bench(power=400 + 0j, amperes=1.8)
    with pytest.raises(SubmeterError, match=r"clamp 1 \(L1\) carries 1.80 A; take it off"):
        by_hand.no_load([bench.measured(leak=False)], bench.board)


def test_resistive() -> None:
    bench = Bench(power=cmath.rect(2300, math.radians(4.2)), amperes=10)
    found = by_hand.resistive(bench.measured(), bench.board)
    assert found.proposed.clamps[0].phase == pytest.approx(-4.2, abs=0.05)
    assert found.proposed.clamps[0].gain == 1
    assert "10.00 A" in found.lines[0]


def test_resistive_and_reversed() -> None:
    bench = Bench(power=cmath.rect(-2300, math.radians(4.2)), amperes=10)
    found = by_hand.resistive(bench.measured(), bench.board)
    assert found.proposed.clamps[0].phase == pytest.approx(175.8, abs=0.05)
    assert found.lines[1].startswith("clamp 1 (L1) is reversed")


@pytest.mark.parametrize(
    ("bench", "message"),
    [
        (Bench(power=900 + 0j, amperes=3.9), "the load is too small: clamp 1 .* sees 3.90 A"),
        (Bench(power=2300 + 0j, amperes=10, wobble=0.1), "the load is unsteady"),
        (Bench(power=2300 + 1200j, amperes=11), "28 degrees apart.* is not resistive"),
        (Bench(power=2300 + 0j, amperes=10, volts=3), "sees 3 V; is its transformer plugged in"),
    ],
)
def test_resistive_refused(bench: Bench, message: str) -> None:
    with pytest.raises(SubmeterError, match=message):
        by_hand.resistive(bench.measured(), bench.board)


def test_too_little_was_heard() -> None:
    with pytest.raises(SubmeterError, match="too little was heard"):
        Bench(seconds=5).measured()


def test_a_known_power() -> None:
    bench = Bench(power=2000 + 0j, amperes=9)
    found = by_hand.known(bench.measured(), bench.board, 2100, None, None)
    assert found.proposed.clamps[0].gain == pytest.approx(1.05, abs=1e-3)
    assert found.proposed.voltage == 1


def test_a_known_power_and_voltage() -> None:
    bench = Bench(power=2000 + 0j, amperes=9, volts=225)
    found = by_hand.known(bench.measured(), bench.board, 2100, 230, None)
    assert found.proposed.voltage == pytest.approx(230 / 225)
    assert found.proposed.factor(1) == pytest.approx(1.05, abs=1e-3)


def test_a_known_current() -> None:
    bench = Bench(power=2000 + 0j, amperes=9)
    found = by_hand.known(bench.measured(), bench.board, None, None, 9.9)
    assert found.proposed.clamps[0].gain == pytest.approx(1.1, rel=1e-3)
    assert found.proposed.clamps[0].by_current


def test_a_known_current_stays_true_when_the_voltage_is_known_later() -> None:
    bench = Bench(power=2000 + 0j, amperes=9, volts=225)
    first = by_hand.known(bench.measured(), bench.board, None, None, 9.9).proposed
    later = Bench(power=2000 + 0j, amperes=9, volts=225, correction=first)
    found = by_hand.known(later.measured(), later.board, None, 230, None).proposed
    assert found.clamps[0].gain == first.clamps[0].gain
    assert found.factor(1) == pytest.approx(first.factor(1) * 230 / 225)
    turned = Bench(power=cmath.rect(2300, 0.05), amperes=10, correction=found)
    kept = by_hand.resistive(turned.measured(), turned.board).proposed.clamps[0]
    assert (kept.gain, kept.by_current) == (first.clamps[0].gain, True)


def test_a_known_power_later_is_no_current() -> None:
    bench = Bench(power=2000 + 0j, amperes=9)
    first = by_hand.known(bench.measured(), bench.board, None, None, 9.9).proposed
    later = Bench(power=2000 + 0j, amperes=9, correction=first)
    found = by_hand.known(later.measured(), later.board, 2100, None, 9.9).proposed
    assert not found.clamps[0].by_current


def test_a_clamp_of_other_ratings_is_calibrated_as_a_new_one() -> None:
    old = ClampCorrection(1.3, 175.0, 1.4, 2.0, 0.5, amperes=CODE / 2)
    bench = Bench(power=2000 + 0j, amperes=9, correction=BoardCorrection(clamps=(old,) * 4))
    found = by_hand.known(bench.measured(), bench.board, 2100, None, None).proposed
    assert found.clamps[0].gain == pytest.approx(1.05, abs=1e-3)
    assert found.clamps[0].phase == 0
    assert found.clamps[0].leak_active == 0


def test_a_known_voltage_alone() -> None:
    bench = Bench(volts=225)
    found = by_hand.known(bench.measured(), bench.board, None, 230, None)
    assert found.proposed.voltage == pytest.approx(230 / 225)
    assert found.proposed.clamps == NONE.clamps


@pytest.mark.parametrize(
    ("power", "voltage", "current", "message"),
    [
        (-2000, None, None, "the wrong way round"),
        (9000, None, None, "would need the factor 4.5: are the ratings right"),
        (2100, 230, 5, "2100 W is more than 230.0 V and 5 A can be"),
        (None, 700, None, "the voltage would need the factor 3.04"),
        (None, None, 80, "would need the factor 8.89"),
    ],
)
def test_known_refused(
    power: float | None, voltage: float | None, current: float | None, message: str
) -> None:
    bench = Bench(power=2000 + 0j, amperes=9)
    with pytest.raises(SubmeterError, match=message):
        by_hand.known(bench.measured(), bench.board, power, voltage, current)


def test_without_a_load_nothing_is_known() -> None:
    bench = Bench()
    with pytest.raises(SubmeterError, match="is the load on"):
        by_hand.known(bench.measured(), bench.board, 2000, None, None)
