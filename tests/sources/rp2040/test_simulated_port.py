"""A board that is simulated by a program of its own."""

import asyncio
import errno
import os
import signal
import threading
from pathlib import Path

import pytest

from submeter.errors import Condition, LinkError
from submeter.sources.board.lines import LineDecoder
from submeter.sources.board.said import Said
from submeter.sources.open_port import open_port
from submeter.sources.port import Line, parse
from submeter.sources.rp2040 import identity, record
from submeter.sources.rp2040.simulated_board import PROFILES, SimulatedBoard
from submeter.sources.rp2040.simulated_port import SimulatedPort
from tooling.firmware import load
from tooling.program import eventually

UID = "e660583883724a32"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("simulated:steady", SimulatedBoard("steady")),
        (f"simulated:household?uid={UID.upper()}", SimulatedBoard("household", UID)),
    ],
)
def test_forms_of_a_simulated_board(text: str, expected: SimulatedBoard) -> None:
    spec = parse(text, Path())
    assert spec == expected
    assert str(spec).lower() == text.lower()
    spec.check()


def test_it_may_be_at_whatever_the_firmware_has() -> None:
    assert set(PROFILES) == set(load("hal_sim.scenes").PROFILES)


@pytest.mark.parametrize(
    "rest",
    ["", "?uid=e660", "../main", "--help", "steadi", "steady?x=1"]
    + [f"steady?uid={uid}" for uid in ("", "../..", "wxyz")],
)
def test_what_is_no_simulated_board(rest: str) -> None:
    with pytest.raises(ValueError, match="is no simulated board; write simulated:household"):
        parse(f"simulated:{rest}", Path())


async def to_the_end(port: SimulatedPort) -> None:
    async with asyncio.timeout(10):
        while True:
            await port.read()


async def test_it_speaks_as_a_board_and_ends_with_its_port() -> None:
    port = await open_port(SimulatedBoard("steady", UID), Line(115_200))
    assert isinstance(port, SimulatedPort)
    try:
        decoder, heard = LineDecoder(), list[Said]()
        async with asyncio.timeout(10):
            while "S" not in [each.tag for each in heard]:
                heard += decoder.feed(await port.read())
            await port.write(b"7 time\n")
            while "R" not in [each.tag for each in heard]:
                heard += decoder.feed(await port.read())
        said = {each.tag: each.content for each in heard}
        who = identity.read(said["ID"])
        assert who.uid == UID
        assert record.read(said["S"], who).frames > 5000
        assert said["R"]["r"] == 7
    finally:
        port.close()
    port.close()
    await asyncio.to_thread(eventually, lambda: port._program.returncode is not None)


async def test_a_program_that_ends_is_a_lost_link() -> None:
    port = SimulatedPort(SimulatedBoard("steady"))
    os.kill(port._program.pid, signal.SIGKILL)
    with pytest.raises(LinkError, match="simulated:steady is gone: it has ended") as caught:
        await to_the_end(port)
    assert caught.value.condition is Condition.NO_DEVICE
    port.close()


async def test_a_profile_that_there_is_not_is_a_lost_link() -> None:
    port = SimulatedPort(SimulatedBoard("no-such-scene"))
    with pytest.raises(LinkError, match="it has ended"):
        await to_the_end(port)
    port.close()


async def test_a_program_that_is_stopped_is_ended_without_a_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = SimulatedPort(SimulatedBoard("steady"))
    os.kill(port._program.pid, signal.SIGSTOP)
    waited = threading.Event()
    wait = port._program.wait

    def slow() -> int:
        waited.wait(10)
        return wait()

    monkeypatch.setattr(port._program, "wait", slow)
    port.close()  # comes back although the wait does not
    waited.set()
    await asyncio.to_thread(eventually, lambda: port._program.returncode is not None)


def test_no_terminal_left_is_a_lost_link(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "openpty", none_left)
    with pytest.raises(LinkError, match="simulated:steady is gone: Too many open files"):
        SimulatedPort(SimulatedBoard("steady"))
