"""What counts of what calibration found, at the ratings of now."""

import pytest

from submeter.sources.rp2040.correction import NONE, BoardCorrection, ClampCorrection

CLAMP = ClampCorrection(1.03, 2.5, 1.4, 0.3, -0.2, by_current=True, amperes=0.025)
STORED = BoardCorrection(1.01, 2.0, (CLAMP, CLAMP, CLAMP._replace(amperes=None), CLAMP))


def test_a_clamp_of_other_ratings_counts_by_the_ratings_alone() -> None:
    found = STORED.in_force({1: 0.05, 2: 0.025, 3: 0.05})
    assert found.clamps == (ClampCorrection(), CLAMP, STORED.clamps[2], CLAMP)
    assert (found.voltage, found.voltage_noise) == (1.01, 2.0)
    assert STORED.void({1: 0.05, 2: 0.025, 3: 0.05}) == {
        1: "it was made where a code stood for 0.025 A, which is 0.05 A by the ratings of now"
    }


@pytest.mark.parametrize(("amperes", "counts"), [(0.025 * (1 + 1e-7), True), (0.02501, False)])
def test_ratings_are_the_same_but_for_rounding(amperes: float, counts: bool) -> None:
    assert (STORED.in_force({1: amperes}) == STORED) is counts


def test_nothing_is_void_where_nothing_was_found() -> None:
    assert NONE.in_force(dict.fromkeys((1, 2, 3, 4), 0.05)) == NONE
    assert STORED.in_force({}) is STORED
