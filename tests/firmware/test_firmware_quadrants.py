"""What clamps measured goes whole into the quadrant that it lies in."""

import pytest

from tooling.firmware import load

quadrants = load("core.quadrants")


def of(active: int, reactive: int) -> list[int]:
    """Return the 17 sums of a record: of the second clamp, without means."""
    sums = [0] * 17
    sums[9], sums[11] = active, reactive
    return sums


@pytest.mark.parametrize(
    ("active", "reactive", "quadrant"),
    [(5, 7, 1), (0, 0, 1), (-5, 7, 2), (-1, 0, 2), (-5, -7, 3), (5, -7, 4), (0, -1, 4)],
)
def test_quadrants_are_numbered_as_the_trade_does(
    active: int, reactive: int, quadrant: int
) -> None:
    split = quadrants.Quadrants()
    split.take(1000, of(active, reactive))
    place = 8 + 2 * (quadrant - 1)
    assert split.sums[place : place + 2] == [active, reactive]
    assert [each for k, each in enumerate(split.sums) if k not in (place, place + 1)] == [0] * 22


def test_the_product_of_the_means_is_taken_out() -> None:
    split = quadrants.Quadrants()
    sums = of(1_000_000, -50_000)
    sums[0], sums[7] = -2_000, 50_000  # of V and I over 1000 frames: means of -2 and 50 codes
    split.take(1000, sums)
    assert split.sums[8:10] == [1_100_000, 50_000]
    assert sum(split.sums) == 1_150_000
