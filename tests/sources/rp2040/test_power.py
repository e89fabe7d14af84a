import cmath
import math

import pytest

from submeter.sources.rp2040.power import Products, Turn, of_fundamental, of_products

FRAME = math.radians(3)
POWER = 700 + 300j


def seen(power: complex, turn: Turn, order: int = 1) -> Products:
    """Return the products of a current and a voltage of the `order`th harmonic."""
    delays = (turn.late, turn.late + turn.frame, turn.late + turn.quarter)
    return Products(*((power * cmath.rect(1, -order * delay)).real for delay in delays))


@pytest.mark.parametrize("late", [-120.0, -6.0, -2.25, 0.0, 0.75, 2.25, 40.0, 119.0])
@pytest.mark.parametrize("quarter", [81.0, 90.0, 117.0])
def test_both_are_exact_for_the_fundamental(late: float, quarter: float) -> None:
    turn = Turn(math.radians(late), FRAME, math.radians(quarter))
    products = seen(POWER, turn)
    assert of_products(products, turn) == pytest.approx(POWER)
    assert of_fundamental(products.lag, products.quarter, turn) == pytest.approx(POWER)


@pytest.mark.parametrize("order", [3, 5, 7])
def test_the_reactive_power_of_a_harmonic_is_hardly_taken_for_active(order: int) -> None:
    turn = Turn(math.radians(2.25), FRAME, math.radians(90))
    assert abs(of_products(seen(100j, turn, order), turn).real) < 3
    assert of_products(seen(100 + 0j, turn, order), turn).real == pytest.approx(100, abs=9)


def test_the_line_is_not_drawn_out_far() -> None:
    # 120 degrees away noise in the difference of two products would be forty times as large.
    turn = Turn(math.radians(-120), FRAME, math.radians(90))
    products = seen(POWER, turn)
    noisy = products._replace(next=products.next + 1)
    assert of_products(noisy, turn) == of_products(products, turn)
