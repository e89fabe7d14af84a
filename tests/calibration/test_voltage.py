"""The factor of the voltage against readings in steps of 1 V."""

import numpy as np
import pytest

from submeter.calibration import voltage
from submeter.calibration.course import Course
from submeter.calibration.sample import BoardSample
from submeter.sources.rp2040.correction import NONE


def course(seconds: int, volts: float = 228.0) -> Course:
    made = Course("abc", ())
    total = 0.0
    for second in range(seconds):
        total += (volts + 2 * np.sin(second / 60)) ** 2
        made.add(BoardSample("abc", float(second), float(second), total, 0.0, (), NONE))
    return made


def readings(seconds: int, factor: float, wander: float = 2.0) -> list[tuple[float, float]]:
    return [
        (float(second), float(round(factor * (228 + wander * np.sin((second - 2) / 60)))))
        for second in range(0, seconds, 2)
    ]


def test_the_mean_is_finer_than_the_step() -> None:
    found = voltage.find(course(1200), readings(1200, 1.013))
    assert found is not None
    assert found.factor == pytest.approx(1.013, abs=3 * found.error)
    assert found.error < 0.001
    assert found.sure


def test_readings_that_never_change_are_as_coarse_as_their_step() -> None:
    found = voltage.find(course(1200), readings(1200, 1.013, 0.0))
    assert found is not None
    assert found.error > 0.001


def test_too_short_or_no_readings() -> None:
    assert voltage.find(course(1200), readings(400, 1.0)) is None
    assert voltage.find(course(1200), []) is None


def test_what_is_far_off_is_not_sure() -> None:
    found = voltage.find(course(1200), readings(1200, 1.8))
    assert found is not None
    assert not found.sure
