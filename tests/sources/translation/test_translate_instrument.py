"""Which instrument speaks, and what its own clock says."""

import pytest

from submeter.meter.reading import Stamp, Update
from submeter.pointmap import source_map
from submeter.sources.growing_index import GrowingIndex
from submeter.sources.tic.decoder import Decoder, Group, Mode
from tooling.tic import Linky, frame
from tooling.tic_reader import TicReader
from tooling.trust import Trusting

CONSUMER = Linky(phases=3).groups()


def translator() -> TicReader:
    return TicReader(source_map.load("tic-standard"), (), Trusting(), None)


def says(made: TicReader, groups: list[Group]) -> Update:
    (decoded,) = Decoder().feed(frame(Mode.STANDARD, groups))
    update = made.translate(decoded, 0.0)
    assert update is not None
    return update


def without(label: str) -> list[Group]:
    return [each for each in CONSUMER if each.label != label]


def named(serial: str) -> list[Group]:
    return [Group("ADSC", serial) if each.label == "ADSC" else each for each in CONSUMER]


def dated(stamp: str) -> list[Group]:
    return [Group("DATE", "", stamp) if each.label == "DATE" else each for each in CONSUMER]


def test_the_instrument_is_the_serial_number() -> None:
    made = translator()
    assert says(made, without("ADSC")).instrument is None
    assert says(made, named("042276123456")).instrument == "042276123456"
    later = says(made, without("ADSC"))
    assert later.instrument == "042276123456", "it is known until another one is heard"
    assert says(made, named("042276999999")).instrument == "042276999999"


def test_each_run_of_a_recording_is_another_instrument() -> None:
    loaded = source_map.load("tic-standard")
    made = TicReader(loaded, (), Trusting(), GrowingIndex(), " replay 1")
    update = says(made, named("042276123456"))
    assert update.instrument == "042276123456 replay 1"


@pytest.mark.parametrize(
    ("stamp", "utc", "degraded"),
    [
        ("E240701120000", 1_719_828_000, False),
        ("H240116222800", 1_705_440_480, False),
        ("e240701120000", 1_719_828_000, True),
        ("h240116222800", 1_705_440_480, True),
    ],
)
def test_the_instrument_s_own_time(stamp: str, utc: int, degraded: bool) -> None:
    assert says(translator(), dated(stamp)).clock == Stamp(utc, stamp, degraded)


@pytest.mark.parametrize("stamp", [" 240701120000", "E241301120000"])
def test_a_time_that_cannot_be_true_is_none(stamp: str) -> None:
    update = says(translator(), dated(stamp))
    assert update.clock is None
    assert "Active_Energy_Import" in update.values


def test_a_frame_without_a_date_has_no_time() -> None:
    assert says(translator(), without("DATE")).clock is None
