"""Registers that begin anew, added up."""

import pytest

from submeter.sources.translation.ledger import Ledger

HPH, HCH = ("HPH", "01/01/24"), ("HCH", "01/01/24")


def test_the_sum_of_all_accounts_of_a_book() -> None:
    made = Ledger()
    assert made.total("E", HPH, 100) == 100
    assert made.total("E", HCH, 20) == 120
    assert made.total("F", HCH, 7) == 7
    assert made.total("E", HPH, 101) == 121


def test_an_account_that_falls_says_nothing() -> None:
    made = Ledger()
    made.total("E", HPH, 100)
    assert made.total("E", HPH, 99) is None
    assert made.total("E", HPH, 100) == 100


def test_closing_raises_an_account_that_was_opened_and_no_other() -> None:
    made = Ledger()
    made.total("E", HPH, 100)
    made.close("E", HPH, 130)
    made.close("E", HPH, 120)
    made.close("E", HCH, 50)
    made.close("F", HPH, 50)
    assert made.total("E", ("HPH", "01/02/24"), 1) == 131
    assert made.entries.keys() == {"E"}


def test_accounts_are_bounded() -> None:
    made = Ledger()
    for number in range(made.MOST):
        assert made.total("E", (str(number),), 1) == number + 1
    assert made.total("E", ("one more",), 1) is None
    assert made.total("E", ("0",), 2) == made.MOST + 1


def test_it_goes_on_from_what_was_saved() -> None:
    made, again = Ledger(), Ledger()
    made.total("E", HPH, 100)
    again.restore(made.saved())
    assert again.total("E", HCH, 5) == 105


@pytest.mark.parametrize("saved", [[], {"E": 5}, {"E": {"a": -1}}, {"E": {"a": 1.5}}])
def test_what_makes_no_sense_is_not_taken(saved: object) -> None:
    with pytest.raises(ValueError, match="ledger"):
        Ledger().restore(saved)
