"""What is accepted, what is not sure, and what is told of the clamps."""

import cmath
import math
from typing import Any

import pytest

from submeter.calibration import verdict
from submeter.calibration.fit import ClampFit, Fit
from submeter.calibration.sample import BoardSample, ClampSample
from submeter.calibration.voltage import VoltageFit
from submeter.sources.rp2040.correction import NONE, BoardCorrection, ClampCorrection

UID = "abc"


def factor(gain: float, degrees: float) -> complex:
    return cmath.rect(gain, math.radians(degrees))


def clamp(number: int, gain: float = 1.0, degrees: float = 0.0) -> ClampFit:
    return ClampFit(UID, number, factor(gain, degrees), 0.0005, 0.05, 1000.0)


def board(correction: BoardCorrection = NONE, count: int = 3) -> BoardSample:
    clamps = tuple(ClampSample(n, f"L{n}", 0j, 0.0, 0.05) for n in range(1, count + 1))
    return BoardSample(UID, 10.0, 10.0, 529000.0, 0.0, clamps, correction)


def fit(*clamps: ClampFit) -> Fit:
    return Fit(clamps, (), 0.0, 1.0, 1.5, 2000, 0, 3, 50.0, None)


def judge(found: Fit, before: BoardCorrection = NONE) -> verdict.Verdict:
    return verdict.judge(found, [board(before)], {})


def test_what_is_sure_is_proposed() -> None:
    found = judge(fit(clamp(1, 1.03, 2), clamp(2, 0.97, 178), clamp(3, 1.01, -1)))
    made = found.proposed[UID].clamps
    assert found.doubts == ()
    assert found.enough
    assert (made[0].gain, made[0].phase) == pytest.approx((1.03, 2))
    assert (made[1].gain, made[1].phase) == pytest.approx((0.97, 178))
    assert made[3] == NONE.clamps[3]
    assert [line.split(" is ")[0] for line in found.findings] == ["clamp 2 (L2)"]


def test_a_true_voltage_is_no_part_of_the_gain() -> None:
    sure = {UID: VoltageFit(1.02, 0.0005, 900)}
    found = verdict.judge(fit(clamp(1, 1.03)), [board()], sure)
    made = found.proposed[UID]
    assert made.voltage == 1.02
    assert made.clamps[0].gain == pytest.approx(1.03 / 1.02)
    assert made.factor(1) == pytest.approx(1.03)


@pytest.mark.parametrize(
    ("changed", "doubt"),
    [
        ({"gain_error": 0.004}, "the gain is known to 0.4% only"),
        ({"phase_error": 0.5}, "the phase is known to 0.5 degrees only"),
        ({"factor": factor(2, 0)}, "measures 0.5 times the truth: are the ratings right"),
        ({"factor": factor(1, 34)}, "is turned by 34 degrees, which no phase explains"),
    ],
)
def test_what_is_not_sure(changed: dict[str, Any], doubt: str) -> None:
    found = judge(fit(clamp(1), clamp(2)._replace(**changed)))
    (line,) = found.doubts
    assert line.startswith("clamp 2 (L2)")
    assert doubt in line


def test_too_early_to_end_but_good_enough() -> None:
    found = judge(fit(clamp(1)._replace(gain_error=0.001)))
    assert found.doubts == ()
    assert not found.enough


def test_what_speaks_against_all_of_it() -> None:
    good = fit(clamp(1))
    assert "told apart" in judge(good._replace(condition=1e7)).doubts[0]
    assert "same circuit" in judge(good._replace(breaks=400)).doubts[0]
    assert "counts 400 W that no clamp sees" in judge(good._replace(bias=400.0)).doubts[0]
    little = judge(good._replace(bias=60.0))
    assert little.doubts == ()
    assert little.findings == ("the reference counts 60 W that no clamp sees",)


def test_a_clamp_without_load_keeps_its_values() -> None:
    before = BoardCorrection(clamps=(ClampCorrection(1.04, 3),) * 4)
    found = judge(fit(clamp(1))._replace(idle=((UID, 2),)), before)
    assert found.proposed[UID].clamps[1] == before.clamps[1]
    assert found.findings == ("clamp 2 (L2) carried nothing: it keeps its values",)
