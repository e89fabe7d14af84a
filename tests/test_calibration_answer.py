"""What the running program tells of clamps and their reference."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from submeter import calibration_answer
from submeter.calibration import sample
from submeter.latest import Latest
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.reading import Update, Value
from submeter.sources.rp2040.correction import NONE, BoardCorrection
from submeter.sources.rp2040.raw import RawBoard, RawClamp

NOW = Instant(100.0, 1e9)
ENERGY = "Active_Energy_Import"


class Boards:
    """A source with clamps, as far as it matters here."""

    def __init__(self, uid: str) -> None:
        self.uid = uid
        self.dials: dict[str, Dial] = {}

    def raw(self) -> tuple[RawBoard, ...]:
        clamp = RawClamp(2, "L1", 360 - 36j, 12.5, 0.05)
        return (RawBoard(self.uid, Instant(99.5, 1e9), 60.0, 3.2e6, 0.3, 0.0, (clamp,)),)

    def correction(self, uid: str) -> BoardCorrection:
        return NONE


class Tic:
    def __init__(self) -> None:
        self.dials = {ENERGY: Dial(1000)}


@pytest.fixture
def latest() -> Latest:
    found = Latest()
    for second, number in ((90, 5000), (91, 6000)):
        found.hear("main", "tic", Update({ENERGY: Value(number)}), Instant(second, 1e9))
    return found


def meter(name: str, sealed: bool = False, **sources: object) -> Any:
    entry = SimpleNamespace(name=name, sealed=sealed)
    return SimpleNamespace(plan=SimpleNamespace(entry=entry, sources=sources))


def ask(latest: Latest, **question: Any) -> Any:
    meters = {
        "main": meter("main", clamps=Boards("aaaa"), tic=Tic(), other=Tic()),
        "tenant": meter("tenant", sealed=True, rp2040=Boards("aaaa")),
        "sum": meter("sum"),
    }
    told = calibration_answer.answer(
        {"ask": "calibration", "reference": None, **question}, meters, latest, NOW
    )
    return json.loads(json.dumps(told))


def test_clamps_and_reference(latest: Latest) -> None:
    told = ask(latest, meter="tenant", reference="main")
    assert told["sealed"] == ["tenant"]
    assert told["reference"]["source"] == "tic"
    found = sample.read(told)
    (board,) = found.boards
    assert found.at == 100
    assert (board.uid, board.at, board.seconds, board.correction) == ("aaaa", 99.5, 60, NONE)
    assert board.clamps[0].energy == 360 - 36j
    assert found.reference is not None
    assert found.reference[ENERGY] == (6000, "measured", 91, 1000, 91, 90, 5000)


def test_a_source_of_the_same_meter(latest: Latest) -> None:
    assert ask(latest, meter="main", reference="main/other")["reference"]["values"] == {}
    assert ask(latest, meter="main", reference="main/tic")["reference"]["values"]


def test_clamps_of_several_meters_are_told_of_one_moment(latest: Latest) -> None:
    found = sample.read(ask(latest, meter="main", **{"with": ["tenant"]}))
    assert [(board.meter, board.uid) for board in found.boards] == [
        ("main", "aaaa"),
        ("tenant", "aaaa"),
    ]
    assert found.sealed == ("tenant",)
    assert {board.begun for board in found.boards} == {calibration_answer._BEGUN}


def test_without_a_reference(latest: Latest) -> None:
    told = ask(latest, meter="main")
    assert "reference" not in told
    assert sample.read(told).reference is None


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ({"meter": "mian"}, "no meter is called 'mian'; did you mean 'main'?"),
        ({"meter": "\udcff"}, "no meter is called '\\udcff'; known here: main, tenant, sum"),
        ({"meter": "sum"}, "meter 'sum' has no clamps: no source 'rp2040'"),
        (
            {"meter": "main", "reference": "x"},
            "no meter is called 'x'; known here: main, tenant, sum",
        ),
        (
            {"meter": "main", "reference": "tenant"},
            "meter 'tenant' has no instrument but clamps: it is no reference",
        ),
        (
            {"meter": "main", "reference": "main/clamps"},
            "meter 'main' has no source 'clamps' to compare with; known here: tic, other",
        ),
        ({"meter": "main", "with": ["sum"]}, "meter 'sum' has no clamps: no source 'rp2040'"),
        (
            {"meter": "main", "with": [5]},
            "a calibration is asked of a 'meter', with a 'reference' or null",
        ),
        (
            {"meter": "main", "with": "tenant"},
            "a calibration is asked of a 'meter', with a 'reference' or null",
        ),
        ({"meter": 5}, "a calibration is asked of a 'meter', with a 'reference' or null"),
        (
            {"meter": "main", "reference": 5},
            "a calibration is asked of a 'meter', with a 'reference' or null",
        ),
    ],
)
def test_what_makes_no_sense(latest: Latest, question: dict[str, Any], error: str) -> None:
    assert ask(latest, **question) == {"error": error}


def test_another_question_is_for_others(latest: Latest) -> None:
    assert ask(latest, ask="sources") is None
