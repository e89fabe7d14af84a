"""Makes the errors of a level that is read again and again independent of one another."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_ANYWHERE = 1e18  # variance of a level that nothing is known of


def whitened(
    columns: Floats, variances: Floats, passed: Floats, breaks: npt.NDArray[np.bool_], walk: float
) -> tuple[Floats, float]:
    """Return `columns` without the part that earlier rows foretell, and the log of the variances.

    Each row is a level read with an error of its own, of `variances`, on top of one that wanders:
    by `walk` in the square root of each of the `passed` s since the row before. After one of
    `breaks` the level is another one: such rows come out as 0. The filter is that of Kalman for
    one state; every column goes through the same one.
    """
    made = np.zeros_like(columns)
    gains, scales = _gains(variances, passed, breaks, walk)
    mean = columns[0]
    for row, (gain, scale) in enumerate(zip(gains, scales, strict=True)):
        news = columns[row] - mean
        mean = mean + gain * news
        made[row] = news * scale
    known = scales[scales > 0]
    return made, float(-2 * np.log(known).sum())


def _gains(
    variances: Floats, passed: Floats, breaks: npt.NDArray[np.bool_], walk: float
) -> tuple[Floats, Floats]:
    gains, scales = np.zeros(len(variances)), np.zeros(len(variances))
    known = _ANYWHERE
    for row, (own, time, broken) in enumerate(zip(variances, passed, breaks, strict=True)):
        known = _ANYWHERE if broken or row == 0 else known + walk * walk * time
        total = known + own
        gains[row] = known / total
        scales[row] = 0.0 if known >= _ANYWHERE else total**-0.5
        known = known * own / total
    return gains, scales
