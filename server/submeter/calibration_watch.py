"""Fits again and again what a session has, until it is sure."""

import cmath
import math
import time
from collections.abc import Mapping, Sequence

from submeter.calibration import fit as fitting
from submeter.calibration import report, rows, verdict, voltage
from submeter.calibration.course import Course
from submeter.calibration.fit import Fit
from submeter.calibration.sample import BoardSample
from submeter.calibration.verdict import Verdict
from submeter.calibration.voltage import VoltageFit
from submeter.calibration_session import Session, Tell
from submeter.sources.rp2040.settings import Rp2040Settings

EVERY = 60.0  # s between two fits while samples are taken
LEAST = 600.0  # s; what is sure sooner may be so by chance


class Watch:
    """Of one session; `fit` and `verdict` are the last, None while too little is known.

    `settings` are those of the clamps of each of its meters.
    """

    def __init__(self, session: Session, settings: Mapping[str, Rp2040Settings]) -> None:
        self._session = session
        self._settings = settings
        self._next = time.monotonic() + EVERY
        self.fit: Fit | None = None
        self.verdict: Verdict | None = None
        self.voltages: dict[str, VoltageFit] = {}

    def look(self, tell: Tell) -> bool:
        """Fit if a minute has passed; tell whether more time would not help."""
        if time.monotonic() < self._next:
            return False
        self.judge()
        self._next = time.monotonic() + EVERY
        if self.fit is None or self.verdict is None:
            tell("too little so far")
            return False
        gain = max(each.gain_error for each in self.fit.clamps)
        phases = [each.phase_error for each in self.fit.clamps if not each.keeps_phase]
        sought = f"+- {max(phases):.2f} degrees" if phases else "not sought"
        tell(f"gain +- {gain:.2%}, phase {sought}")
        long = self._session.seconds >= LEAST
        return long and self.verdict.enough and not self.verdict.doubts

    def judge(self) -> None:
        """Fit what there is."""
        session = self._session
        self.voltages = {
            uid: found for uid, found in self._all_voltages().items() if found and found.sure
        }
        courses = _energetic(session.courses, session.pieces)
        self.fit = fitting.fit(courses, session.reference, self._expected())
        self.verdict = None
        if self.fit:
            self.verdict = verdict.judge(self.fit, session.boards, self.voltages)

    def _expected(self) -> dict[fitting.Key, complex]:
        """Return the factors of clamps that keep their phase and have the gain by their ratings."""
        found = {}
        for board in self._session.boards:
            known = self.voltages.get(board.uid)
            volts = known.factor if known else board.correction.voltage
            for clamp in board.clamps:
                phase = math.radians(board.correction.clamps[clamp.number - 1].phase)
                found[board.uid, clamp.number] = cmath.rect(volts, phase)
        return found

    def lacking(self) -> str:
        """Say why there is no fit."""
        reference = self._session.reference
        if not reference.crossings and not reference.powers:
            return "the reference gave no measured index or power that changed meanwhile"
        clamps = sum(len(course.numbers) for course in self._session.courses)
        if self._session.seconds < (least := rows.least_seconds(clamps)):
            return f"{clamps} clamps need {least / 60:.0f} min or more"
        return (
            f"the index went on {len(reference.crossings)} times, and power was read "
            f"{len(reference.powers)} times, which is too little, or the clamps carried nothing"
        )

    def voltage_lines(self) -> list[str]:
        """Return a line for each board whose voltage is known better now."""
        return [
            f"voltage of board {uid}: factor {each.factor:.5f} +- {each.error:.3%}, from "
            f"{each.readings} readings"
            for uid, each in self.voltages.items()
        ]

    def errors(self, uid: str) -> dict[tuple[int, str], str]:
        """Return the standard errors of what is proposed of a board."""
        found = report.errors(self.fit, uid) if self.fit else {}
        if uid in self.voltages:
            found[0, "gain"] = f"{100 * self.voltages[uid].error:.3f} %"
        return found

    def _all_voltages(self) -> dict[str, VoltageFit | None]:
        found: dict[str, VoltageFit | None] = {}
        readings = self._session.reference.voltages
        pieces = self._session.pieces
        # One voltage is that of every board only if all are at one phase, however it is called.
        several = len({frozenset(self._phases(board.uid)) for board in pieces}) > 1
        for board, course in zip(pieces, self._session.courses, strict=True):
            phases = self._phases(board.uid)
            phase = phases.pop() if len(phases) == 1 else ""
            by_phase = several or len(readings) > 1
            name = f"Voltage_{phase}_N" if by_phase else next(iter(readings), "")
            if board.uid not in found:
                found[board.uid] = voltage.find(course, readings.get(name, ()))
        return found

    def _phases(self, uid: str) -> set[str]:
        """Return the phases that the voltage of a board is said to be of, by one meter or more."""
        found: set[str] = set()
        for piece in self._session.pieces:
            if piece.uid == uid:
                settings = self._settings[piece.meter]
                several = settings.boards is not None
                found.add(piece.clamps[0].conductor if several else settings.voltage_at)
        return found


def _energetic(courses: Sequence[Course], boards: Sequence[BoardSample]) -> list[Course]:
    """Return the courses of the clamps that carry energy: that of the neutral tells nothing."""
    made = []
    for course, board in zip(courses, boards, strict=True):
        numbers = tuple(each.number for each in board.clamps if each.conductor != "N")
        if numbers:
            made.append(course.only(numbers))
    return made
