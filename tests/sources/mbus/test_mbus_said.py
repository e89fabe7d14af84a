"""What a reading says, by the labels of a map."""

from fractions import Fraction

import pytest

from submeter.pointmap import source_map
from submeter.pointmap.mbus_record import MbusRecord
from submeter.sources.mbus import record, said
from submeter.sources.mbus.header import Header
from submeter.sources.mbus.said import Picker
from submeter.sources.mbus.telegram import Telegram
from submeter.sources.translation.datum import Datum
from tooling import mbus_records as made


def datum(monkeypatch: pytest.MonkeyPatch, label: MbusRecord, data: bytes) -> Datum | None:
    """Return what the record in `data` says, by a map with `label` alone."""
    picker = Picker(source_map.load("mbus-water"))
    monkeypatch.setattr(picker, "_labels", {"one": label})
    each, _ = record.read(data, 0)
    found, _ = picker.pick([Telegram(Header(), (each,))])
    return found.get("one")


@pytest.mark.parametrize(
    ("number", "taken"), [(1000, True), (-1000, True), (1001, False), (-1001, False)]
)
def test_a_number_that_is_too_large_is_damage(
    monkeypatch: pytest.MonkeyPatch, number: int, taken: bool
) -> None:
    data = made.dib(made.INTEGERS[4]) + made.vib(0x2B) + made.integer(number, 4)
    found = datum(monkeypatch, MbusRecord(quantity="power", largest=1000), data)
    assert (found is not None) == taken


@pytest.mark.parametrize(
    ("quantity", "data", "shown", "number"),
    [
        (
            "volume",
            made.dib(made.BCDS[8]) + made.vib(0x13) + made.bcd(125, 8),
            "125 x 1/1000",
            0.125,
        ),
        ("power", made.dib(made.BCDS[8]) + made.vib(0x2E) + made.bcd(-12, 8), "-12 x 1000", -12000),
        ("power", made.dib(5) + made.vib(0x2E) + made.real(2.5), "2.5 x 1000", 2500),
        ("power", made.dib(5) + made.vib(0x2E) + made.real(-2.5e9), "-2.5e+09 x 1000", -2.5e12),
        ("power", made.dib(5) + made.vib(0x2B) + made.real(2.5), "2.5", 2.5),
        ("power", made.dib(made.BCDS[8]) + made.vib(0x2E) + made.bcd(0, 8), "0", 0),
        (
            "flow temperature",
            made.dib(made.BCDS[4]) + made.vib(0x7B, 0x5B) + made.bcd(50, 4),
            "50 x 5/9 - 160/9",
            10,
        ),
        (
            "flow temperature",
            made.dib(made.BCDS[4]) + made.vib(0x7B, 0x5B) + made.bcd(0, 4),
            "0 - 160/9",
            Fraction(-160, 9),
        ),
    ],
)
def test_people_see_what_was_sent_and_its_scale(
    monkeypatch: pytest.MonkeyPatch, quantity: str, data: bytes, shown: str, number: float
) -> None:
    found = datum(monkeypatch, MbusRecord(quantity=quantity), data)
    assert found is not None
    assert found.text == shown
    assert found.number == Fraction(number)


def test_the_status_is_that_of_all_telegrams() -> None:
    telegrams = [Telegram(Header(status=status), ()) for status in (0, 4, None, 16)]
    assert said.status(telegrams) == Datum("00010100", 20)
    assert said.status(telegrams[2:3]) == Datum("")


def test_a_text_is_cut_and_holds_nothing_that_is_not_printable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = made.dib(0x0D) + made.vib(0xFD, 0x10) + made.text("A\x1b[2J" + "7" * 100)
    found = datum(monkeypatch, MbusRecord(quantity="customer location", text=True), data)
    assert found == Datum(("A?[2J" + "7" * 100)[:64])
