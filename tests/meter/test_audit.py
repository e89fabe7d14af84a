"""The audit log between two commits: complete, bounded, and readable."""

import pytest

from submeter.meter import audit
from submeter.meter.audit import Audit, Entry
from submeter.meter.instant import Instant


def at(seconds: float) -> Instant:
    return Instant(seconds, 1_700_000_000 + seconds)


def refuse(log: Audit, seconds: float, point: str = "X") -> None:
    log.note("write_refused", "main", "modbus 192.0.2.1", at=at(seconds), point=point)


def test_an_entry() -> None:
    log = Audit()
    log.note("setting_changed", "main", "cli root", at=at(1.9), point="A", old=1, new=2.5)
    assert log.take() == [
        Entry(1_700_000_001, "setting_changed", "main", "cli root", "point=A old=1 new=2.5")
    ]
    assert log.take() == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "v=plain"),
        ("two words", 'v="two words"'),
        ("", 'v=""'),
        ("a=b", 'v="a=b"'),
        ('say "no"', r'v="say \"no\""'),
        ("a\nb\x1b[2J\x00", r"v=a\nb\x1b[2J\x00"),
        ("back\\slash", r"v=back\\slash"),
        ("é \u202e", 'v="é \\u202e"'),
        ("\udc80", r"v=\udc80"),
        ("x" * 300, "v=" + "x" * 200 + "..."),
    ],
)
def test_values_are_one_word_on_one_line(value: str, text: str) -> None:
    log = Audit()
    log.note("event", at=at(0), v=value)
    (entry,) = log.take()
    assert entry.detail == text
    entry.detail.encode()


def test_who_cannot_forge_a_line() -> None:
    log = Audit()
    log.note("event", who="modbus a\nb", at=at(0))
    assert log.take()[0].who == r"modbus a\nb"


def test_the_journal_is_called_for_what_counts() -> None:
    calls: list[int] = []
    log = Audit(lambda: calls.append(1))
    log.note("setting_changed", at=at(0))
    assert len(calls) == 1
    refuse(log, 0)
    assert len(calls) == 1


def test_equal_refusals_of_a_minute_are_counted() -> None:
    log = Audit()
    for second in range(10):
        refuse(log, second)
    refuse(log, 5, "Y")
    first, other = log.take(at(20))
    assert (first.at, first.detail) == (1_700_000_000, "point=X")
    assert other.detail == "point=Y"
    assert log.take(at(59)) == []
    (count,) = log.take(at(60))
    assert (count.at, count.detail) == (1_700_000_009, "point=X count=9")


def test_a_new_minute_is_a_new_entry() -> None:
    log = Audit()
    for second in (0, 1, 60, 61):
        refuse(log, second)
    assert [entry.detail for entry in log.take()] == [
        "point=X",
        "point=X count=1",
        "point=X",
        "point=X count=1",
    ]


def test_an_entry_without_detail_is_counted_too() -> None:
    log = Audit()
    log.note("unlock_refused", at=at(0))
    log.note("unlock_refused", at=at(1))
    assert [entry.detail for entry in log.take()] == ["", "count=1"]


def test_other_events_are_never_merged() -> None:
    log = Audit()
    for second in range(3):
        log.note("command", "main", at=at(second), point="Reset_Demand_Peak")
    assert len(log.take()) == 3


def test_a_flood_of_different_refusals_is_bounded_by_the_minute() -> None:
    log = Audit()
    for number in range(500):
        refuse(log, 1, f"P{number}")
    entries = log.take(at(2))
    assert len(entries) == audit.MOST_REPEATED + 1
    lost = entries[-1]
    assert (lost.event, lost.detail) == ("audit_lost", f"count={500 - audit.MOST_REPEATED}")
    refuse(log, 62, "later")
    assert [entry.detail for entry in log.take(at(62))] == ["point=later"]


def test_counts_do_not_pile_up() -> None:
    log = Audit()
    for minute in range(50):
        for number in range(100):
            refuse(log, 61.0 * minute, f"P{minute}-{number}")
    assert len(log._counts) <= 2 * audit.MOST_REPEATED


def test_nothing_is_lost_by_a_failed_commit() -> None:
    log = Audit()
    log.note("first", at=at(0))
    taken = log.take()
    log.note("second", at=at(1))
    log.put_back(taken)
    assert [entry.event for entry in log.take()] == ["first", "second"]


def test_refusals_make_room_first_then_the_oldest() -> None:
    log = Audit()
    refuse(log, 0)
    for number in range(audit.MOST_ENTRIES - 1):
        log.note("kept", at=at(1), number=number)
    log.note("kept", at=at(2), number="last")
    entries = log.take()
    assert [entry.event for entry in entries] == ["kept"] * audit.MOST_ENTRIES + ["audit_lost"]
    assert entries[-1] == Entry(1_700_000_000, "audit_lost", "", "", "count=1")
    log.put_back(entries)
    log.note("kept", at=at(3), number="one more")
    again = log.take()
    assert again[0].detail == "number=1"
    assert again[-1].detail == "count=2"
    assert len(again) == audit.MOST_ENTRIES + 1
