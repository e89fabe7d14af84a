"""Whether a fit can be trusted, and what it says of the clamps."""

import cmath
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from submeter.calibration import proposal, turning
from submeter.calibration.fit import ClampFit, Fit
from submeter.calibration.kept_phase import OFF
from submeter.calibration.sample import BoardSample
from submeter.calibration.turning import Placed
from submeter.calibration.voltage import VoltageFit
from submeter.sources.rp2040.correction import BoardCorrection

GAIN_ERROR = 0.003  # standard error, relative
KEPT_GAIN_ERROR = 0.02  # likewise, where the phase is not known either
PHASE_ERROR = 0.3  # standard error, degrees
AIM_GAIN, AIM_PHASE = 0.002, 0.3  # three standard errors of what needs no more time
WORST_CONDITION = 1e6
_NOTHING = 0.05  # gain of a clamp around what the reference does not measure
_PLAIN = 0.03  # standard error of a gain, by the rated one, that shows whether it is far off
_OUTSIDE, _OUTSIDE_SHARE = 20.0, 0.02  # W, and share of the power, that is worth telling
_MOST_OUTSIDE = 0.2
_MOST_BREAKS = 0.1


class Verdict(NamedTuple):
    """`proposed` corrections by board; `doubts` say why they are not sure: then nothing counts.

    `findings` are to be told in any case, and name each clamp that keeps its values, and why.
    `enough` tells that more time would not help.
    """

    proposed: Mapping[str, BoardCorrection]
    findings: tuple[str, ...]
    doubts: tuple[str, ...]
    enough: bool


def sure(clamp: ClampFit) -> bool:
    """Return whether a clamp is known well enough to be proposed."""
    return not _lacks(clamp)


class _OfBoard(NamedTuple):
    """What the fit comes to for one board; `lacking` names clamps that are known too little."""

    proposed: BoardCorrection
    findings: list[str]
    lacking: list[str]
    doubts: list[str]


def judge(fit: Fit, boards: Sequence[BoardSample], voltages: Mapping[str, VoltageFit]) -> Verdict:
    """Return what `fit` comes to for `boards`; `voltages` are those that are sure, by board."""
    parts = {board.uid: _judged(fit, board, voltages.get(board.uid)) for board in boards}
    findings = [line for part in parts.values() for line in part.findings]
    lacking = [line for part in parts.values() for line in part.lacking]
    doubts = [line for part in parts.values() for line in part.doubts] + _of_all(fit)
    if len(lacking) == len(fit.clamps):
        doubts += lacking
    else:
        findings += [f"{line}: it keeps its values" for line in lacking]
    findings += _outside(fit)
    proposed = {uid: part.proposed for uid, part in parts.items()}
    return Verdict(proposed, tuple(findings), tuple(doubts), all(map(_enough, fit.clamps)))


def _judged(fit: Fit, board: BoardSample, voltage: VoltageFit | None) -> _OfBoard:
    placed = {each.number: Placed(each.number, each.conductor, each.meter) for each in board.clamps}
    own = [clamp for clamp in fit.clamps if clamp.uid == board.uid]
    volts = voltage.factor if voltage else board.correction.voltage
    lacks = {c.number: "" if _wrong(c, volts) else _lacks(c) for c in own}
    known = [clamp for clamp in own if not lacks[clamp.number]]
    turned = {placed[clamp.number]: turning.of(_angle(clamp)) for clamp in known}
    findings, doubts = turning.words(turned, len(own)), []
    for clamp in known:
        who = placed[clamp.number]
        findings += _told(clamp, who)
        doubts += _doubts(clamp, who, turned[who], abs(clamp.factor) / volts)
    findings += [
        f"{placed[number]} carried nothing: it keeps its values"
        for uid, number in fit.idle
        if uid == board.uid
    ]
    lacking = [f"{placed[number]}: {why}" for number, why in lacks.items() if why]
    factors = {clamp.number: clamp.factor for clamp in known}
    new_volts = volts if voltage else None
    proposed = proposal.with_factors(board.correction, factors, new_volts)
    return _OfBoard(proposed, findings, lacking, doubts)


def _told(clamp: ClampFit, who: Placed) -> list[str]:
    """Return what is to be told of a clamp that is proposed."""
    if clamp.keeps_phase:
        return [f"{who}{_KEEPS_PHASE}"]
    if _enough(clamp):
        return []
    gain, phase = 3 * clamp.gain_error, 3 * clamp.phase_error
    return [f"{who} may be up to {gain:.1%} and {phase:.1f} degrees off: longer is better"]


def _enough(clamp: ClampFit) -> bool:
    if clamp.keeps_phase:
        return 3 * clamp.power_error < AIM_GAIN and sure(clamp)
    return 3 * clamp.gain_error < AIM_GAIN and 3 * clamp.phase_error < AIM_PHASE


def _angle(clamp: ClampFit) -> float:
    return math.degrees(cmath.phase(clamp.factor))


def _lacks(clamp: ClampFit) -> str:
    """Say what is not known well enough of a clamp to judge it; nothing if all is."""
    if len(clamp.turns) > 1 and clamp.power_error <= GAIN_ERROR:
        ways = " or ".join(f"{turn}" for turn in clamp.turns)
        return (
            "its loads have one power factor, which does not tell whether it is turned by "
            f"{ways} degrees or rated otherwise; 'submeter calibrate resistive' finds it"
        )
    if clamp.keeps_phase and clamp.power_error <= GAIN_ERROR:
        if clamp.gain_error <= KEPT_GAIN_ERROR:
            return ""
        return (
            "its loads have one power factor, by which without its phase the gain is known to "
            f"{clamp.gain_error:.1%} only; 'submeter calibrate resistive' finds the phase"
        )
    found = []
    if clamp.gain_error > GAIN_ERROR:
        found.append(f"the gain is known to {clamp.gain_error:.1%} only")
    if clamp.phase_error > PHASE_ERROR:
        found.append(f"the phase is known to {clamp.phase_error:.1f} degrees only")
    return f"{' and '.join(found)}{_LOADS}" if found else ""


def _wrong(clamp: ClampFit, volts: float) -> bool:
    """Tell whether it is off by far, whatever else is not known of it."""
    gain, error = abs(clamp.factor) / volts, clamp.gain_error * abs(clamp.factor) / volts
    return not clamp.turns and error <= _PLAIN and abs(gain - 1) > OFF + 3 * error


def _doubts(clamp: ClampFit, who: Placed, turned: turning.Turning, gain: float) -> list[str]:
    if gain < _NOTHING:
        return [f"{who} carries what the reference does not count: does it measure that circuit?"]
    found = []
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
_KEEPS_PHASE = (
    ": its loads have one power factor, which tells nothing of its phase: that stays as it was, and"
    " its gain goes with it; 'submeter calibrate resistive' finds the phase"
)


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
    """Return the VA that the clamps carried, on average and by their ratings."""
    return sum(clamp.apparent for clamp in fit.clamps)
