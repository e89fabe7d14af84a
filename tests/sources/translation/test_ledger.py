"""Registers that begin anew, added up."""

import json
import math

import pytest

from submeter.meter.instant import Instant
from submeter.sources.translation.ledger import Ledger

HPH, HCH, HPE = ("HPH", "01/01/24"), ("HCH", "01/01/24"), ("HPE", "01/01/24")
NEXT_HPH, NEXT_HCH = ("HPH", "01/02/24"), ("HCH", "01/02/24")
UTC = 1_700_000_000.0
POWER = 3600.0  # W: 1000 mWh a second
HOUR = 3600.0


class Book:
    """A book of a ledger, read at whatever time it is."""

    def __init__(self, ledger: Ledger, name: str = "E", started: float = UTC) -> None:
        self.ledger = ledger
        self.name = name
        self.started = started
        self.at = 0.0

    @property
    def now(self) -> Instant:
        return Instant(self.at, self.started + self.at)

    def total(self, account: tuple[str, ...], reading: int, after: float = 10.0) -> int | None:
        self.at += after
        return self.ledger.total(self.name, account, reading, self.now, POWER)

    def close(self, account: tuple[str, ...], reading: int) -> None:
        self.ledger.close(self.name, account, reading, self.now, POWER)

    @property
    def late(self) -> int:
        return self.ledger.late(self.name)


def restarted(book: Book, after: float) -> Book:
    """Return the book as a run finds it that begins `after` seconds, its clock being at 0 then."""
    again = Ledger()
    again.restore(json.loads(json.dumps(book.ledger.saved(), sort_keys=True)))
    return Book(again, book.name, book.started + book.at + after)


def test_an_account_that_ran_before_the_book_was_opened_counts_from_its_first_reading_on() -> None:
    made = Book(Ledger())
    assert made.total(HPH, 100) == 100
    assert made.total(HCH, 60) == 100
    assert made.total(HCH, 65) == 105
    assert made.total(HPH, 101) == 106
    assert made.late == 0


def test_accounts_of_later_periods_count_whole() -> None:
    made = Book(Ledger())
    assert made.total(HPH, 100) == 100
    assert made.total(NEXT_HPH, 7) == 107
    assert made.total(NEXT_HCH, 20) == 127
    assert made.late == 0


def test_books_are_apart() -> None:
    ledger = Ledger()
    Book(ledger).total(HPH, 100)
    assert Book(ledger, "F").total(HCH, 7) == 7
    assert ledger.late("of nobody") == 0


def test_an_account_that_falls_says_nothing() -> None:
    made = Book(Ledger())
    made.total(HPH, 100)
    assert made.total(HPH, 99) is None
    assert made.total(HPH, 100) == 100


def test_closing_raises_an_account_that_was_opened_and_no_other() -> None:
    made = Book(Ledger())
    made.total(HPH, 100)
    made.close(HPH, 130)
    made.close(HPH, 120)
    made.close(HCH, 50)
    Book(made.ledger, "F").close(HPH, 50)
    assert made.total(NEXT_HPH, 1) == 131
    assert made.ledger.books.keys() == {"E"}


def test_what_another_account_grew_in_a_silence_is_late() -> None:
    made = Book(Ledger())
    made.total(HPH, 100)
    made.total(HCH, 0)
    made.total(HPH, 101)
    # The tariff changes twice while nobody listens.
    assert made.total(HPH, 5000, after=HOUR) == 5000
    assert made.late == 0, "of the account that was read before, the time since tells"
    assert made.total(HCH, 700) == 5700
    assert made.late == 700
    assert made.total(HCH, 710) == 5710
    assert made.late == 700, "it was made up for"


def test_the_end_of_a_period_in_a_silence_is_late() -> None:
    made = Book(Ledger())
    made.total(HPH, 100)
    assert made.total(NEXT_HCH, 300, after=HOUR) == 400
    made.close(HPH, 1100)
    assert made.total(NEXT_HPH, 5) == 1405
    assert made.late == 1305


