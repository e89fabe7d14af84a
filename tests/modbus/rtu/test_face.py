"""The face on pseudo-terminals, paced as a line is."""

import asyncio
import logging
import os
import select
import termios
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from modbus.rtu.lines import answer, answer_or_nothing, aside, eventually, face_on, nothing, served
from modbus.rtu.meters import CODE, SETTING, Door, Lock, meter
from submeter.errors import ListenError
from submeter.modbus.rtu.echo import COPIES
from submeter.modbus.rtu.line_port import LinePort
from tooling.serial_line import SerialLine, ask, sealed, silence, words, write_many

READ = ask(5, 3, 0, 2)
VALUES = words(5, 3, [0, 1])


@pytest.fixture
def line() -> Iterator[SerialLine]:
    line = SerialLine(19200)
    yield line
    line.close()


def code(unit: int, text: str = "12345678") -> bytes:
    return write_many(
        unit, CODE, [int.from_bytes(text[n : n + 2].encode()) for n in range(0, 8, 2)]
    )


async def test_two_units_answer_each_for_itself(line: SerialLine) -> None:
    async with served(line):
        assert await answer(line, READ) == VALUES
        assert await answer(line, ask(6, 4, 3, 2)) == words(6, 4, [1003, 1004])
        assert await answer(line, ask(5, 3, 0, 126)) == sealed(b"\x05\x83\x03")
        assert await answer(line, sealed(b"\x05\x41\x01\x02")) == sealed(b"\x05\xc1\x01")
        assert await nothing(line, ask(7, 3, 0, 2)) == b""


@pytest.mark.parametrize("baudrate", [9600, 19200, 38400])
async def test_no_answer_comes_before_the_silence(baudrate: int) -> None:
    line = SerialLine(baudrate)

    def exchange() -> float:
        # As if the last byte had just arrived: what the face waits is all that passes.
        last = time.monotonic()
        os.write(line.master, READ)
        received, first = line.get()
        assert received == VALUES
        line.pause()
        return first - last

    async with served(line):
        for _ in range(20):
            assert await aside(exchange) >= silence(baudrate)


async def test_a_bad_checksum_is_silent_and_counted(line: SerialLine) -> None:
    async with served(line) as face:
        assert await nothing(line, READ[:-1] + b"\0") == b""
        assert await answer(line, READ) == VALUES
        assert await answer(line, sealed(b"\x05\x08\0\x0c\0\0")) == sealed(b"\x05\x08\0\x0c\0\1")
        assert face.where == line.path
        assert (face.counts.requests, face.counts.exceptions, face.counts.broken) == (2, 0, 1)
        assert await answer(line, ask(5, 3, 0, 126)) == sealed(b"\x05\x83\x03")
        assert (face.counts.requests, face.counts.exceptions, face.counts.broken) == (3, 1, 1)
        assert face.counts.open == face.counts.accepted == 0


@pytest.mark.parametrize("noise", [b"\0", b"\xff", READ[:5], words(1, 3, range(20))[:11], READ[:1]])
async def test_the_first_request_after_noise_is_answered(line: SerialLine, noise: bytes) -> None:
    async with served(line):
        assert await nothing(line, noise, pause=0.033) == b"", "with the silence before it 0.05 s"
        assert await answer(line, READ) == VALUES
        assert await nothing(line, noise, pause=0.3) == b""
        assert await answer(line, READ) == VALUES
        os.write(line.master, noise[:1] + READ)  # at once: a busy machine would part them
        assert (await aside(line.get))[0] == VALUES


async def test_everybody_obeys_a_broadcast_and_nobody_answers(line: SerialLine) -> None:
    doors = Door(), Door()
    async with served(line, {5: meter(door=doors[0]), 6: meter(door=doors[1])}):
        assert await nothing(line, ask(0, 6, SETTING, 120)) == b""
        assert [door.written for door in doors] == [[120], [120]]
        assert await nothing(line, ask(0, 3, 0, 2)) == b""
        assert await answer(line, READ) == VALUES


async def test_a_broadcast_that_comes_together_with_a_request_is_obeyed(line: SerialLine) -> None:
    door = Door()
    async with served(line, {5: meter(door=door)}):
        os.write(line.master, ask(0, 6, SETTING, 90) + READ)
        assert (await aside(line.get))[0] == VALUES
        assert door.written == [90]


async def test_only_the_last_of_merged_requests_is_answered(line: SerialLine) -> None:
    async with served(line):
        os.write(line.master, ask(6, 3, 0, 2) + ask(1, 3, 0, 1) + words(1, 3, [7]) + READ)
        assert await aside(lambda: line.drain(0.1)) == VALUES
        os.write(line.master, READ + ask(1, 3, 0, 2))
        assert await aside(lambda: line.drain(0.1)) == b""


