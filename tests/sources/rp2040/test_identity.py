"""`$ID` of a board."""

from typing import Any

import pytest

from submeter.errors import FrameError
from submeter.sources.rp2040 import identity
from tooling.clamp_records import IdealBoard


def said(**more: Any) -> dict[str, Any]:
    return IdealBoard(pins=(2, 3)).identity() | more


def test_an_identity_is_what_the_line_says() -> None:
    who = identity.read(said(uid="E66038B713952A2F", lags=[0, 40, 80], layout="v3i"))
    assert who.uid == "e66038b713952a2f"
    assert (who.rate, who.lags, who.reset) == (6000.0, (0, 40, 80), "power")
    assert (who.span, who.clamps) == (4132, 3)
    assert identity.read(said(layout="4i")).clamps == 4


@pytest.mark.parametrize(
    "more",
    [{"uid": "e6"}, {"uid": None}, {"uid": "../../etc"}, {"boot": ""}, {"boot": "a\nb"}, {"v": 2},
     {"v": "1"}, {"fs": 5999}, {"fs": 6000.0}, {"fs": True}, {"ch": 3},
     {"layout": "3i"}, {"layout": ["v3i"]}, {"order": [0, 1, 2]}, {"order": [0, 1, 2, 2]},
     {"order": [0, 1, 2, 4]}, {"lags": [0, 0, 121]}, {"lags": [0, 0, -1]}, {"lags": [0, 0, "0"]},
     {"quarter": 29}, {"quarter": None}, {"steps": [9, 9, 9, 21]}, {"steps": None},
     {"period": 0}, {"period": 61},
     {"reset": 5.0}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(FrameError):
        identity.read(said(**more))


@pytest.mark.parametrize("key", sorted(IdealBoard().identity().keys() - {"debounce", "fw", "pins"}))
def test_nothing_may_be_missing(key: str) -> None:
    content = said()
    del content[key]
    with pytest.raises(FrameError):
        identity.read(content)


def test_what_no_firmware_has_is_told_in_words() -> None:
    with pytest.raises(FrameError, match="'quarter' is 1, neither 30 nor 25"):
        identity.read(said(quarter=1))
    for quarter, period in ((25, 60), (30, 1)):
        who = identity.read(said(quarter=quarter, period=period, steps=[20, 0, 9, 9]))
        assert (who.quarter, who.period) == (quarter, period)


def test_a_board_that_names_no_version_has_an_old_one() -> None:
    assert identity.version({}) == 0
    assert identity.version({"v": 7}) == 7
