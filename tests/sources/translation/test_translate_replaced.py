"""An instrument is replaced, sends other labels from now on, or is read as a whole."""

import pytest

from submeter.meter.reading import Update
from submeter.pointmap import source_map
from submeter.sources.index_guard import IndexGuard
from submeter.sources.tic.decoder import Decoder, Group, Mode
from submeter.sources.translation.datum import Datum
from submeter.sources.translation.heard import ENOUGH
from submeter.sources.translation.speaker import Speakers
from submeter.sources.translation.translator import Message, Translator
from tooling.tic import frame
from tooling.tic_reader import TicReader
from tooling.trust import Trusting

ONE = {"16.7.0": Datum("1", 1, "W"), "2.8.0": Datum("7", 7, "kWh")}
TWO = {"1.7.0": Datum("500", 500, "W"), "2.7.0": Datum("0", 0, "W")}
POWER, EXPORT = "Active_Power_Total", "Active_Energy_Export"


def translator() -> Translator:
    return Translator(source_map.load("obis-standard"))


def says(made: Translator, message: Message, times: int = 1, start: float = 0.0) -> Update:
    for turn in range(times):
        update = made.translate(message, start + turn)
    assert update is not None
    return update


def hears(made: TicReader, serial: str, index: int, at: float) -> Update:
    groups = [Group("ADCO", serial), Group("OPTARIF", "BASE"), Group("BASE", f"{index:09d}")]
    (decoded,) = Decoder().feed(frame(Mode.HISTORIQUE, groups))
    update = made.translate(decoded, at)
    assert update is not None
    return update


@pytest.mark.parametrize("meter", ["A", "B"])
def test_what_is_sent_no_more_is_absent_and_another_rule_takes_over(meter: str) -> None:
    """It is another meter, or the utility has changed what this one pushes."""
    made = translator()
    assert says(made, Message(ONE, instrument="A"), 3 * ENOUGH).values[POWER].number == 0.001
    after = says(made, Message(TWO, instrument=meter), 2 * ENOUGH)
    assert after.values[POWER].number == 0.5
    assert EXPORT in after.absent
    back = says(made, Message(ONE, instrument=meter))
    assert back.values.keys() >= {POWER, EXPORT}


def test_what_is_missing_in_between_is_not_absent() -> None:
    made = translator()
    for _ in range(5):
        says(made, Message(ONE | TWO))
        assert EXPORT not in says(made, Message(TWO), ENOUGH - 1).absent


def test_a_label_that_is_held_is_awaited_for_its_time() -> None:
    made = Translator(source_map.load("obis-norway"))
    energy, name = {"1.8.0": Datum("7", 7, "Wh")}, "Active_Energy_Import"
    says(made, Message(TWO | energy))
    for turn in range(1, 5 * ENOUGH):
        assert name in says(made, Message(TWO), start=30.0 * turn).values
    assert name in says(made, Message(TWO), 3 * ENOUGH, start=10_000.0).absent


def test_a_serial_number_that_damage_made_takes_nothing_away() -> None:
    made = translator()
    before = says(made, Message(ONE, instrument="A"), 2 * ENOUGH)
    for damaged in ("X", "Y", "Z"):
        says(made, Message(ONE, instrument=damaged))
        after = says(made, Message(ONE, instrument="A"))
        assert (after.values, after.absent) == (before.values, before.absent)


def test_instruments_that_damage_made_do_not_fill_the_memory() -> None:
    made = Speakers(source_map.load("obis-standard"))
    for number in range(100):
        made.turn_to(f"damaged {number}")
    assert len(made._others) < Speakers.MOST


def test_the_slope_of_one_meter_does_not_go_on_with_the_next() -> None:
    made = TicReader(source_map.load("tic-historique"), (), Trusting())
    for second in range(0, 130, 10):
        known = hears(made, "042276000001", 1000 + second, float(second))
    assert known.values[POWER].number == pytest.approx(3.6)
    assert POWER not in hears(made, "042276000002", 1131, 130.0).values
    after = hears(made, "042276000001", 1140, 140.0)
    assert after.values[POWER].number == pytest.approx(3.6)


def test_a_whole_reading_proves_at_once_what_is_not_there() -> None:
    made = translator()
    first = says(made, Message(TWO, whole=True))
    assert first.values[POWER].number == 0.5
    assert EXPORT in first.absent
    more = says(made, Message(ONE, whole=True))
    assert more.values[POWER].number == 0.001
    less = says(made, Message(TWO, whole=True), 2)
    assert less.values[POWER].number == 0.5
    assert EXPORT in less.absent


def test_a_whole_reading_that_is_not_sound_proves_nothing() -> None:
    update = translator().translate(Message(TWO, whole=True, sound=False), 0.0)
    assert update is None or not update.absent


def test_what_is_there_without_a_usable_value_is_not_absent() -> None:
    update = says(translator(), Message(TWO, sent=frozenset({"2.8.0"}), whole=True), 3)
    assert EXPORT not in update.absent
    assert "Active_Energy_Import" in update.absent


def test_the_origin_of_a_guarded_index_is_the_message_that_it_came_in() -> None:
    loaded = source_map.load("obis-standard")
    made = Translator(loaded, guard=IndexGuard(loaded.largest_power))
    for hour, kwh in enumerate((1000, 1005, 1011)):
        said = {"1.8.0": Datum(f"{kwh}.0", kwh, "kWh")}
        update = made.translate(Message(said, b"raw%d" % kwh, whole=True), hour * 3600.0)
    assert update is not None
    assert update.values["Active_Energy_Import"].number == 1005 * 10**6
    origin = made.origin("Active_Energy_Import")
    assert origin is not None
    assert (origin.labels, origin.raw) == ((("1.8.0", "1005.0 kWh"),), b"raw1005")


def test_the_origin_of_a_slope_is_that_of_its_index() -> None:
    made = TicReader(source_map.load("tic-historique"), (), IndexGuard(36_000))
    for second in range(0, 150, 10):
        known = hears(made, "042276000001", 1000 + second, float(second))
    assert known.values[POWER].number == pytest.approx(3.6)
    of_index, of_power = (made.origin(name) for name in ("Active_Energy_Import", POWER))
    assert of_index is not None
    assert of_power is not None
    assert of_index.labels == of_power.labels == (("BASE", "000001130 Wh"),)
    assert b"000001130" in of_index.raw == of_power.raw
