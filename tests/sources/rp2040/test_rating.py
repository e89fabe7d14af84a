"""What a volt at the inputs of a board stands for."""

from typing import Any

import pytest

from submeter.sources.rp2040.rating import Rating, check
from submeter.sources.rp2040.scale import Scale
from submeter.sources.rp2040.settings import Rp2040Settings


def made(**clamp: Any) -> Rp2040Settings:
    return Rp2040Settings.model_validate({"board": "e660", "clamp": clamp})


def test_a_clamp_of_its_own_rating_needs_no_setting() -> None:
    rating = Rating(made(current=30, volts=0.5))
    check(made(current=30), {})
    assert rating.scale == Scale(230 / 0.75, 60.0)
    rating.rate(200, 5)
    assert rating.current == 30


def test_the_setting_says_what_a_clamp_is_rated_for() -> None:
    rating = Rating(made(volts=0.5))
    told = []
    for primary in (None, 200, 400, None):
        rating.rate(primary, None)
        told.append((rating.current, rating.scale and rating.scale.current))
    assert told == [(None, None), (200, 400), (400, 800), (None, None)]


@pytest.mark.parametrize(("mains", "volts"), [(690, 690), (120, 230)])
def test_power_is_by_the_mains_where_that_is_more_than_nominal(mains: float, volts: float) -> None:
    keys = {"board": "e660", "clamp": {"current": 100}, "voltage": {"mains": mains}}
    rating = Rating(Rp2040Settings.model_validate(keys))
    assert rating.most == pytest.approx(100 * 1.65 * volts * 1.2)


def test_a_clamp_around_a_secondary_shows_what_flows_in_the_primary() -> None:
    rating = Rating(made(current=10, around_secondary=True))
    assert rating.scale is None
    rating.rate(250, 5)
    assert rating.current == 500
    rating.rate(250, 1)
    assert rating.current == 2500
    rating.rate(250, None)
    assert rating.scale is None


@pytest.mark.parametrize(
    ("clamp", "configured", "told"),
    [
        ({}, {}, "give it here as 'clamp: {current: ...}' in A, or as CT_Primary_Rating"),
        ({}, {"CT_Secondary_Rating": 5}, "rating of the clamps is missing"),
        ({}, {"CT_Primary_Rating": 100}, None),
        ({"current": 10, "around_secondary": True}, {}, "CT_Primary_Rating is missing"),
        (
            {"current": 10, "around_secondary": True},
            {"CT_Primary_Rating": 100},
            "CT_Secondary_Rating is missing",
        ),
        (
            {"current": 10, "around_secondary": True},
            {"CT_Primary_Rating": 100, "CT_Secondary_Rating": 5},
            None,
        ),
    ],
)
def test_a_missing_rating_is_told_before_anything_starts(
    clamp: dict[str, Any], configured: dict[str, float], told: str | None
) -> None:
    if told is None:
        check(made(**clamp), configured)
        return
    with pytest.raises(ValueError, match=r".") as error:
        check(made(**clamp), configured)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("clamp", [{"current": 100}, {}, {"current": 5, "around_secondary": True}])
def test_no_rating_that_may_be_set_makes_more_power_than_is_believed(clamp: dict[str, Any]) -> None:
    rating = Rating(made(**clamp))
    rating.rate(5000, 1)
    assert rating.scale
    # A square wave from one end of the converter to the other, at 20 % more than 230 V.
    assert rating.scale.current * 1.65 * 276 <= rating.most * 1.0001
