"""The terminal of a simulated board waits for nobody."""

import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tooling.firmware import load

terminal = load("hal_sim.terminal")


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Give the end of a pipe that a terminal writes to."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    monkeypatch.setattr(terminal, "_INPUT", reader)
    monkeypatch.setattr(terminal, "_OUTPUT", writer)
    monkeypatch.setattr(terminal, "_write", lambda data: os.write(writer, data))
    yield writer
    os.close(reader)
    os.close(writer)


def test_it_takes_what_there_is_room_for(pipe: int) -> None:
    port = terminal.Terminal()
    assert port.write(memoryview(b"x" * 700)) == 512
    with suppress(BlockingIOError):
        while True:
            os.write(pipe, b"x" * 4096)
    assert port.write(memoryview(b"x")) == 0
