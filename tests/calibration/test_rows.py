"""Equations that are solved, and the errors of what comes out."""

import numpy as np
import pytest

from submeter.calibration import rows
from submeter.calibration.rows import Floats, Rows

COUNT = 400


def made(random: np.random.Generator) -> tuple[Rows, Floats]:
    """Return equations of one clamp and a column that is in their target too."""
    design = np.column_stack([random.normal(0, 9, (COUNT, 2)), np.ones(COUNT)])
    column: Floats = design[:, 0] + random.normal(0, 1, COUNT)
    target: Floats = design @ np.array([1.02, 0.05, 3.0]) + random.normal(0, 1, COUNT)
    return Rows(9.0 * np.arange(COUNT, dtype=np.float64), design, target), column


def test_without_a_column_it_is_as_if_that_were_fitted_too() -> None:
    random = np.random.default_rng(1)
    equations, column = made(random)
    moved = equations._replace(target=equations.target + 40 * column)
    plain, found = rows.solve(equations), rows.solve(moved.without(column))
    assert found.unknowns[:2] == pytest.approx([1.02, 0.05], abs=0.2)
    # As little as the column leaves of it is told by its error: 1 part in 10 here.
    ratio = np.sqrt(np.diag(found.covariance) / np.diag(plain.covariance))
    assert ratio[0] == pytest.approx(9, rel=0.3)
    assert ratio[1] == pytest.approx(1, rel=0.3)
    assert rows.solve(moved).scatter > 2 * found.scatter
    assert equations.without(np.zeros(COUNT)) is equations


def test_what_nothing_tells_of_is_wide_and_what_is_believed_narrow() -> None:
    equations, _ = made(np.random.default_rng(2))
    design = equations.design.copy()
    design[:, 1] = design[:, 0] / 2
    lame = equations._replace(design=design)
    assert rows.solve(lame).covariance[1, 1] ** 0.5 > 2
    believed = np.array([[0.0, 1 / 0.05, 0.0]])
    found = rows.solve(lame, believed=believed)
    assert found.covariance[1, 1] ** 0.5 == pytest.approx(0.05, rel=0.2)


def test_errors_that_last_are_not_taken_for_independent_ones() -> None:
    random = np.random.default_rng(3)
    equations, _ = made(random)
    lasting = np.repeat(random.normal(0, 3, COUNT // 20), 20)
    moved = equations._replace(target=equations.target + lasting)
    free = rows.solve(moved, prior=None)
    independent = free.scatter / COUNT**0.5
    assert free.covariance[2, 2] ** 0.5 > 2 * independent


def test_a_row_that_is_wrong_and_alone_in_what_it_tells_is_not_believed() -> None:
    """It fits well: its residual shows nothing of how wrong it is."""
    equations, _ = made(np.random.default_rng(5))
    design, target = equations.design.copy(), equations.target.copy()
    design[:, 0] = np.random.default_rng(6).normal(0, 0.01, COUNT)
    design[200, 0] = 50.0
    target[200] = design[200] @ np.array([1.02, 0.05, 3.0]) + 30
    found = rows.solve(Rows(equations.at, design, target))
    assert abs(found.residuals[200]) < 1
    error = found.covariance[0, 0] ** 0.5
    assert abs(found.unknowns[0] - 1.02) > 0.4
    assert error > 0.4
    assert found.covariance[1, 1] ** 0.5 < error / 4


@pytest.mark.parametrize("kept", [3, 23])
def test_too_few_equations(kept: int) -> None:
    """Those of 5 pieces of time are too few for 3 unknowns, however many rows they have."""
    equations, _ = made(np.random.default_rng(4))
    few = Rows(*(each[:kept] for each in equations))
    with pytest.raises(np.linalg.LinAlgError):
        rows.solve(few)
    rows.solve(Rows(*(each[:24] for each in equations)))
