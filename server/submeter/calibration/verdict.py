"""Whether a fit can be trusted, and what it says of the clamps."""

import cmath
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from submeter.calibration import proposal, turning
from submeter.calibration.fit import ClampFit, Fit
from submeter.calibration.sample import BoardSample
from submeter.calibration.turning import Placed
from submeter.calibration.voltage import VoltageFit
from submeter.sources.rp2040.correction import BoardCorrection

GAIN_ERROR = 0.003  # standard error, relative
PHASE_ERROR = 0.3  # standard error, degrees
AIM_GAIN, AIM_PHASE = 0.002, 0.3  # three standard errors of what needs no more time
OFF = 0.15  # gain beyond the ratings that no clamp has
WORST_CONDITION = 1e5
_OUTSIDE, _OUTSIDE_SHARE = 20.0, 0.02  # W, and share of the power, that is worth telling
_MOST_OUTSIDE = 0.2
_MOST_BREAKS = 0.1


class Verdict(NamedTuple):
    """`proposed` corrections by board; `doubts` say why they are not sure: then nothing counts.

    `findings` are to be told in any case. `enough` tells that more time would not help.
    """

    proposed: Mapping[str, BoardCorrection]
    findings: tuple[str, ...]
    doubts: tuple[str, ...]
    enough: bool


def judge(fit: Fit, boards: Sequence[BoardSample], voltages: Mapping[str, VoltageFit]) -> Verdict:
    """Return what `fit` comes to for `boards`; `voltages` are those that are sure, by board."""
    findings: list[str] = []
    doubts: list[str] = []
    proposed = {}
    for board in boards:
        conductors = {clamp.number: clamp.conductor for clamp in board.clamps}
        own = [clamp for clamp in fit.clamps if clamp.uid == board.uid]
        volts = voltages[board.uid].factor if board.uid in voltages else board.correction.voltage
        placed = {clamp.number: Placed(clamp.number, conductors[clamp.number]) for clamp in own}
        turned = {placed[clamp.number]: turning.of(_angle(clamp)) for clamp in own}
        findings += turning.words(turned)
        for clamp in own:
            who = placed[clamp.number]
            doubts += _doubts(clamp, who, turned[who], abs(clamp.factor) / volts)
        for uid, number in fit.idle:
            if uid == board.uid:
                who = Placed(number, conductors[number])
                findings.append(f"{who} carried nothing: it keeps its values")
        factors = {clamp.number: clamp.factor for clamp in own}
        new_volts = volts if board.uid in voltages else None
        proposed[board.uid] = proposal.with_factors(board.correction, factors, new_volts)
    doubts += _of_all(fit)
    findings += _outside(fit)
    enough = all(
        3 * clamp.gain_error < AIM_GAIN and 3 * clamp.phase_error < AIM_PHASE
        for clamp in fit.clamps
    )
    return Verdict(proposed, tuple(findings), tuple(doubts), enough)


def _angle(clamp: ClampFit) -> float:
    return math.degrees(cmath.phase(clamp.factor))


def _doubts(clamp: ClampFit, who: Placed, turned: turning.Turning, gain: float) -> list[str]:
    found = []
    if clamp.gain_error > GAIN_ERROR:
        found.append(f"{who}: the gain is known to {clamp.gain_error:.1%} only{_LOADS}")
    if clamp.phase_error > PHASE_ERROR:
        found.append(f"{who}: the phase is known to {clamp.phase_error:.1f} degrees only{_LOADS}")
    if found:
        return found  # what it is is not known well enough to be judged
    if abs(gain - 1) > OFF:
        found.append(
            f"{who} measures {1 / gain:.3g} times the truth: are the ratings right, of the clamp "
            "and CT_Primary_Rating?"
        )
    if not turned.clear:
        found.append(
            f"{who} is turned by {_angle(clamp):.0f} degrees, which no phase explains: is it "
            "around one conductor alone, and does the reference measure that circuit?"
        )
    return found


_LOADS = "; loads that come and go, with motors among them, would help"


def _of_all(fit: Fit) -> list[str]:
    found = []
    if fit.condition > WORST_CONDITION:
        found.append("the clamps carried too much the same to be told apart")
    if fit.steps and fit.breaks > _MOST_BREAKS * fit.steps:
        found.append("clamps and reference disagree too often: is it the same circuit?")
    if abs(fit.bias) > max(3 * fit.bias_error, _MOST_OUTSIDE * _power(fit)):
        found.append(
            f"the reference counts {fit.bias:.0f} W that no clamp sees: the clamps must be around "
            "all that it measures"
        )
    return found


def _outside(fit: Fit) -> list[str]:
    least = max(3 * fit.bias_error, _OUTSIDE, _OUTSIDE_SHARE * _power(fit))
    if least < abs(fit.bias) <= max(3 * fit.bias_error, _MOST_OUTSIDE * _power(fit)):
        return [f"the reference counts {fit.bias:.0f} W that no clamp sees"]
    return []


def _power(fit: Fit) -> float:
    """Return the VA that the clamps carried, on average."""
    return sum(clamp.apparent * abs(clamp.factor) for clamp in fit.clamps)
