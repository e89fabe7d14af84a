"""What each source said last, with when an index went on."""

from submeter.latest import Latest, Said
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Update, Value

ENERGY, POWER = "Active_Energy_Import", "Active_Power_Total"


def at(second: float) -> Instant:
    return Instant(second, second + 1e9)


def test_an_index_tells_when_it_went_on_and_from_what() -> None:
    latest = Latest()
    for second, number in ((1, 5000), (2, 5000), (3, 6000), (4, 6000)):
        latest.hear("main", "tic", Update({ENERGY: Value(number)}), at(second))
    said = latest.of("main", "tic")[ENERGY]
    assert said == Said(6000, Quality.MEASURED, at(4), at(3), at(2), 5000)


def test_other_points_are_as_they_came() -> None:
    latest = Latest()
    estimated = Value(1.5, Quality.ESTIMATED)
    latest.hear("main", "tic", Update({POWER: Value(1.25)}), at(1))
    latest.hear("main", "tic", Update({POWER: estimated}), at(2))
    assert latest.of("main", "tic") == {POWER: Said(1.5, Quality.ESTIMATED, at(2))}


def test_what_is_repeated_was_not_read_again() -> None:
    latest = Latest()
    latest.hear("main", "e450", Update({ENERGY: Value(5000)}, read={ENERGY: at(1)}), at(1))
    latest.hear("main", "e450", Update({ENERGY: Value(5000)}, read={ENERGY: at(1)}), at(6))
    assert latest.of("main", "e450")[ENERGY].at == at(1)


def test_what_failed_is_forgotten_and_sources_are_apart() -> None:
    latest = Latest()
    latest.hear("main", "tic", Update({ENERGY: Value(5000), POWER: Value(1.0)}), at(1))
    latest.hear("main", "tic", Update({}, failed=frozenset({POWER})), at(2))
    assert set(latest.of("main", "tic")) == {ENERGY}
    assert latest.of("main", "clamps") == {}
    assert latest.of("other", "tic") == {}
