"""The rest of the RP2040: clock, starts, USB, inputs, settings, lamp, and the whole of them."""

import json
import types
from pathlib import Path
from typing import Any

import pytest

from tooling.rp2_fakes import FakeBoard

SCRATCH = 0x4005800C
HIGH, LOW = 0x40054024, 0x40054028


@pytest.fixture
def board() -> FakeBoard:
    return FakeBoard()


def test_the_clock_is_read_whole(board: FakeBoard) -> None:
    ticks = board.load("hal_rp2.clock").ticks
    board.mem32.values |= {HIGH: 2, LOW: 7}
    assert ticks() == (2 << 32) + 7
    high = iter([2, 3, 3, 3])  # the low half wraps between the two
    low = iter([0xFFFFFFFF, 1])
    board.mem32.values |= {HIGH: lambda: next(high), LOW: lambda: next(low)}
    assert ticks() == (3 << 32) + 1


@pytest.mark.parametrize(
    ("cause", "word", "told", "failures"),
    [
        (1, 0, "power", 0),
        (1, 0x5B3E_0004, "power", 0),  # of before the power went
        (3, 0, "watchdog", 1),
        (3, 0x1234_0104, "watchdog", 1),  # somebody else's
        (3, 0x5B3E_0100, "soft", 0),  # asked for
        (3, 0x5B3E_0103, "soft", 3),
        (3, 0x5B3E_0000, "watchdog", 1),  # nobody said why: it hung
        (3, 0x5B3E_0203, "watchdog", 3),  # a failure, which is counted
    ],
)
def test_why_it_starts(board: FakeBoard, cause: int, word: int, told: str, failures: int) -> None:
    board.cause, board.mem32.values[SCRATCH] = cause, word
    starts = board.load("hal_rp2.starts").Starts()
    assert (starts.cause, starts.failures) == (told, failures)
    assert board.mem32[SCRATCH] == 0x5B3E_0000 | failures


def test_a_board_that_fails_again_and_again_waits(board: FakeBoard) -> None:
    make = board.load("hal_rp2.starts").Starts
    board.cause = 3
    board.mem32.values[SCRATCH] = 0x5B3E_0100
    waits = []
    for _ in range(400):
        starts = make()
        waits.append(starts.grace)
        starts.failed()
    assert waits == [3] * 5 + [60] * 395
    starts = make()
    starts.asked()
    assert (make().cause, make().grace) == ("soft", 60)
    starts.well()
    assert board.mem32[SCRATCH] == 0x5B3E_0000


