"""What becomes of the answers of one meter."""

import pytest

from submeter.errors import Condition
from submeter.pointmap import source_map
from submeter.sources.mbus import address, telegram
from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.answer import Answer, Gathering
from submeter.sources.mbus.link import Long
from submeter.sources.mbus.reading import Reader
from submeter.sources.translation.heard import ENOUGH
from tooling import mbus_records as made

ABB = Secondary("12345678", "ABB", 2, 2)
KAM = Secondary("12345679", "KAM", 1, 2)
ENERGY = "Active_Energy_Import"
FIRST = made.answer(5, ABB, made.energy(100, tariff=1) + made.energy(20, tariff=2) + made.MORE)
REST = made.energy(3, tariff=3) + made.energy(4, tariff=4)


def reader(where: str = "5", name: str = "mbus-electricity") -> Reader:
    return Reader("one", address.parse(where), None, source_map.load(name))


def gathered(*frames: Long, most: int = 16) -> Answer:
    gathering = Gathering(most)
    for frame in frames:
        gathering.add(frame, telegram.read(frame))
    return gathering.answer()


def test_a_telegram_that_does_not_say_whose_it_is_is_of_the_same_meter() -> None:
    one = reader()
    made_of = one.understand(gathered(FIRST, Long(8, 5, 0x78, REST)), 0.0)
    assert made_of is not None
    assert made_of.values[ENERGY].number == 127_000
    assert made_of.instrument == one.identity == str(ABB)
    assert one.trouble is None


def test_telegrams_of_two_meters_collide() -> None:
    one = reader()
    assert one.understand(gathered(FIRST, made.answer(5, KAM, REST)), 0.0) is None
    assert one.trouble is Condition.COLLISION


def test_what_no_telegram_tells_is_the_meter_that_was_asked() -> None:
    answer = gathered(Long(8, 253, 0x78, REST))
    one, asked = reader(), reader(str(ABB))
    one.understand(answer, 0.0)
    asked.understand(answer, 0.0)
    assert (one.identity, asked.identity) == (None, str(ABB))


def test_an_answer_that_is_cut_off_proves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The other tariffs are in the telegram that is not asked for."""
    one, cut = reader(), gathered(FIRST, most=1)
    assert not cut.whole
    for turn in range(2 * ENOUGH):
        made_of = one.understand(cut, 60.0 * turn)
        assert made_of is not None
        assert made_of.values[f"{ENERGY}_T2"].number == 20_000
        assert ENERGY not in made_of.values
        assert not made_of.absent
    assert caplog.text.count("event=mbus_cut_off source=one telegrams=1") == 1


def test_an_answer_that_is_whole_proves_what_the_meter_lacks() -> None:
    made_of = reader().understand(gathered(FIRST, made.answer(5, ABB, REST)), 0.0)
    assert made_of is not None
    assert made_of.values[ENERGY].number == 127_000
    assert "Voltage_L1_N" in made_of.absent


def test_a_meter_that_begins_again_instead_of_ending_has_said_all() -> None:
    gathering = Gathering()
    each = telegram.read(FIRST)
    assert gathering.add(FIRST, each)
    assert gathering.repeats(each)
    assert not gathering.answer().whole
    assert gathering.answer(ended=True).whole
