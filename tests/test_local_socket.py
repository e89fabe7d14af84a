"""The socket beside the store: what it answers, and that nothing there disturbs the program."""

import asyncio
import gc
import json
import logging
import os
import socket
import stat
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

from submeter import local_socket
from submeter.errors import NoAnswerError
from submeter.local_socket import Answer, Json, LocalSocket, ask

QUESTION = {"ask": "sources"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return local_socket.beside(tmp_path / "park.db")


def echo(question: Json) -> Json:
    return {"heard": question}


@asynccontextmanager
async def listening(path: Path, answer: Answer = echo) -> AsyncIterator[LocalSocket]:
    made = LocalSocket(path, answer)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def said(path: Path, line: bytes) -> Json:
    """Return what is answered to the bytes `line`."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line)
    reply = await reader.read()
    writer.close()
    await writer.wait_closed()
    decoded: Json = json.loads(reply)
    return decoded


async def test_question_and_answer(path: Path) -> None:
    async with listening(path) as made:
        assert made.where == str(path) == f"{path.parent}/park.db.sock"
        assert await asyncio.to_thread(ask, path, QUESTION) == {"heard": QUESTION}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


async def test_nobody_there(path: Path) -> None:
    assert ask(path, QUESTION) is None
    assert ask(path.parent / "park.db" / "below.sock", QUESTION) is None
    assert ask(path.parent / ("x" * 120), QUESTION) is None


async def test_what_a_killed_program_left_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
        left.listen()
    assert ask(path, QUESTION) is None
    async with listening(path):
        assert await asyncio.to_thread(ask, path, QUESTION) == {"heard": QUESTION}


async def test_a_program_that_runs_keeps_its_socket(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(path):
        async with listening(path, lambda _: {"second": True}):
            assert "another program listens there" in caplog.text
        assert await asyncio.to_thread(ask, path, QUESTION) == {"heard": QUESTION}


@pytest.mark.parametrize("what", ["file", "link"])
async def test_what_is_no_socket_stays(
    path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = path.parent / "precious"
    other.write_text("data")
    os.link(other, path) if what == "file" else path.symlink_to(other)
    async with listening(path):
        assert "event=local_socket_off" in caplog.text
        assert "is no socket" in caplog.text
    assert path.read_text() == other.read_text() == "data"


async def test_a_path_that_is_too_long(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / ("x" * 110)
    async with listening(path):
        assert "more than 107 octets; shorten store.path" in caplog.text
    assert not path.exists()


async def test_a_socket_that_another_program_made_is_left(path: Path) -> None:
    async with listening(path):
        path.unlink()
        keep = socket.socket(socket.AF_UNIX)
        keep.bind(str(path))
    assert path.exists()
    keep.close()


@pytest.mark.parametrize("line", [b"\n", b"[]\n", b"{\n", b"\xff\n", b"", b"[" * 3000 + b"\n"])
async def test_what_is_no_question(path: Path, line: bytes) -> None:
    async with listening(path):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(line)
        writer.write_eof()
        assert "one line with a JSON object" in json.loads(await reader.read())["error"]
        writer.close()


async def test_a_line_without_end_is_cut_off(path: Path) -> None:
    async with listening(path):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b" " * 20_000)
        # What of it was not read resets the connection, once the answer is there.
        assert "4096 bytes at most" in json.loads(await reader.readline())["error"]
        writer.close()
        with suppress(ConnectionResetError):
            await writer.wait_closed()
        assert await said(path, b"{}\n") == {"heard": {}}


async def test_one_who_waits_is_sent_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_socket, "PATIENCE", 0.05)
    async with listening(path):
        reader, writer = await asyncio.open_unix_connection(path)
        assert await reader.read() == b""
        writer.close()


async def test_an_answer_that_nobody_takes_is_thrown_away(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_socket, "PATIENCE", 0.05)
    async with listening(path, lambda _: {"long": "x" * 900_000}):
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.connect(str(path))
            deaf.send(b"{}\n")
            await eventually(lambda: kept() > 0)
            await eventually(lambda: kept() == 0)


def kept() -> int:
    """Return how many bytes wait in this process for somebody to take them."""
    return sum(
        each.get_write_buffer_size()
        for each in gc.get_objects()
        if isinstance(each, asyncio.WriteTransport)
    )


async def eventually(wanted: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not wanted():
            await asyncio.sleep(0.01)


async def test_several_at_once_but_not_any_number(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_socket, "MOST_CLIENTS", 2)
    async with listening(path):
        waiting = [await asyncio.open_unix_connection(path) for _ in range(2)]
        await asyncio.sleep(0)
        refused = await asyncio.to_thread(ask, path, QUESTION)
        assert refused == {"error": "too many ask at once; ask again"}
        for reader, writer in waiting:
            writer.write(b'{"a": 1}\n')
            assert json.loads(await reader.read()) == {"heard": {"a": 1}}
            writer.close()
        assert await asyncio.to_thread(ask, path, QUESTION) == {"heard": QUESTION}


async def test_a_fault_in_an_answer_is_told_once(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(question: Json) -> Json:
        raise KeyError("a fault")

    async with listening(path, broken):
        for _ in range(3):
            assert "failed at this question" in (await said(path, b"{}\n"))["error"]
    assert caplog.text.count("event=local_socket_failed") == 1


async def test_an_answer_is_not_of_any_length(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_socket, "LONGEST_ANSWER", 100)
    async with listening(path, lambda _: {"long": "x" * 100}):
        assert await said(path, b"{}\n") == {"error": "the answer is too long"}


async def test_a_client_that_goes_away_leaves_no_trace(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with listening(path, lambda _: {"long": "x" * 500_000}):
        for _ in range(3):
            _, writer = await asyncio.open_unix_connection(path)
            writer.write(b"{}\n")
            writer.transport.abort()
        assert len((await said(path, b"{}\n"))["long"]) == 500_000
    assert "Traceback" not in caplog.text


@contextmanager
def hostile(path: Path, reply: Callable[[socket.socket], None]) -> Iterator[None]:
    """Let something else listen at `path`, that takes a question and does `reply`."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            client, _ = listener.accept()
            with client, suppress(OSError):
                client.recv(4096)
                reply(client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            thread.join()


def trickle(client: socket.socket) -> None:
    for _ in range(100):
        client.sendall(b" ")
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (lambda client: client.sendall(b"[" * 200_000), "says something else"),
        (lambda client: client.sendall(b"\xff\xfe"), "says something else"),
        (lambda client: client.sendall(b"[]\n"), "says something else"),
        (lambda client: client.sendall(bytes(3_000_000)), "the answer is too long"),
        (lambda client: None, "the connection was closed"),
        (trickle, "timed out"),
    ],
)
def test_what_listens_there_may_be_anything(
    path: Path, reply: Callable[[socket.socket], None], told: str
) -> None:
    with hostile(path, reply), pytest.raises(NoAnswerError, match=told) as refused:
        ask(path, QUESTION, patience=0.2)
    assert "\n" not in str(refused.value)
