"""The forms of TIC data."""

import pytest
from pydantic import ValidationError

from submeter.pointmap.tic_label import TicLabel as Label
from submeter.sources.tic.decoder import Group
from submeter.sources.tic.label import Form

STAMP = "H240116222800"


@pytest.mark.parametrize(
    ("data", "horodate", "form", "expected"),
    [
        ("012345678", None, Label(digits=[9]), True),
        ("12345678", None, Label(digits=[9, 8]), True),
        ("12345678", None, Label(digits=[9]), False),
        ("01234567A", None, Label(digits=[9]), False),
        ("-12345678", None, Label(digits=[9]), False),
        (" 12345678", None, Label(digits=[9]), False),
        ("1234567.8", None, Label(digits=[9]), False),
        ("", None, Label(digits=[9]), False),
        ("00DA4401", None, Label(hex=8), True),
        ("00da4401", None, Label(hex=8), True),
        ("00DA440", None, Label(hex=8), False),
        ("00DA440G", None, Label(hex=8), False),
        ("0x0A4401", None, Label(hex=8), False),
        ("0F", None, Label(hex=2, largest=15), True),
        ("10", None, Label(hex=2, largest=15), False),
        ("11", None, Label(digits=[2], smallest=1, largest=10), False),
        ("00", None, Label(digits=[2], smallest=1, largest=10), False),
        ("01", None, Label(digits=[2], smallest=1, largest=10), True),
        ("H PLEINE/CREUSE ", None, Label(text=16), True),
        ("", None, Label(text=16), True),
        ("H PLEINE/CREUSE  ", None, Label(text=16), False),
        ("HP..", None, Label(text=4, pattern=r"H[CP]\.\."), True),
        ("HPxx", None, Label(text=4, pattern=r"H[CP]\.\."), False),
        ("HP..HP..", None, Label(text=4, pattern=r"(H[CP]\.\.)+"), False),
        ("A", None, Label(text=4, pattern="A|BC"), True),
        ("AC", None, Label(text=4, pattern="A|BC"), False),
        ("02152", STAMP, Label(digits=[5], horodate=True), True),
        ("02152", None, Label(digits=[5], horodate=True), False),
        ("02152", STAMP, Label(digits=[5]), False),
        ("", STAMP, Label(text=0, horodate=True), True),
        ("x", STAMP, Label(text=0, horodate=True), False),
        ("123kWh", None, Label(upto=7, units=["kWh", "MWh"]), True),
        ("0kWh", None, Label(upto=7, units=["kWh"]), True),
        ("0123kWh", None, Label(upto=7, units=["kWh"]), False),
        ("12345678kWh", None, Label(upto=7, units=["kWh"]), False),
        ("123kW", None, Label(upto=7, units=["kWh"]), False),
        ("123Wh", None, Label(upto=7, units=["kWh"]), False),
        ("123 kWh", None, Label(upto=7, units=["kWh"]), False),
        ("123", None, Label(upto=7, units=["kWh"]), False),
        ("123", None, Label(upto=7, unit="kWh"), True),
        ("01/07/24 12:00:00", None, Label(date=True), True),
        ("00/00/00 00:00:00", None, Label(date=True), True),
        ("32/07/24 12:00:00", None, Label(date=True), False),
        ("1/07/24 12:00:00", None, Label(date=True), False),
        ("01/07/24 24:00:00", None, Label(date=True), False),
    ],
)
def test_forms(data: str, horodate: str | None, form: Label, expected: bool) -> None:
    assert (Form(form).datum(Group("LABEL", data, horodate)) is not None) is expected


def test_numbers() -> None:
    for data, form, number, unit in (
        ("000012345", Label(digits=[9], unit="Wh"), 12345, "Wh"),
        ("00DA4401", Label(hex=8), 0x00DA4401, None),
        ("10", Label(hex=2), 16, None),
        ("17MWh", Label(upto=7, units=["kWh", "MWh"]), 17, "MWh"),
    ):
        datum = Form(form).datum(Group("LABEL", data))
        assert datum
        assert (datum.text, datum.number, datum.unit) == (data, number, unit)


def test_a_date_is_a_stamp_in_legal_time() -> None:
    datum = Form(Label(date=True)).datum(Group("DATE", "01/07/24 12:00:00"))
    assert datum
    assert datum.stamp
    assert (datum.stamp.utc, datum.stamp.degraded) == (1_719_828_000, False)
    unset = Form(Label(date=True)).datum(Group("DATE", "00/00/00 00:00:00"))
    assert unset
    assert unset.stamp is None


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "a label has one of 'digits', 'upto', 'hex', 'text', 'date'"),
        ({"digits": [9], "text": 9}, "a label has one of"),
        ({"text": 9, "largest": 5}, "'smallest' and 'largest' go with numbers"),
        ({"digits": [9], "units": ["kWh"]}, "'units' go with 'upto'"),
        ({"digits": [9], "pattern": "x"}, "'pattern' goes with 'text'"),
        ({"text": 9, "pattern": "("}, "'pattern' is no regular expression"),
    ],
)
def test_a_form_that_contradicts_itself(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Label.model_validate(keys)


def test_the_label_is_in_the_first_of_its_units() -> None:
    assert Label(upto=7, units=["kWh", "MWh"]).unit == "kWh"
