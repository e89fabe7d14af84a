import asyncio

import pytest

from submeter.bacnet.alarms import memory, past
from submeter.bacnet.alarms.event_state import EventState
from submeter.bacnet.alarms.memory import Memory
from submeter.bacnet.alarms.past import NO_EVENTS, Past

KEY = "bacnet_events:4000"
FAULT = Past(EventState.FAULT)


class Disk:
    """Keeps what is noted, each time."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str]] = []
        self.now = {"A": NO_EVENTS}

    def keep(self, key: str, text: str) -> None:
        self.notes.append((key, text))

    def gather(self) -> dict[str, Past]:
        return self.now


def make(disk: Disk, note: str | None = None) -> Memory:
    notes = {} if note is None else {KEY: note}
    return Memory(4000, {"bacnet_events:4001": "x", **notes}, disk.keep, disk.gather)


def test_what_was_kept(caplog: pytest.LogCaptureFixture) -> None:
    remembered = make(Disk(), past.written({"A": FAULT}))
    assert remembered.of("A") == FAULT
    assert remembered.of("B") == NO_EVENTS
    assert make(Disk()).of("A") == NO_EVENTS
    assert not caplog.messages


def test_damaged_note_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    remembered = make(Disk(), '{"A": [1')
    assert remembered.of("A") == NO_EVENTS
    (line,) = caplog.messages
    assert line.startswith('event=bacnet_events_lost note=bacnet_events:4000 reason="')


async def test_one_note_of_what_changes_together() -> None:
    disk = Disk()
    remembered = make(disk)
    for _ in range(100):
        remembered.changed()
    disk.now = {"A": FAULT}
    assert not disk.notes
    await asyncio.sleep(0.02)
    assert disk.notes == [(KEY, past.written({"A": FAULT}))]
    remembered.close()
    assert len(disk.notes) == 1, "nothing has changed since"


async def test_notes_are_no_more_than_one_in_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "PAUSE", 0.2)
    disk = Disk()
    remembered = make(disk)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while len(disk.notes) < 3:
        remembered.changed()
        await asyncio.sleep(0.005)
        assert loop.time() - begun < 5
    assert loop.time() - begun >= 0.4
    remembered.close()


async def test_end_keeps_what_is_not_kept_yet() -> None:
    disk = Disk()
    remembered = make(disk)
    remembered.changed()
    await asyncio.sleep(0.02)
    disk.now = {"A": FAULT}
    remembered.changed()
    remembered.close()
    assert disk.notes[-1] == (KEY, past.written({"A": FAULT}))
    assert len(disk.notes) == 2
    await asyncio.sleep(0.02)
    assert len(disk.notes) == 2


def test_without_a_store() -> None:
    remembered = Memory(4000, {}, None, dict)
    remembered.changed()
    remembered.close()
