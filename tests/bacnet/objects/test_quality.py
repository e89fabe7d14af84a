import pytest
from bacpypes3.basetypes import Reliability, StatusFlags

from submeter.bacnet.objects import quality
from submeter.bacnet.objects.image import encode
from submeter.meter.reading import Quality


@pytest.mark.parametrize(
    ("word", "reliability"),
    [
        (Quality.MEASURED, "no-fault-detected"),
        (Quality.DERIVED, "no-fault-detected"),
        (Quality.ESTIMATED, "no-fault-detected"),
        (Quality.STALE, "communication-failure"),
        (Quality.FAILED, "unreliable-other"),
        (Quality.ABSENT, "no-sensor"),
    ],
)
def test_translation(word: Quality, reliability: str) -> None:
    code = quality.OF_QUALITY[word]
    assert quality.RELIABILITY[code] == encode(Reliability(reliability))
    assert (code == quality.NO_FAULT) == word.good


def test_every_quality_has_one() -> None:
    assert set(quality.OF_QUALITY) == set(quality.OF_NOTHING) == set(Quality)


def test_without_a_value_stale_is_no_lost_instrument() -> None:
    changed = {word for word in Quality if quality.OF_QUALITY[word] != quality.OF_NOTHING[word]}
    assert changed == {Quality.STALE}
    assert quality.OF_NOTHING[Quality.STALE] == quality.UNRELIABLE


def test_event_state_of_what_reports_no_events() -> None:
    states = {code: quality.event_state(code) for code in (0, 1, 2, 3, 7, 12)}
    assert states == {0: 0, 1: 1, 2: 1, 3: 1, 7: 1, 12: 1}


def test_codes_of_ranges() -> None:
    assert quality.RELIABILITY[quality.OVER_RANGE] == encode(Reliability("over-range"))
    assert quality.RELIABILITY[quality.UNDER_RANGE] == encode(Reliability("under-range"))


@pytest.mark.parametrize(
    ("event_state", "reliability", "flags"),
    [
        (0, 0, [0, 0, 0, 0]),
        (0, 12, [0, 1, 0, 0]),
        (1, 7, [1, 1, 0, 0]),
        (2, 0, [1, 0, 0, 0]),
    ],
)
def test_status_flags(event_state: int, reliability: int, flags: list[int]) -> None:
    assert quality.status_flags(event_state, reliability) == encode(StatusFlags(flags))
