"""Equations of a fit: what the reference says, as what the clamps measured times unknowns."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BLOCK = 180.0  # s; what is wrong for longer than that is taken as independent of the rest
PIECE = 40.0  # s; what is known from one such piece of time alone is not known
SPARE = 3  # pieces more than unknowns, at least
PRIOR = 5.0  # W that a reference counts and no clamp sees, unless it says otherwise
WIDE = 3.0  # no factor is much more; what the rows do not say stays near that


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

    def without(self, column: Floats) -> "Rows":
        """Return the same, where an unknown part of `column` was in the target as well."""
        size = float(column @ column)
        if not size > 0:
            return self
        design = self.design - np.outer(column, column @ self.design / size)
        return Rows(self.at, design, self.target - column * float(column @ self.target / size))


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


def least_seconds(clamps: int) -> float:
    """Return how many s have to be heard at least to find the factors of so many clamps."""
    return PIECE * (2 * clamps + 1 + SPARE)


def joined(parts: list[Rows]) -> Rows:
    """Return all the equations of `parts`."""
    return Rows(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def solve(rows: Rows, prior: float | None = PRIOR, believed: Floats | None = None) -> Solution:
    """Return what fits `rows` best; raises LinAlgError where they do not say enough.

    `prior` in W is what no clamp sees, at a guess; None: it may be anything. What `believed` times
    the unknowns comes to is 0 with an error of 1, row by row. The covariance is the largest one of
    three: that by the scatter; that by how blocks of time differ, so that errors that last are not
    taken for independent ones; and that by what would be found without a piece of time, one after
    the other, so that nothing hangs on a few rows that fit because nothing else speaks of theirs.
    """
    count = rows.design.shape[1]
    free = len(rows.target) - count
    if free < 1 or len(np.unique(_places(rows, PIECE))) < count + SPARE:
        raise np.linalg.LinAlgError("too little is known")
    design, target = _with_beliefs(rows, prior, believed)
    size = np.linalg.norm(design, axis=0)
    if not np.all(size > 0):
        raise np.linalg.LinAlgError("a column is empty")
    scaled = design / size
    unknowns, _, rank, _ = np.linalg.lstsq(scaled, target, rcond=None)
    if rank < count:
        raise np.linalg.LinAlgError("too little is known")
    residuals = rows.target - rows.design @ (unknowns / size)
    normal = scaled.T @ scaled
    scatter = float(residuals @ residuals) / free
    return Solution(
        unknowns / size,
        _covariance(rows, size, residuals, normal, scatter),
        residuals,
        float(np.sqrt(scatter)),
        float(np.linalg.cond(scaled)),
    )


def _covariance(
    rows: Rows, size: Floats, residuals: Floats, normal: Floats, scatter: float
) -> Floats:
    inverse = np.linalg.inv(normal).astype(np.float64)
    outer = np.outer(size, size)
    found: Floats = inverse * scatter / outer
    found = _larger(found, _by_blocks(rows, size, residuals, inverse) / outer)
    return _larger(found, _by_pieces(rows, size, residuals, normal) / outer)


def _with_beliefs(
    rows: Rows, prior: float | None, believed: Floats | None
) -> tuple[Floats, Floats]:
    """Return design and target with what is known before anything is measured."""
    count = rows.design.shape[1]
    weights = np.append(np.full(count - 1, 1 / WIDE), 1 / prior if prior is not None else 0.0)
    parts = [rows.design, np.diag(weights)]
    if believed is not None:
        parts.append(believed)
    design = np.vstack(parts)
    target = np.zeros(len(design))
    target[: len(rows.target)] = rows.target
    return design, target


def _by_blocks(rows: Rows, size: Floats, residuals: Floats, inverse: Floats) -> Floats:
    """Return the covariance that follows from how much blocks of time pull apart."""
    blocks = _places(rows, BLOCK)
    pulls = np.zeros((int(blocks.max()) + 1, len(size)))
    np.add.at(pulls, blocks, rows.design / size * residuals[:, None])
    count = len(np.unique(blocks))
    few = max(1, count - len(size))
    found: Floats = inverse @ (pulls.T @ pulls) @ inverse * (count / few)
    return found


def _by_pieces(rows: Rows, size: Floats, residuals: Floats, normal: Floats) -> Floats:
    """Return the covariance by the jackknife: from how each piece of time moves what is found.

    A row that is wrong and alone in what it tells leaves next to no residual; without it the rest
    says so.
    """
    pieces, design = _places(rows, PIECE), rows.design / size
    moves = []
    for piece in np.unique(pieces):
        own = design[pieces == piece]
        pull = own.T @ residuals[pieces == piece]
        moves.append(np.linalg.solve(normal - own.T @ own, pull))
    every = np.array(moves)
    found: Floats = every.T @ every * (1 - 1 / len(every))
    return found


def _places(rows: Rows, length: float) -> npt.NDArray[np.int_]:
    """Return for each row in which piece of time of so many s it is."""
    found: npt.NDArray[np.int_] = ((rows.at - rows.at.min()) // length).astype(int)
    return found


def _larger(one: Floats, other: Floats) -> Floats:
    """Return `one`, made wider where `other` is wider.

    Each factor is looked at along the two directions in which its parts are known apart.
    """
    count = len(one) // 2
    axes = np.eye(len(one))
    for place in range(count):
        pair = np.ix_([place, count + place], [place, count + place])
        axes[pair] = np.linalg.eigh(one[pair])[1]
    one, other = axes.T @ one @ axes, axes.T @ other @ axes
    scale = np.sqrt(np.maximum(1.0, np.diag(other) / np.diag(one)))
    found: Floats = axes @ (one * np.outer(scale, scale)) @ axes.T
    return found
