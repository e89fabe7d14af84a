"""Complex power from products of a current and a delayed voltage."""

import cmath
import math
from typing import NamedTuple


class Products(NamedTuple):
    """Means of I x V(lag), I x V(lag + 1 frame) and I x V(lag + quarter), without offsets."""

    lag: float
    next: float
    quarter: float


class Turn(NamedTuple):
    """Angles in radians by the frequency that the mains had.

    `late` is how much later than it should the voltage of `Products.lag` is, `frame` what it turns
    in a frame, and `quarter` in the frames of the quarter period, which is pi / 2 at the nominal
    frequency alone.
    """

    late: float
    frame: float
    quarter: float


_NEAR = 1.5
"""Frames by which the line through two products may be drawn out beyond them."""


def of_products(products: Products, turn: Turn) -> complex:
    """Return P + jQ, Q > 0 for a current that follows the voltage.

    I x V delayed by an angle d is P cos d + Q sin d. P is the line through the two products that
    are a frame apart, which is right within 1 % of the reactive power of a harmonic, where turning
    by means of the quarter takes a sixth of that of the fifth for active power. A voltage that is
    later than that is turned all the same.
    """
    if abs(turn.late) > _NEAR * turn.frame:
        return of_fundamental(products.lag, products.quarter, turn)
    after = turn.late + turn.frame
    active = products.lag * math.sin(after) - products.next * math.sin(turn.late)
    active /= math.sin(turn.frame)
    around = turn.late + turn.quarter
    return complex(active, (products.quarter - active * math.cos(around)) / math.sin(around))


def of_fundamental(lag: float, quarter: float, turn: Turn) -> complex:
    """Return P + jQ of two products alone, exact for the fundamental; means or sums of them."""
    behind = (quarter - lag * math.cos(turn.quarter)) / math.sin(turn.quarter)
    return complex(lag, behind) * cmath.rect(1.0, turn.late)