class Host:
    """The other end of USB: takes `room` bytes, each write lasts `ms`."""

    def __init__(self, board: FakeBoard, module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room, self.ms, self.said, self.given = 10_000, 0, b"", bytearray()
        self._board = board
        monkeypatch.setattr(module.select, "poll", lambda: types.SimpleNamespace(
            register=lambda _stream, _flags: None, poll=self._poll
        ))  # fmt: skip
        buffer = types.SimpleNamespace(read=self._read)
        streams = types.SimpleNamespace(
            stdin=types.SimpleNamespace(buffer=buffer),
            stdout=types.SimpleNamespace(write=self._write),
        )
        monkeypatch.setattr(module, "sys", streams)
        self.usb = module.Usb()
        # One poll object is for reading, the other one for writing.
        self.usb._readable.poll = lambda _: bool(self.said)

    def _poll(self, _: int) -> bool:
        return self.room > 0

    def _read(self, count: int) -> bytes:
        got, self.said = self.said[:count], self.said[count:]
        return got

    def _write(self, data: bytes) -> None:
        self._board.us += 1000 * self.ms
        cooked = data.replace(b"\n", b"\r\n")
        self.room -= len(cooked)
        self.given += cooked


@pytest.fixture
def host(board: FakeBoard, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(board, board.load("hal_rp2.usb"), monkeypatch)


def test_what_came_in_is_read_without_waiting(host: Host) -> None:
    assert host.usb.read() == b""
    host.said = b"1 id\r\n" * 20
    assert host.usb.read() == (b"1 id\r\n" * 20)[:64]
    assert host.usb.read() == (b"1 id\r\n" * 20)[64:]
    assert host.usb.read() == b""


def sent(host: Host, text: bytes) -> bytes:
    """Send all of `text` in turns, as core/outbox.py does; return what the host got."""
    at = 0
    for _ in range(1000):
        at += host.usb.write(memoryview(text)[at:])
    assert at == len(text)
    return bytes(host.given)


@pytest.mark.parametrize("length", [1, 61, 62, 63, 64, 65, 126, 127, 128, 700])
def test_lines_leave_as_they_are(host: Host, length: int) -> None:
    lines = b"x" * length + b"\r\n" + b"y" * 200 + b"\r\n"
    assert sent(host, lines) == lines


def test_without_room_nothing_is_given(host: Host) -> None:
    host.room = 0
    assert host.usb.write(b"x" * 100) == 0
    host.room = 70
    assert host.usb.write(b"x" * 1000) == 128
    assert host.usb.write(b"x" * 1000) == 0


def test_a_host_that_is_slow_is_left_alone(host: Host) -> None:
    assert host.usb.write(b"x" * 1000) == 256
    host.ms = 500
    assert host.usb.write(b"x" * 1000) == 64


def test_a_bus_that_is_suspended_is_tried_ever_less_often(host: Host, board: FakeBoard) -> None:
    """It looks like room, and each piece then waits for half a second."""
    host.ms = 500
    for rest in (1, 2, 4, 8, 16, 16, 16):
        assert host.usb.write(b"x" * 200) == 64
        board.us += 1_000_000 * rest - 2_000
        assert host.usb.write(b"x" * 200) == 0
        board.us += 2_000
    host.ms = 0
    assert host.usb.write(b"x" * 200) == 200
    host.ms = 500
    assert host.usb.write(b"x" * 200) == 64
    board.us += 1_000_000
    assert host.usb.write(b"x" * 200) == 64, "it starts with a second again"


def test_what_a_suspended_bus_left_over_is_sent_on(host: Host, board: FakeBoard) -> None:
    """There is no room until something is written: an empty line, which may be lost."""
    host.room = 0
    host.ms = 500
    at = []
    for _ in range(30_000):
        before = len(host.given)
        assert host.usb.write(b"x" * 100) == 0
        if len(host.given) > before:
            at.append(board.us // 1_000_000)
        board.us += 2_000
    assert bytes(host.given) == b"\r\n" * len(at)
    assert at == [2, 5, 7, 12, 20, 37, 53]
    host.ms, host.room = 0, 1000
    board.us += 16_000_000
    assert host.usb.write(b"x" * 100) == 100


def test_one_slow_write_a_turn_is_enough(host: Host, board: FakeBoard) -> None:
    host.room = 0

    def wakes(_: bytes) -> None:
        board.us += 500_000
        host.room = 1000

    host.usb.write.__globals__["sys"].stdout.write = wakes
    board.us += 2_000_000
    began = board.us
    assert host.usb.write(b"x" * 100) == 0
    assert board.us - began == 500_000


def test_a_host_that_is_a_little_slow_is_served_in_each_turn(host: Host) -> None:
    host.ms = 90
    assert [host.usb.write(b"x" * 200) for _ in range(3)] == [64, 64, 64]


def test_settings_are_kept_whole(
    board: FakeBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = board.load("hal_rp2.kept")
    monkeypatch.chdir(tmp_path)
    assert kept.load() == {}
    kept.save({"lags": [0, 40, 80]})
    kept.save({"lags": [0, 0, 0]})
    assert kept.load() == {"lags": [0, 0, 0]}
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]

    def cut(content: object, file: Any) -> None:
        file.write('{"lags"')
        raise OSError(28, "full")

    monkeypatch.setattr(kept, "json", types.SimpleNamespace(dump=cut, load=json.load))
    with pytest.raises(OSError, match="full"):
        kept.save({"lags": [1, 1, 1]})
    assert kept.load() == {"lags": [0, 0, 0]}
    for damaged in (b"", b'{"lags', b"\xff\xfe", b"[1]", b"null", b"[" * 100_000):
        (tmp_path / "settings.json").write_bytes(damaged)
        assert kept.load() == {}


def test_contacts_are_counted(board: FakeBoard) -> None:
    inputs = board.load("hal_rp2.inputs")
    board.pin.levels[5] = 0  # closed from the start on
    contacts = inputs.Inputs([2, 5], 20)
    two, five = (each._pin for each in contacts._inputs)
    for level, ms in ((0, 30), (1, 30), (0, 5), (1, 30), (0, 30)):
        two.change(level)
        board.us += 1000 * ms
    assert contacts.counts() == [2, 0]
    five.change(1)
    board.us += 30_000
    five.change(0)
    board.us += 30_000
    assert contacts.counts() == [2, 1]
    assert ("irq", 7) in board.notes  # what was, is again
    contacts.close()
    assert board.pin.handlers == {2: None, 5: None}


@pytest.mark.parametrize("pin", [-1, 23, 25, 26, 29, 30])
def test_pins_of_the_board_itself_count_nothing(board: FakeBoard, pin: int) -> None:
    check = board.load("hal_rp2.inputs").check
    check([0, 22])
    with pytest.raises(ValueError, match=f"GPIO{pin} counts no pulses"):
        check([0, pin])


def test_the_lamp_is_dark_while_it_is_measured(board: FakeBoard) -> None:
    lamp = board.load("hal_rp2.lamp")
    lamp.blink(3)
    assert sum(note[1] for note in board.notes if note[0] == "sleep") == 3000

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    modes = []
    board.pin.__init__ = lambda self, number, mode: modes.append((number, mode))
    lamp.time.sleep_ms = interrupted
    board.pin.value = lambda self, new=None: 1
    with pytest.raises(KeyboardInterrupt):
        lamp.blink(3)
    assert modes == [(25, board.pin.OUT), (25, board.pin.IN)]


@pytest.fixture
def hal(board: FakeBoard, host: Host) -> Any:
    starts = board.load("hal_rp2.starts").Starts()
    return board.load("hal_rp2.hal").Hal(starts)


def test_the_board_says_who_it_is(hal: Any) -> None:
    assert hal.uid == "e66038b713000001"
    assert hal.reset_cause == "power"
    boots = {hal.new_boot() for _ in range(50)}
    assert len(boots) == 50
    assert all(len(boot) == 8 and int(boot, 16) >= 0 for boot in boots)


def test_the_watchdog_watches_from_the_ring_on_and_all_is_well_after_a_minute(
    hal: Any, board: FakeBoard
) -> None:
    done = [note[0] for note in board.notes if note[0] in ("adc", "watchdog", "feed")]
    assert done == ["adc"] * 4 + ["watchdog"]
    hal._starts.failed()
    hal.configure_pulses([], 20)
    hal.watchdog()
    assert board.notes[-1][0] == "feed"
    board.us += 60_000_000
    hal.watchdog()
    assert hal._starts.failures == 1
    board.us += 2_000
    hal.watchdog()
    assert hal._starts.failures == 0
    assert board.notes.count(("watchdog", 8000)) == 1
    hal.idle()
    assert board.notes[-1] == ("sleep", 4)


@pytest.mark.parametrize("way", ["reset", "bootloader"])
def test_it_leaves_in_order(hal: Any, board: FakeBoard, way: str) -> None:
    del board.notes[:]
    hal.configure_pulses([3], 20)
    getattr(hal, way)()
    done = [note for note in board.notes if note[0] in ("close", "sleep", way)]
    assert done == [("sleep", 1), ("close", 4), ("close", 3), ("sleep", 50), (way,)]
    assert board.pin.handlers == {3: None}
    assert board.mem32[SCRATCH] == 0x5B3E_0100


def test_pulses_count_anew_in_each_run(hal: Any, board: FakeBoard) -> None:
    hal.configure_pulses([3], 20)
    pin = hal._inputs._inputs[0]._pin
    pin.change(0)
    board.us += 50_000
    assert hal.pulses() == [1]
    pin.change(1)
    hal.configure_pulses([3, 4], 20)
    assert hal.pulses() == [0, 0]
    hal.configure_pulses([4], 20)
    assert board.pin.handlers[3] is None, "what no longer counts interrupts no more"
