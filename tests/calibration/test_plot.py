"""Plots in plain characters."""

import numpy as np

from submeter.calibration import plot
from submeter.calibration.fit import fit
from submeter.calibration.reference import ReferenceCourse
from tooling.calibration_house import House


def test_two_courses_over_time() -> None:
    drawn = plot.over_time([np.array([0.0, 1, 2, np.nan]), np.array([0.0, 2, 2, 1])], "W", 3)
    assert drawn.splitlines() == [
        "         2 W | +*",
        "             | o +",
        "         0 W |*",
    ]


def test_what_never_changes_and_nothing() -> None:
    assert "*" not in plot.over_time([np.ones(3)], "W", 3)
    assert plot.over_time([np.full(3, np.nan)], "W") == "(nothing)"


def test_reference_and_clamps() -> None:
    house = House(7, hours=0.3)
    course, reference = house.course(), house.reference()
    found = fit([course], reference)
    assert found is not None
    drawn = plot.comparison(found, [course])
    assert drawn.startswith("power over 18 min: o reference, + clamps as proposed")
    assert drawn.isascii()
    assert max(map(len, drawn.splitlines())) <= 80
    # They agree: the most of it is one on the other.
    assert drawn.count("*") > drawn.count("+")
    neither = found._replace(indexed=None, read=None)
    assert plot.comparison(neither, [course]) == ""


def test_a_reference_that_tells_its_power_alone() -> None:
    house = House(3, hours=0.3)
    course, reference = house.course(), ReferenceCourse()
    house.add_powers(reference, 5, 1.0)
    found = fit([course], reference)
    assert found is not None
    lines = plot.comparison(found, [course]).splitlines()
    assert lines[0].startswith("power over 18 min: o reference, + clamps as proposed")
    split = lines.index("power of the reference less that of the clamps, at a steady load:")
    power, left = "".join(lines[1:split]), lines[split + 1 :]
    assert power.count("*") > power.count("+") > 0
    # Of 7 kW: the step of 1 W, the unrest of the clamps, and what changed meanwhile.
    highest, lowest = (float(line.split(" W")[0]) for line in (left[0], left[-1]))
    assert -20 < lowest < 0 < highest < 20
    assert "o" in "".join(left)
    assert max(map(len, lines)) <= 80
