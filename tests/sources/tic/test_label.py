"""The forms of TIC data."""

import pytest

from submeter.pointmap.tic_label import TicLabel as Label
from submeter.sources.tic.decoder import Group
from submeter.sources.tic.label import fits, number

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
        ("H PLEINE/CREUSE ", None, Label(text=16), True),
        ("", None, Label(text=16), True),
        ("H PLEINE/CREUSE  ", None, Label(text=16), False),
        ("02152", STAMP, Label(digits=[5], horodate=True), True),
        ("02152", None, Label(digits=[5], horodate=True), False),
        ("02152", STAMP, Label(digits=[5]), False),
        ("", STAMP, Label(text=0, horodate=True), True),
        ("x", STAMP, Label(text=0, horodate=True), False),
    ],
)
def test_forms(data: str, horodate: str | None, form: Label, expected: bool) -> None:
    assert fits(Group("LABEL", data, horodate), form) is expected


def test_numbers() -> None:
    assert number(Group("EAST", "000012345"), Label(digits=[9])) == 12345
    assert number(Group("STGE", "00DA4401"), Label(hex=8)) == 0x00DA4401
    assert number(Group("PPOT", "10"), Label(hex=2)) == 16
