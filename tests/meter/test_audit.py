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
    calls: list[bool] = []
    log = Audit(calls.append)
    for event in ("setting_changed", "command", "unlocked"):
        log.note(event, at=at(0))
    assert calls == [True] * 3, "a peer waits for it"
    log.note("source_switched", at=at(0))
    assert calls[3:] == [False], "it comes by itself, however often"
    refuse(log, 0)
    log.note("write_unchanged", at=at(0))
    assert len(calls) == 4


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
        log.note("source_switched", "main", at=at(second), points="Reset_Demand_Peak")
    assert len(log.take()) == 3


def change(log: Audit, seconds: float, new: int, who: str = "modbus 192.0.2.1") -> None:
    log.note("setting_changed", "main", who, at=at(seconds), point="X", old=0, new=new)


def test_a_peer_that_changes_a_setting_again_and_again_is_counted() -> None:
    calls: list[bool] = []
    log = Audit(calls.append)
    for number in range(1000):
        change(log, number / 1000, number)
        log.note("command", "main", "modbus 192.0.2.1", at=at(number / 1000), point="Y", result=9)
    assert calls == [True] * 2000, "a setting is to be saved soon, whether it is told or counted"
    assert [entry.detail for entry in log.take(at(2))] == [
        "point=X old=0 new=0",
        "point=Y result=9",
    ]
    assert [entry.detail for entry in log.take(at(60))] == [
        "point=X old=0 new=999 count=999",
        "point=Y result=9 count=999",
    ]


@pytest.mark.parametrize("event", ["commanded", "relinquished"])
def test_a_peer_that_commands_again_and_again_is_counted(event: str) -> None:
    log = Audit()
    for number in range(1000):
        log.note(event, "one", "bacnet 192.0.2.7", at=at(0), point="X", priority=8, value=number)
    assert [entry.detail for entry in log.take()] == [
        "point=X priority=8 value=0",
        "point=X priority=8 value=999 count=999",
    ]


def test_the_last_of_a_point_is_what_was_done_last() -> None:
    log = Audit()
    for number in (1, 2, 3):
        change(log, number, number)
    change(log, 4, 4, "modbus 192.0.2.9")
    change(log, 5, 5)
    change(log, 6, 6, "modbus 192.0.2.9")
    change(log, 7, 7)
    told = [(e.who[-1], e.detail.removeprefix("point=X old=0 ")) for e in log.take()]
    assert told == [
        ("1", "new=1"),
        ("1", "new=3 count=2"),
        ("9", "new=4"),
        ("9", "new=6 count=1"),
        ("1", "new=7 count=2"),
    ]


def test_a_value_makes_no_other_entry_but_a_reason_does() -> None:
    log = Audit()
    for number in range(50):
        for reason in ("locked", "sealed"):
            log.note(
                "write_refused", "main", "m 1", at=at(0), point="X", value=number, reason=reason
            )
    assert [entry.detail for entry in log.take()] == [
        "point=X value=0 reason=locked",
        "point=X value=0 reason=sealed",
        "point=X value=49 reason=locked count=49",
        "point=X value=49 reason=sealed count=49",
    ]


def test_a_flood_of_different_refusals_is_bounded_by_the_minute() -> None:
    log = Audit()
    bounds = audit.OF_REFUSED
    for number in range(500):
        refuse(log, 1, f"P{number}")
    entries = log.take(at(2))
    assert len(entries) == bounds.each + bounds.common
    refuse(log, 62, "later")
    further = 500 - bounds.each - bounds.common
    assert log.take(at(62)) == [
        Entry(1_700_000_001, "write_refused", "", "modbus 192.0.2.1", f"further={further}"),
        Entry(1_700_000_062, "write_refused", "main", "modbus 192.0.2.1", "point=later"),
    ]


def test_one_peer_leaves_room_for_others_and_for_the_program() -> None:
    log = Audit()
    log.note("started", at=at(0))
    for number in range(10_000):
        refuse(log, 1, f"P{number}")
        log.note("setting_changed", "main", "modbus 192.0.2.1", at=at(1), point=f"P{number}", new=1)
        if number % 100 == 0:
            log.note("unlocked", who="modbus 192.0.2.1", at=at(1))
    log.note("write_refused", "main", "modbus 192.0.2.9", at=at(2), point="X")
    log.note("unlock_refused", who="modbus 192.0.2.9", at=at(2), reason="locked")
    log.note("seal", "main", at=at(3))
    entries = log.take(at(4))
    assert entries[0].event == "started"
    assert [entry.event for entry in entries[-3:]] == ["write_refused", "unlock_refused", "seal"]
    assert "unlocked" in [entry.event for entry in entries]
    assert "audit_lost" not in [entry.event for entry in entries]


