"""Equations of a fit: what the reference says, as what the clamps measured times unknowns."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BLOCK = 180.0  # s; what is wrong for longer than that is taken as independent of the rest
PRIOR = 5.0  # W that a reference counts and no clamp sees, unless it says otherwise


class Rows(NamedTuple):
    """Equations `target = design @ unknowns`, each with an error of 1; `at` is when, in s.

    The unknowns are of each clamp Re k, then of each Im k, and the W that no clamp sees; k is what
    makes true complex power of that by the ratings.
    """

    at: Floats
    design: Floats
    target: Floats

    def over(self, error: float) -> "Rows":
        """Return the same, where the error was `error` instead of 1."""
        return Rows(self.at, self.design / error, self.target / error)


class Solution(NamedTuple):
    """What fits best: the unknowns, their covariance, the residuals and how well it is posed.

    `scatter` is the root mean square of what is left; the rows promised 1. `condition` is that of
    the columns brought to one length.
    """

    unknowns: Floats
    covariance: Floats
    residuals: Floats
    scatter: float
    condition: float


def joined(parts: list[Rows]) -> Rows:
    """Return all the equations of `parts`."""
    return Rows(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def solve(rows: Rows, prior: float | None = PRIOR) -> Solution:
    """Return what fits `rows` best; raises LinAlgError where they do not say enough.

    `prior` in W is what no clamp sees, at a guess; None: it may be anything. The covariance is the
    larger one of that by the scatter and that by how blocks of time differ, so that errors that
    last are not taken for independent ones.
    """
    design, target = rows.design, rows.target
    if prior is not None:
        expected = np.zeros(design.shape[1])
        expected[-1] = 1 / prior
        design, target = np.vstack([design, expected]), np.append(target, 0.0)
    size = np.linalg.norm(design, axis=0)
    if not np.all(size > 0):
        raise np.linalg.LinAlgError("a column is empty")
    scaled = design / size
    unknowns, _, rank, _ = np.linalg.lstsq(scaled, target, rcond=None)
    free = len(rows.target) - len(unknowns)
    if rank < len(unknowns) or free < 1:
        raise np.linalg.LinAlgError("too little is known")
    residuals = rows.target - rows.design @ (unknowns / size)
    inverse = np.linalg.inv(scaled.T @ scaled)
    scatter = float(residuals @ residuals) / free
    covariance = _larger(inverse * scatter, _by_blocks(rows, size, residuals, inverse))
    return Solution(
        unknowns / size,
        covariance / np.outer(size, size),
        residuals,
        float(np.sqrt(scatter)),
        float(np.linalg.cond(scaled)),
    )


def _by_blocks(rows: Rows, size: Floats, residuals: Floats, inverse: Floats) -> Floats:
    """Return the covariance that follows from how much blocks of time pull apart."""
    blocks = ((rows.at - rows.at.min()) // BLOCK).astype(int)
    pulls = np.zeros((int(blocks.max()) + 1, len(size)))
    np.add.at(pulls, blocks, rows.design / size * residuals[:, None])
    count = len(np.unique(blocks))
    few = max(1, count - len(size))
    found: Floats = inverse @ (pulls.T @ pulls) @ inverse * (count / few)
    return found


def _larger(one: Floats, other: Floats) -> Floats:
    """Return `one`, made wider in every direction of the unknowns in which `other` is wider."""
    scale = np.maximum(1.0, np.sqrt(np.diag(other) / np.diag(one)))
    found: Floats = one * np.outer(scale, scale)
    return found
