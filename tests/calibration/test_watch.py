"""What a session has is fitted with what its boards are corrected by now."""

import cmath
import math
from types import SimpleNamespace
from typing import Any

import pytest

from submeter import calibration_watch
from submeter.calibration.course import Course
from submeter.calibration.reference import ReferenceCourse
from submeter.calibration.sample import BoardSample, ClampSample
from submeter.calibration_watch import Watch
from submeter.sources.rp2040.correction import BoardCorrection, ClampCorrection
from submeter.sources.rp2040.settings import PhaseBoard, Rp2040Settings
from tooling.calibration_house import UID, House

METER = "clamps"


def watch(house: House, reference: ReferenceCourse, before: BoardCorrection) -> Watch:
    clamps = tuple(ClampSample(n, f"L{n}", 0j, 0.0, 0.05) for n in (1, 2, 3))
    board = BoardSample(UID, 9.0, 9.0, 1.0, 0.0, clamps, before, METER)
    session: Any = SimpleNamespace(
        boards=(board,),
        pieces=(board,),
        courses=[house.course()],
        reference=reference,
        seconds=3600.0 * house.hours,
    )
    return Watch(session, {METER: Rp2040Settings(board=UID, clamps={"L1": 1, "L2": 2, "L3": 3})})


def test_a_clamp_of_heaters_keeps_the_phase_that_it_is_corrected_by() -> None:
    house = House(0, hours=0.5, resistive=(1,))
    reference = ReferenceCourse()
    house.add_powers(reference, 5, 0.1)
    phase = math.degrees(cmath.phase(house.factors[1])) + 1.0
    before = BoardCorrection(1.02, 0.0, (ClampCorrection(1.0, phase),) * 4)
    made = watch(house, reference, before)
    made.judge()
    assert made.fit is not None
    assert made.fit.clamps[1].turns == (0,)
    assert made.verdict is not None
    assert made.verdict.proposed[UID].clamps[1].phase == pytest.approx(phase)
    assert made.errors(UID)[2, "phase"] == "not sought"
    assert made.errors(UID)[1, "phase"] == f"{made.fit.clamps[0].phase_error:.2f}"


def test_the_note_on_a_phase_that_is_not_sought(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(0, hours=0.5, resistive=(0, 1, 2))
    reference = ReferenceCourse()
    house.add_powers(reference, 5, 0.1)
    before = [ClampCorrection(phase=math.degrees(cmath.phase(each))) for each in house.factors]
    monkeypatch.setattr(calibration_watch, "EVERY", 0.0)
    made = watch(house, reference, BoardCorrection(clamps=(*before, ClampCorrection())))
    notes: list[str] = []
    made.look(notes.append)
    assert made.fit is not None
    assert all(each.keeps_phase for each in made.fit.clamps)
    assert notes[0].endswith("%, phase not sought")


def test_too_little() -> None:
    made = watch(House(0, hours=0.002), ReferenceCourse(), BoardCorrection())
    made.judge()
    assert (made.fit, made.verdict) == (None, None)
    assert "gave no measured index" in made.lacking()


def test_one_voltage_is_not_that_of_boards_at_other_phases() -> None:
    one, two, three = (PhaseBoard(board=f"{UID}{number}") for number in (1, 2, 3))
    settings = Rp2040Settings(boards={"L1": one, "L2": two, "L3": three})
    courses = [Course(f"{UID}{number}", (1,)) for number in (1, 2, 3)]
    pieces: list[BoardSample] = []
    for second in range(700):
        pieces.clear()
        for phase, course in enumerate(courses, 1):
            clamps = (ClampSample(1, f"L{phase}", 0j, 0.0, 0.05),)
            square = (229.0 + phase) ** 2 * second
            stored = BoardCorrection()
            at = float(second)
            pieces.append(BoardSample(course.uid, at, at, square, 0.0, clamps, stored, METER))
            course.add(pieces[-1])
    reference = ReferenceCourse()
    reference.voltages["Voltage_L1_N"] = [(at + 0.5, 230.0 + at % 2 / 10) for at in range(5, 695)]
    session: Any = SimpleNamespace(
        boards=tuple(pieces), pieces=tuple(pieces), courses=courses, reference=reference
    )
    made = Watch(session, {METER: settings})
    made.judge()
    assert list(made.voltages) == [f"{UID}1"]