def test_many_peers_are_bounded_together() -> None:
    log = Audit()
    peers = audit.OF_REFUSED.peers
    for host in range(1000):
        for number in range(10):
            point, who = f"P{number}", f"modbus 2001:db8::{host:x}"
            log.note("write_refused", "main", who, at=at(1), point=point)
    told = log.take(at(2))
    bounds = audit.OF_REFUSED
    assert len(told) == bounds.common + bounds.each * peers
    assert len({entry.who for entry in told}) == peers
    assert len(log._refused._counts) <= len(told) + peers + 1
    counted = log.take(at(61))
    assert counted[-1].who == ""
    assert counted[-1].detail == f"further={10 * (1000 - peers)}"
    assert sum(int(entry.detail.split("=")[1]) for entry in counted) == 10_000 - len(told)


def flood(log: Audit, minutes: range, seconds: float = 61.0) -> list[Entry]:
    """Return what the log has of 400 addresses that give each five reasons a minute."""
    told: list[Entry] = []
    for minute in minutes:
        for number in range(2000):
            who, reason = f"modbus.tls fd00::{number % 400:x}", f"reason {number // 400}"
            log.note("tls_refused", who=who, at=at(seconds * minute), reason=reason)
        told += log.take(at(seconds * minute))
    return told


def test_refusals_are_bounded_by_the_day() -> None:
    log = Audit()
    day = audit.OF_REFUSED.day
    assert day
    told = flood(log, range(500))
    assert sum("further=" not in entry.detail for entry in told) < day
    last = told[-100:]
    assert {(entry.event, entry.meter, entry.who) for entry in last} == {("refused", "", "")}
    assert [entry.detail for entry in last] == ["further=2000"] * 100, "one a minute"
    written = sum(int(e.detail.partition("further=")[2] or 1) for e in [*told, *log.take()])
    assert written == 500 * 2000, "none goes uncounted"


def test_what_changes_is_told_whole_when_the_day_of_refusals_is_full() -> None:
    log = Audit()
    flood(log, range(500))
    change(log, 61.0 * 499, 5)
    log.note("unlocked", who="modbus 192.0.2.9", at=at(61.0 * 499))
    assert [e.event for e in log.take(at(61.0 * 499))] == ["setting_changed", "unlocked"]


def test_a_new_day_has_room_again() -> None:
    log = Audit()
    flood(log, range(500))
    refuse(log, 86_399)
    assert [entry.event for entry in log.take(at(86_399))] == ["refused"]
    refuse(log, 86_461)
    entries = log.take(at(86_461))
    assert [(e.event, e.detail) for e in entries] == [
        ("refused", "further=1"),
        ("write_refused", "point=X"),
    ]


def test_what_was_counted_is_told_before_one_that_is_beyond_the_bounds() -> None:
    log = Audit()
    for number in range(250):
        point = f"P{number}"
        log.note("setting_changed", "main", "modbus b", at=at(1), point=point, new=number)
    for number in range(1000):
        change(log, 2, number, "modbus a")
    change(log, 3, 7, "modbus b")
    assert [e.detail for e in log.take()][250:] == [
        "point=X old=0 new=0",
        "point=X old=0 new=999 count=999",
        "further=1",
    ]


def test_who_may_write_is_not_crowded_out_by_many_who_may_not() -> None:
    log = Audit()
    for host in range(1000):
        log.note("unlock_refused", who=f"modbus 2001:db8::{host:x}", at=at(1), reason="locked")
    change(log, 2, 5)
    assert log.take(at(2))[-1].detail == "point=X old=0 new=5"


def test_counts_do_not_pile_up() -> None:
    log = Audit()
    for minute in range(50):
        for number in range(100):
            refuse(log, 61.0 * minute, f"P{minute}-{number}")
    assert len(log._refused._counts) <= 100


def test_many_entries_do_not_wait_for_a_slow_journal() -> None:
    calls: list[bool] = []
    log = Audit(calls.append)
    minute = 0
    while not calls:
        minute += 1
        for number in range(100):
            refuse(log, 61.0 * minute, f"P{number}")
    assert calls == [True] * len(calls)
    assert audit.MANY <= len(log.take()) < audit.MOST_ENTRIES


def test_nothing_is_lost_by_a_failed_commit() -> None:
    log = Audit()
    log.note("first", at=at(0))
    taken = log.take()
    log.note("second", at=at(1))
    log.put_back(taken)
    assert [entry.event for entry in log.take()] == ["first", "second"]


def test_the_peer_with_the_most_entries_makes_room_first() -> None:
    log = Audit()
    log.note("started", at=at(0))
    change(log, 0, 1, "modbus 192.0.2.9")
    refuse(log, 0, "Y")
    for minute in range(10):
        for number in range(200):
            log.note("setting_changed", "m", "modbus a", at=at(61 * minute), point=f"P{number}")
    entries = log.take(at(600))
    assert [entry.event for entry in entries[:3]] == ["started", "setting_changed", "write_refused"]
    assert entries[-1].detail == f"count={3 + 2000 - audit.MOST_ENTRIES}"
    assert entries[-2].detail == "point=P199"


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
