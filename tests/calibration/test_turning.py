"""Angles tell how clamps were put up."""

import pytest

from submeter.calibration import turning
from submeter.calibration.turning import Placed


@pytest.mark.parametrize(
    ("angle", "turn", "backwards", "follows", "rest"),
    [
        (2.5, 0, False, 0, 2.5),
        (-3, 0, False, 0, -3),
        (178.9, 180, True, 0, -1.1),
        (-176, 180, True, 0, 4),
        (-121, -120, False, 1, -1),
        (124, 120, False, 2, 4),
        (63, 60, True, 1, 3),
        (-58, -60, True, 2, 2),
        (25, 0, False, 0, 25),
    ],
)
def test_an_angle(angle: float, turn: int, backwards: bool, follows: int, rest: float) -> None:
    found = turning.of(angle)
    assert (found.turn, found.reversed, found.follows) == (turn, backwards, follows)
    assert found.rest == pytest.approx(rest)
    assert found.clear == (abs(rest) <= 15)


def told(**angles: float) -> list[str]:
    found = {Placed(n, name): turning.of(each) for n, (name, each) in enumerate(angles.items(), 1)}
    return turning.words(found)


def test_all_well() -> None:
    assert told(L1=3, L2=-2, L3=5) == []


def test_reversed() -> None:
    (line,) = told(L1=3, L2=-178)
    assert line.startswith("clamp 2 (L2) is reversed")


def test_swapped() -> None:
    (line,) = told(L1=1, L2=-119, L3=121)
    assert line.startswith("clamp 2 (L2) and clamp 3 (L3) are swapped")


def test_swapped_and_one_of_them_reversed() -> None:
    first, second = told(L1=-121, L2=-59)
    assert first.startswith("clamp 2 (L2) is reversed")
    assert second.startswith("clamp 1 (L1) and clamp 2 (L2) are swapped")


def test_on_another_phase() -> None:
    (line,) = told(L1=0, L2=-122)
    assert line.startswith("clamp 2 (L2) is around L3")


def test_the_voltage_is_another_one() -> None:
    (line,) = told(L1=118, L2=121, L3=119)
    assert "every clamp follows the voltage by 240 degrees" in line
    assert "voltage_at" in line


def test_a_single_phase_on_another_one_than_the_transformer() -> None:
    (line,) = told(L1=-121)
    assert line.startswith("clamp 1 (L1) is on another phase than the transformer")


def test_the_turn_makes_up_for_the_phase() -> None:
    """S by the voltage of L1 of a load on L2, which follows by 120 degrees."""
    import cmath
    import math

    volts, amperes = 1 + 0j, cmath.rect(1, math.radians(-120))
    raw = volts * amperes.conjugate()
    angle = math.degrees(cmath.phase(1 / raw))
    assert turning.of(angle).follows == 1
