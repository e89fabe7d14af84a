"""Two instruments of one circuit take turns: nothing is lost, and nothing counted twice."""

import pytest

from submeter.meter.feed import Dial, Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality, Update, Value
from submeter.meter.setup import Setup
from submeter.pointmap import points

ENERGY = "Active_Energy_Import"
WH = 1000
POINTS = tuple(points.all_points().values())
EXPECTED = {ENERGY: Quality.MEASURED}
DIAL = {ENERGY: Dial(WH)}
A, B = 10**9, 5 * 10**9


@pytest.mark.parametrize("period", [1, 30, 900])
@pytest.mark.parametrize("every", [300, 600])
def test_however_often_the_first_one_falls_silent(every: int, period: int) -> None:
    """At 36 kW; the second one is read each `period` s."""
    feeds = [
        Feed("first", EXPECTED, 20.0, DIAL),
        Feed("second", EXPECTED, 2.0 * period + 20, DIAL),
    ]
    made = Meter("one", POINTS, feeds, Setup(largest_power=50_000.0))
    shown = 0
    for second in range(7200):
        energy, now = second * 10 * WH, 1_790_000_000.0 + second
        if second < every or second % every >= 90:
            update = Update({ENERGY: Value(A + energy)}, instrument="A")
            made.update(update, Instant(second + 0.1, now + 0.1), "first")
        if second % period == 0:
            update = Update({ENERGY: Value(B + energy)}, instrument="B")
            made.update(update, Instant(second + 0.6, now + 0.6), "second")
        total = made.energy.totals[ENERGY]
        assert total is None or shown <= total <= A + energy + 10 * WH
        shown = total or 0
    assert abs(A + 7199 * 10 * WH - shown) <= 30 * WH
