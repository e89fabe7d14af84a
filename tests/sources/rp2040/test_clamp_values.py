"""From what was measured to points."""

import pytest

from submeter.sources.rp2040 import values
from submeter.sources.rp2040.measured import ClampValues, Measured
from submeter.sources.rp2040.share import Line, Share
from submeter.sources.rp2040.wiring import Wiring


def share(at: str | None = "L1", seconds: float = 1.0, active: float = 1.0) -> Share:
    clamp = ClampValues(1, active, 0, 1, active, (0j,) * 4, saturated=False)
    measured = Measured(seconds, 230, 50.0, (), saturated=False)
    wiring = Wiring(at, (), 50)  # type: ignore[arg-type]
    return Share("u", wiring, seconds, measured, (Line("L1", 0, clamp),))


@pytest.mark.parametrize(("active", "factor"), [(1.0001, 1), (-1.0001, -1), (-0.5, -0.5)])
def test_a_power_factor_is_1_at_most(active: float, factor: float) -> None:
    found = dict(values.together([share(active=active)]))["Power_Factor_Total"]
    assert found
    assert found.number == factor


def test_a_frequency_is_that_of_a_voltage() -> None:
    assert values.frequency([share(None)]) == {}
    assert values.frequency([share(None), share()])["Frequency"].number == 50


def test_the_mean_of_three_seconds_is_a_present_value() -> None:
    assert share(seconds=3.0).present
    assert not share(seconds=3.01).present
