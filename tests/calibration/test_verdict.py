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
    return ClampFit(UID, number, factor(gain, degrees), 0.0005, 0.06, 0.0005, 1000.0)


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
        ({"factor": factor(2, 0)}, "measures 0.5 times the truth: are the ratings right"),
        ({"factor": factor(2, 0), "phase_error": 2.0}, "measures 0.5 times the truth"),
        # Next to nothing: a small error is a large one of it.
        ({"factor": 0.001j, "gain_error": 0.8, "phase_error": 50.0}, "does not count: does it"),
        ({"factor": factor(1, 34)}, "is turned by 34 degrees, which no phase explains"),
    ],
)
def test_what_cannot_be_stops_all(changed: dict[str, Any], doubt: str) -> None:
    found = judge(fit(clamp(1), clamp(2)._replace(**changed)))
    (line,) = found.doubts
    assert line.startswith("clamp 2 (L2)")
    assert doubt in line


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"gain_error": 0.004}, "the gain is known to 0.4% only; loads"),
        ({"phase_error": 0.5}, "the phase is known to 0.5 degrees only; loads"),
        ({"gain_error": 0.004, "phase_error": 0.5}, "0.4% only and the phase is known to 0.5"),
        # What is not known cannot be wrong for sure.
        ({"gain_error": 0.04, "factor": factor(2, 34)}, "the gain is known to 4.0% only"),
        ({"turns": (0,), "gain_error": 0.03}, "without its phase the gain is known to 3.0% only"),
        ({"turns": (0,), "power_error": 0.004, "gain_error": 0.01}, "the gain is known to 1.0%"),
        ({"turns": (0, -120)}, "whether it is turned by 0 or -120 degrees"),
    ],
)
def test_a_clamp_too_little_known_keeps_its_values(changed: dict[str, Any], reason: str) -> None:
    before = BoardCorrection(clamps=(ClampCorrection(1.04, 3),) * 4)
    lacking = clamp(2)._replace(**{"phase_error": 4.0 if "turns" in changed else 0.05, **changed})
    found = judge(fit(clamp(1, 1.03), lacking), before)
    assert found.doubts == ()
    assert not found.enough
    assert found.proposed[UID].clamps[0].gain == pytest.approx(1.03)
    assert found.proposed[UID].clamps[1] == before.clamps[1]
    (line,) = found.findings
    assert line.startswith("clamp 2 (L2): ")
    assert reason in line
    assert line.endswith(": it keeps its values")
    # With nobody beside it there is nothing to propose.
    (doubt,) = judge(fit(lacking), before).doubts
    assert reason in doubt


def test_a_phase_that_is_not_sought() -> None:
    before = BoardCorrection(clamps=(ClampCorrection(1.04, 178.0),) * 4)
    kept = ClampFit(UID, 2, factor(0.99, 178), 0.004, 4.9, 0.0004, 1000.0, turns=(0,))
    found = judge(fit(clamp(1), kept), before)
    assert found.doubts == ()
    assert found.enough
    assert found.proposed[UID].clamps[1].gain == pytest.approx(0.99)
    assert found.proposed[UID].clamps[1].phase == 178.0
    reversed_, stays = found.findings
    assert reversed_.startswith("clamp 2 (L2) is reversed")
    assert "'submeter calibrate resistive' finds the phase" in stays
    # The gain at any phase is what more time makes better.
    assert not judge(fit(clamp(1), kept._replace(power_error=0.001)), before).enough


def test_clamps_of_several_meters_are_told_apart() -> None:
    clamps = tuple(ClampSample(n, "L1", 0j, 0.0, 0.05, f"flat-{n}") for n in (1, 2))
    both = board(count=2)._replace(clamps=clamps)
    found = verdict.judge(fit(clamp(1), clamp(2)._replace(gain_error=0.004)), [both], {})
    assert found.findings[0].startswith("clamp 2 (L1 of flat-2): the gain")


def test_too_early_to_end_but_good_enough() -> None:
    found = judge(fit(clamp(1)._replace(gain_error=0.001)))
    assert found.doubts == ()
    (line,) = found.findings
    assert line == "clamp 1 (L1) may be up to 0.3% and 0.2 degrees off: longer is better"
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