def test_without_a_silence_nothing_is_late() -> None:
    made = Book(Ledger())
    made.total(HPH, 100)
    made.total(NEXT_HCH, 1)
    made.close(HPH, 101)
    made.total(NEXT_HPH, 0)
    assert made.total(NEXT_HPH, 2) == 104
    assert made.late == 0


def test_more_than_the_line_carries_is_not_booked_late() -> None:
    made = Book(Ledger())
    made.total(HPH, 100)
    made.total(NEXT_HCH, 1, after=HOUR)
    made.close(HPH, 100 + 3_700_000)
    assert made.total(NEXT_HCH, 1) == 101
    made.close(HPH, 100 + 3_600_000)
    assert made.total(NEXT_HCH, 1) == 3_600_101
    assert made.late == 3_600_001


def test_a_new_account_cannot_have_begun_before_its_period() -> None:
    made = Book(Ledger())
    made.total(HPH, 100)
    assert made.total(NEXT_HCH, 3_700_000, after=HOUR) is None
    assert made.total(NEXT_HCH, 3_600_000) == 3_600_100


def test_accounts_are_bounded() -> None:
    made = Book(Ledger())
    for number in range(made.ledger.MOST):
        assert made.total((str(number), "p"), 0) == 0
    assert made.total(("one more", "p"), 1) is None
    assert made.total(("0", "p"), 2) == 2


def test_it_goes_on_from_what_was_saved() -> None:
    made = Book(Ledger())
    made.total(HPH, 100)
    made.total(HCH, 40)
    made.total(HPH, 130)
    again = restarted(made, HOUR)
    # Nobody knows what came and went meanwhile.
    assert again.total(HCH, 45) == 135
    assert again.late == 5
    assert again.total(HPE, 9) == 135
    assert again.total(NEXT_HPH, 5) == 140
    assert restarted(again, 0).late == again.late == 5


def test_over_a_restart_the_clock_tells_what_the_line_carried() -> None:
    made = Book(Ledger())
    made.total(HPH, 100)
    again = restarted(made, HOUR)
    assert again.total(HPH, 3_800_000, after=0) is None
    assert again.total(HPH, 3_600_000, after=0) == 3_600_000


def test_what_is_saved_is_the_same_while_nothing_grows() -> None:
    made = Book(Ledger())
    made.total(HPH, 0)
    before = json.dumps(made.ledger.saved())
    made.total(HPH, 0, after=HOUR)
    assert json.dumps(made.ledger.saved()) == before


def test_nothing_is_kept_of_a_recording() -> None:
    made = Book(Ledger(kept=False))
    made.total(HPH, 100)
    assert made.ledger.saved() == {}
    made.ledger.restore({"of": "an earlier form"})
    assert made.total(HPH, 101) == 101


@pytest.mark.parametrize(
    "saved",
    [
        [],
        {"E": 5},
        {"E": {"period": "p", "late": 0}},
        {"E": {"period": "p", "late": -1, "accounts": {}}},
        {"E": {"period": "p", "late": 0, "accounts": {"a": [0, 1, 0]}}},
        {"E": {"period": "p", "late": 0, "accounts": {"[]": [0, 1, 0]}}},
        {"E": {"period": "p", "late": 0, "accounts": {'["a"]': [0, 1]}}},
        {"E": {"period": "p", "late": 0, "accounts": {'["a"]': [2, 1, 0]}}},
        {"E": {"period": "p", "late": 0, "accounts": {'["a"]': [0, 1.5, 0]}}},
        {"E": {"period": "p", "late": 0, "accounts": {'["a"]': [0, 1, math.inf]}}},
    ],
)
def test_what_makes_no_sense_is_not_taken(saved: object) -> None:
    with pytest.raises(ValueError, match=r"ledger|saved state|Expecting value"):
        Ledger().restore(saved)


def test_what_was_read_after_a_silence_is_owed_no_more_though_it_did_not_grow() -> None:
    made = Book(Ledger())
    made.total(HPH, 100)
    made.total(HCH, 60)
    assert made.total(HPH, 100, HOUR) == 100
    assert made.total(HPH, 105) == 105
    assert made.late == 0
