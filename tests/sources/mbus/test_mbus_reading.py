"""What becomes of the answers of one meter."""

import logging
from dataclasses import replace

import pytest

from submeter.errors import Condition
from submeter.meter.reading import Update
from submeter.pointmap import source_map
from submeter.sources.mbus import address, telegram
from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.answer import Answer, Gathering
from submeter.sources.mbus.identities import SETTLED
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


def in_turn(one: Reader, *answers: Answer, times: int = 200) -> list[Update | None]:
    return [one.understand(each, 60.0 * turn) for turn in range(times) for each in answers]


def test_meters_that_answer_in_turn_collide_and_do_not_fill_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    one = reader()
    both = [gathered(made.answer(5, who, made.energy(100))) for who in (ABB, KAM)]
    found = in_turn(one, *both)
    assert one.trouble is Condition.COLLISION
    assert found[2:] == [None] * 398
    assert len(caplog.records) <= 20
    found = in_turn(one, both[1], times=SETTLED + 1)
    assert found[0] is None
    assert found[-1] is not None
    assert found[-1].instrument == str(KAM)
    assert one.trouble is None


def test_a_meter_that_was_replaced_is_believed_at_once() -> None:
    one = reader()
    old, new = (gathered(made.answer(5, who, made.energy(100))) for who in (ABB, KAM))
    assert all(in_turn(one, old, times=2))
    assert all(in_turn(one, new, times=SETTLED))
    assert all(in_turn(one, old, times=2))


def test_good_and_unusable_answers_in_turn_do_not_fill_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    useless = made.dib(made.INTEGERS[4]) + made.vib(0x6E) + made.integer(5, 4)
    one, records = reader(), (made.energy(100), useless)
    in_turn(one, *(gathered(made.answer(5, ABB, each)) for each in records))
    assert 1 <= caplog.text.count("event=mbus_unusable") <= 12
    assert one.trouble is Condition.WRONG_LAYOUT


def test_an_answer_with_a_late_copy_in_it_does_not_prove_what_the_meter_lacks() -> None:
    answer = gathered(made.answer(5, ABB, made.energy(100)))
    assert "Voltage_L1_N" in (updated(reader(), answer)).absent
    assert "Voltage_L1_N" not in updated(reader(), replace(answer, sound=False)).absent


def updated(one: Reader, answer: Answer) -> Update:
    found = one.understand(answer, 0.0)
    assert found is not None
    return found
