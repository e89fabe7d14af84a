"""The log tells once which calibration does not count, and once that it does again."""

import logging

import pytest

from submeter.sources.rp2040.correction import NONE, BoardCorrection, ClampCorrection
from submeter.sources.rp2040.validity import Validity

CLAMP = ClampCorrection(1.03, 2.5, amperes=0.025)
STORED = BoardCorrection(clamps=(CLAMP, CLAMP, *NONE.clamps[2:]))
OWN = {1: 0.025, 2: 0.025}


def test_each_change_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    validity = Validity()
    with caplog.at_level(logging.INFO):
        for ratings in (OWN, {**OWN, 2: 0.05}, {**OWN, 2: 0.05}, {**OWN, 2: 0.1}, OWN, OWN):
            found = validity.counting("abc", STORED, ratings)
            assert found == STORED.in_force(ratings)
    assert [each.getMessage() for each in caplog.records] == [
        'event=calibration_void board=abc clamp=2 reason="it was made where a code stood for '
        '0.025 A, which is 0.05 A by the ratings of now"',
        "event=calibration_valid board=abc clamp=2",
    ]
    assert [each.levelno for each in caplog.records] == [logging.WARNING, logging.INFO]


def test_another_board_is_another_matter(caplog: pytest.LogCaptureFixture) -> None:
    validity = Validity()
    with caplog.at_level(logging.INFO):
        validity.counting("abc", STORED, {1: 0.05})
        validity.counting("def", NONE, {1: 0.05})
        validity.counting("abc", STORED, {1: 0.05})
    assert [each.getMessage().split(" reason")[0] for each in caplog.records] == [
        "event=calibration_void board=abc clamp=1"
    ] * 2