async def test_a_request_inside_a_frame_of_others_is_not_answered(line: SerialLine) -> None:
    outer = sealed(b"\x01\x10\0\0\0\x08\x10" + READ + READ)
    end = outer.index(READ) + len(READ)

    def cut() -> bytes:
        line.put(outer[:end])
        pause = line.drain(0.02)  # an adapter that delivers in pieces
        line.put(outer[end:])
        return pause + line.drain(0.1)

    async with served(line):
        assert await aside(cut) == b""
        assert await nothing(line, outer[:end], pause=0.2) == b""
        assert await answer(line, READ) == VALUES


async def test_a_frame_that_goes_on_too_late_is_none(line: SerialLine) -> None:
    async with served(line):
        assert await nothing(line, READ[:5], pause=0.3) == b""
        assert await nothing(line, READ[5:]) == b""
        assert await answer(line, READ) == VALUES
        assert await answer(line, sealed(b"\x05\x08\0\x0c\0\0")) == sealed(b"\x05\x08\0\x0c\0\2")


async def test_lost_characters_are_told_from_a_bad_checksum(
    line: SerialLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = iter([7, 8])
    monkeypatch.setattr(LinePort, "overruns", lambda port: next(counts))
    async with served(line):
        assert await nothing(line, READ[:-1] + b"\0") == b""
        assert await answer(line, sealed(b"\x05\x08\0\x12\0\0")) == sealed(b"\x05\x08\0\x12\0\1")


async def test_everybody_may_tell_a_unit_to_listen_only(
    line: SerialLine, caplog: pytest.LogCaptureFixture
) -> None:
    unit = meter()
    unit.lock = None
    async with served(line, {5: unit}):
        assert await nothing(line, sealed(b"\x05\x08\0\4\0\0"), READ) == b""
        assert f"event=listen_only where={line.path} unit=5" in caplog.messages
        assert await nothing(line, sealed(b"\x05\x08\0\1\0\0")) == b""
        assert await answer(line, READ) == VALUES


async def test_another_slave_with_our_unit_id_is_no_master(line: SerialLine) -> None:
    async with served(line):
        assert await nothing(line, words(5, 3, [1, 2, 3]), sealed(b"\x05\x83\x02")) == b""


@pytest.mark.parametrize("echo", [True, False])
async def test_our_own_echo_is_dropped(line: SerialLine, echo: bool) -> None:
    requests = [ask(5, 6, SETTING, 60), ask(5, 6, SETTING, 61), ask(6, 6, SETTING, 62)]
    doors = Door(), Door()

    def exchange(request: bytes) -> bytes:
        os.write(line.master, request)
        echoed, _ = line.get()
        for piece in (echoed[:3], echoed[3:]):
            os.write(line.master, piece)
            line.pause()
        return echoed + line.drain(0.05)

    async with served(line, {5: meter(door=doors[0]), 6: meter(door=doors[1])}, echo=echo):
        for request in requests:
            assert await aside(partial(exchange, request)) == request
        assert [door.written for door in doors] == [[60, 61], [62]]
        os.write(line.master, READ)
        received, _ = await aside(line.get)
        os.write(line.master, received + READ)  # the echo, and a master that is too quick
        assert await aside(lambda: line.drain(0.1)) == VALUES


async def test_the_same_write_twice_is_two_writes(line: SerialLine) -> None:
    door = Door()
    request = ask(5, 6, SETTING, 60)
    async with served(line, {5: meter(door=door)}):
        assert await answer(line, READ) == VALUES
        for number in range(1, 5):
            assert await answer(line, request) == request
            assert door.written == [60] * number


async def test_the_same_write_in_haste_may_be_an_echo_at_first(line: SerialLine) -> None:
    door = Door()
    request = ask(5, 6, SETTING, 60)
    async with served(line, {5: meter(door=door)}):
        answers = [await answer_or_nothing(line, request) for _ in range(3)]
        assert answers == [request, b"", request]
        assert await answer(line, READ) == VALUES
        assert [await answer_or_nothing(line, request) for _ in range(9)] == [request] * 9
    assert door.written == [60] * 11


@pytest.mark.parametrize(("echo", "most"), [(True, 0), (False, COPIES)])
@pytest.mark.parametrize("late", [0.06, 0.15])
async def test_a_late_echo_is_not_answered_for_ever(
    line: SerialLine, echo: bool, most: int, late: float
) -> None:
    def answers_to_echoes(request: bytes) -> int:
        os.write(line.master, request)
        echoed, count = line.get()[0], -1
        while echoed and count < 10:
            count += 1
            time.sleep(late)
            os.write(line.master, echoed)
            echoed = line.drain(0.1)
        return count

    async with served(line, echo=echo):
        for request in (sealed(b"\x05\x08\0\0\x12\x34"), ask(5, 6, SETTING, 60)):
            assert await aside(partial(answers_to_echoes, request)) == most


async def test_an_unlock_code_is_answered_when_it_is_worked_out(line: SerialLine) -> None:
    lock = Lock(lambda: not threading.Event().wait(0.03))
    async with served(line, {5: meter(lock=lock)}):
        assert await answer(line, code(5)) == ask(5, 16, CODE, 4)
        assert lock.concluded == [True]


async def test_polls_are_answered_while_an_unlock_code_is_worked_on(line: SerialLine) -> None:
    over = threading.Event()
    lock = Lock(lambda: over.wait(5))
    async with served(line, {5: meter(lock=lock), 6: meter(1000)}):
        assert await nothing(line, code(5), pause=0.05) == b""
        assert await answer(line, ask(6, 3, 0, 1)) == words(6, 3, [1000])
        assert await answer(line, READ) == VALUES
        over.set()
        await eventually(lambda: lock.concluded == [True])
        assert await nothing(line) == b"", "its master has given the answer up"


async def test_the_format_changes_while_it_runs(line: SerialLine) -> None:
    """A pseudo-terminal keeps the rate and the stop bits, without effect; it has no parity."""

    def form() -> tuple[int, int]:
        attributes = termios.tcgetattr(line.slave)
        return attributes[5], attributes[2] & termios.CSTOPB

    async with served(line) as face:
        assert form() == (termios.B19200, 0)
        face.change_format(9600, "8N2")
        await eventually(lambda: form() == (termios.B9600, termios.CSTOPB))
        line.baudrate = 9600
        assert await answer(line, READ) == VALUES
        face.change_format(38400, "8O1")
        await eventually(lambda: form() == (termios.B38400, 0))
        line.baudrate = 38400
        assert await answer(line, READ) == VALUES


async def test_a_lost_port_is_found_with_the_new_format(tmp_path: Path) -> None:
    old, new = SerialLine(19200), SerialLine(9600)
    node = tmp_path / "adapter"
    node.symlink_to(old.path)
    face = face_on(str(node))
    await face.start()
    try:
        node.unlink()
        old.close()
        await asyncio.sleep(0.05)
        face.change_format(9600, "8N2")
        node.symlink_to(new.path)
        await eventually(lambda: termios.tcgetattr(new.slave)[5] == termios.B9600)
        assert await answer(new, READ) == VALUES
    finally:
        await face.stop()
        new.close()


async def test_the_rate_does_not_change_before_the_answer_has_left(
    line: SerialLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door()
    left: list[bool] = []
    change = LinePort.change_format

    def changed(port: LinePort, baudrate: int, form: str) -> None:
        # Meanwhile nothing else of the face goes on: what has not left yet does not come.
        left.append(bool(select.select([line.master], [], [], 0.5)[0]))
        change(port, baudrate, form)

    monkeypatch.setattr(LinePort, "change_format", changed)
    async with served(line, {5: meter(door=door)}) as face:
        door.then = lambda: face.change_format(38400, "8E1")
        await aside(lambda: line.put(ask(5, 6, SETTING, 60)))
        await eventually(lambda: termios.tcgetattr(line.slave)[5] == termios.B38400)
        assert left == [True]
        assert (await aside(line.get))[0] == ask(5, 6, SETTING, 60)


async def test_a_unit_gets_another_id(line: SerialLine) -> None:
    async with served(line) as face:
        face.set_units({9: meter()})
        await eventually(lambda: 9 in face.line.units)
        assert await answer(line, ask(9, 3, 0, 2)) == words(9, 3, [0, 1])
        assert await nothing(line, READ) == b""
        face.set_units({5: meter()})
        await eventually(lambda: list(face.line.units) == [5])
        assert await answer(line, READ) == VALUES


async def test_a_port_is_lost_and_found(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    lines = [SerialLine(19200) for _ in range(3)]
    node = tmp_path / "adapter"
    node.symlink_to(lines[0].path)
    face = face_on(str(node))
    assert not face.is_open
    await face.start()
    try:
        assert await answer(lines[0], READ) == VALUES
        assert (face.is_open, face.lost) == (True, 0)
        for old, new in pairwise(lines):
            node.unlink()
            old.close()
            await eventually(lambda: "event=link_down" in caplog.text)
            assert not face.is_open
            await asyncio.sleep(0.1)
            node.symlink_to(new.path)
            await eventually(lambda: "event=link_up" in caplog.text)
            assert await answer(new, READ) == VALUES
            assert [message.split()[0] for message in caplog.messages[-2:]] == [
                "event=link_down",
                "event=link_up",
            ]
            caplog.clear()
        assert (face.is_open, face.lost, face.counts.requests) == (True, 2, 3)
    finally:
        await face.stop()
        for line in lines:
            line.close()


async def test_it_stops_while_its_port_is_gone(line: SerialLine) -> None:
    face = face_on(line.path)
    await face.start()
    line.close()
    await eventually(lambda: not face.is_open)
    await face.stop()
    assert not face.is_open
    await face.stop()
    await asyncio.sleep(0.05)
    assert not face.is_open, "nobody opens it any more"


async def test_a_missing_port_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ListenError, match=r"^modbus\.rtu: cannot open .*/none: there is no such"):
        await face_on(str(tmp_path / "none")).start()


async def test_a_flood_costs_no_answer_and_little_memory(line: SerialLine) -> None:
    def flood() -> bytes:
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            os.write(line.master, READ[:7] * 50)
        return line.drain(0.2)

    async with served(line):
        assert await aside(flood) == b""
        assert await answer(line, READ) == VALUES
