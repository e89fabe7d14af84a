"""A level that wanders and is read with errors is brought to independent errors."""

import numpy as np

from submeter.calibration.whitening import whitened


def test_what_is_left_is_white_and_of_size_one() -> None:
    random = np.random.default_rng(1)
    count = 4000
    passed = random.uniform(0.5, 2, count)
    level = np.cumsum(random.normal(0, 3, count) * np.sqrt(passed))
    variances = random.uniform(1, 100, count)
    read = level + random.normal(0, 1, count) * np.sqrt(variances)
    breaks = np.zeros(count, bool)
    made, _ = whitened(read[:, None], variances, passed, breaks, 3.0)
    left = made[1:, 0]
    assert abs(left.std() - 1) < 0.05
    assert abs(np.corrcoef(left[1:], left[:-1])[0, 1]) < 0.05


def test_the_true_walk_is_the_likeliest() -> None:
    random = np.random.default_rng(2)
    count = 3000
    level = np.cumsum(random.normal(0, 10, count)) + random.normal(0, 30, count)
    ones, breaks = np.ones(count), np.zeros(count, bool)

    def doubt(walk: float) -> float:
        made, spread = whitened(level[:, None], 900 * ones, ones, breaks, walk)
        return float(made[:, 0] @ made[:, 0]) + spread

    assert min((1.0, 3.0, 10.0, 30.0, 100.0), key=doubt) == 10


def test_a_break_forgets_where_the_level_was() -> None:
    columns = np.array([[0.0], [1.0], [1000.0], [1001.0]])
    ones = np.ones(4)
    breaks = np.array([True, False, True, False])
    made, _ = whitened(columns, ones, ones, breaks, 0.0)
    assert made[[0, 2], 0].tolist() == [0, 0]
    np.testing.assert_allclose(made[[1, 3], 0], 0.5**0.5, rtol=1e-9)
