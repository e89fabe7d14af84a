"""Shows corrections: the new ones beside the old ones, with how sure they are, and history."""

from collections.abc import Mapping, Sequence

from submeter.calibration.fit import Fit
from submeter.calibration.sample import BoardSample
from submeter.calibration.turning import Placed
from submeter.sources.rp2040.calibration_file import Entry
from submeter.sources.rp2040.correction import BoardCorrection

Row = tuple[str, ...]

_FIELDS = (
    ("gain", "gain", "{:.5f}"),
    ("phase", "phase, degrees", "{:.2f}"),
    ("noise", "noise, codes^2", "{:.2f}"),
    ("leak_active", "without load, W", "{:.2f}"),
    ("leak_reactive", "without load, var", "{:.2f}"),
)


def changes(
    board: BoardSample, proposed: BoardCorrection, errors: Mapping[tuple[int, str], str]
) -> list[Row]:
    """Return rows for a table of what changes at `board`: what, now, proposed, error.

    `errors` are by number of the clamp, 0 for the voltage, and name of the value.
    """
    rows: list[Row] = []
    if _differs(board.correction.voltage, proposed.voltage):
        old, new = board.correction.voltage, proposed.voltage
        error = errors.get((0, "gain"), "")
        rows.append((f"{board.uid} voltage", "gain", f"{old:.5f}", f"{new:.5f}", error))
    placed = {each.number: Placed(each.number, each.conductor, each.meter) for each in board.clamps}
    pairs = zip(board.correction.clamps, proposed.clamps, strict=True)
    for number, (old_clamp, new_clamp) in enumerate(pairs, 1):
        who = f"{board.uid} {placed.get(number, f'clamp {number}')}"
        for field, title, form in _FIELDS:
            before, after = getattr(old_clamp, field), getattr(new_clamp, field)
            if _differs(before, after):
                shown = form.format(before), form.format(after)
                rows.append((who, title, *shown, errors.get((number, field), "")))
    return rows


def errors(fit: Fit, uid: str) -> dict[tuple[int, str], str]:
    """Return the standard errors of `fit` for `changes`."""
    found = {}
    for clamp in fit.clamps:
        if clamp.uid == uid:
            found[clamp.number, "gain"] = f"{100 * clamp.gain_error:.3f} %"
            phase = "not sought" if clamp.keeps_phase else f"{clamp.phase_error:.2f}"
            found[clamp.number, "phase"] = phase
    return found


def basis(fit: Fit) -> str:
    """Return in a line what a fit is made of."""
    parts = []
    if fit.steps:
        parts.append(f"{fit.steps} steps of the index")
    if fit.readings:
        parts.append(f"{fit.readings} readings of power at a steady load")
    text = " and ".join(parts)
    if fit.lag is not None:
        text += f"; the reference is {fit.lag:.1f} s later than the clamps"
    return f"{text}; {fit.bias:.1f} +- {fit.bias_error:.1f} W that no clamp sees"


def history(uid: str, entries: Sequence[Entry]) -> list[Row]:
    """Return rows for a table of the history of a board: when, by whom, how, what it found."""
    counting = max((n for n, each in enumerate(entries) if each.undone is None), default=None)
    rows: list[Row] = []
    for number, each in enumerate(entries):
        state = "undone" if each.undone is not None else ""
        if number == counting:
            state = "in use"
        rows.append((uid, each.time, each.who, each.how, _values(each.correction), state))
    return rows


def _values(correction: BoardCorrection) -> str:
    parts = []
    if _differs(correction.voltage, 1.0):
        parts.append(f"voltage {correction.voltage:.5f}")
    for number, clamp in enumerate(correction.clamps, 1):
        if _differs(clamp.gain, 1.0) or _differs(clamp.phase, 0.0):
            parts.append(f"clamp {number}: {clamp.gain:.5f}, {clamp.phase:.2f} degrees")
        if clamp.noise:
            parts.append(f"clamp {number}: noise {clamp.noise:.2f}")
    return "; ".join(parts) or "as rated"


def _differs(one: float, other: float) -> bool:
    return abs(one - other) > 1e-7
