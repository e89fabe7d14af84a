import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.bacnet import clock, encoding
from submeter.bacnet.alarms import past
from submeter.bacnet.alarms.event import Event
from submeter.bacnet.alarms.event_state import EventState
from submeter.bacnet.alarms.past import NO_EVENTS, UNSPECIFIED_STAMP, Past

STAMP = encoding.enclosed(2, clock.date_time(1_790_000_000.25))
SOME = Past(
    EventState.OFFNORMAL,
    (False, True, True),
    (STAMP, UNSPECIFIED_STAMP, UNSPECIFIED_STAMP),
    (1, 0, 0),
    ('Zähler "1": Überlast', "", ""),
)
NOTE = past.written({"Overload_Alarm": SOME})


def test_there_and_back() -> None:
    pasts = {"A": SOME, "B": SOME.acknowledged(0)}
    assert past.read(past.written(pasts)) == pasts
    assert past.read(past.written({})) == {}


def test_only_what_had_an_event_is_written() -> None:
    assert past.written({"A": NO_EVENTS}) == "{}"


def test_note_is_compact() -> None:
    assert len(past.written({"Overload_Alarm": SOME})) < 200
    assert NOTE.count(" ") == SOME.texts[0].count(" ")


def test_entered() -> None:
    event = Event(b"", STAMP, 64, 19, EventState.FAULT, EventState.NORMAL, "a fault", False, b"")
    entered = SOME.entered(1, event, False)
    assert entered == Past(
        EventState.FAULT,
        (False, False, True),
        (STAMP, STAMP, UNSPECIFIED_STAMP),
        (1, 19, 0),
        (SOME.texts[0], "a fault", ""),
    )
    assert entered.acknowledged(1).acked == (False, True, True)


def test_what_is_an_event() -> None:
    assert not NO_EVENTS.is_event
    assert SOME.is_event
    assert SOME._replace(state=EventState.NORMAL).is_event
    assert not SOME._replace(state=EventState.NORMAL).acknowledged(0).is_event


def damaged(at: int, value: object) -> str:
    row = json.loads(NOTE)["Overload_Alarm"]
    row[at] = value
    return json.dumps({"Overload_Alarm": row})


@pytest.mark.parametrize(
    "note",
    [
        "",
        "nonsense",
        "[]",
        "null",
        NOTE[:-3],
        '{"A": []}',
        '{"A": null}',
        "[" * 100_000,
        damaged(0, 3),
        damaged(0, "2"),
        damaged(1, [True, True]),
        damaged(1, [1, 1, 1]),
        damaged(2, ["", "", ""]),
        damaged(2, ["zz", STAMP.hex(), STAMP.hex()]),
        damaged(2, [STAMP.hex()[:-2], STAMP.hex(), STAMP.hex()]),
        damaged(3, [-1, 0, 0]),
        damaged(3, [1 << 80, 0, 0]),
        damaged(4, ["x" * 201, "", ""]),
        damaged(4, ["\ud800", "", ""]),
        damaged(4, [None, "", ""]),
    ],
)
def test_damaged_note(note: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+\Z"):
        past.read(note)


@given(st.text() | st.recursive(st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_note(note: str) -> None:
    try:
        past.read(note)
    except ValueError:
        return
