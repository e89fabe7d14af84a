"""`submeter capture`: a file that can be played, whatever ends the recording."""

import asyncio
import errno
import itertools
import os
import signal
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from submeter import capture_command
from submeter.capture_command import Wish, run
from submeter.errors import Condition, ConfigError, LinkError, SubmeterError
from submeter.sources import recording
from submeter.sources.port import Line, Replay, parse
from submeter.sources.recording import Piece
from tooling.unplugged import unplug

LINE = Line(9600, "7E1")


class Instrument:
    """Says `text` every 20 ms from the start of its thread until it is closed."""

    def __init__(self, text: bytes = b"\x02hello\x03") -> None:
        self.text = text
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._speak)
        self._thread.start()

    def _speak(self) -> None:
        while not self._stop.wait(0.02):
            os.write(self.master, self.text)

    def unplug(self) -> None:
        if self._thread.is_alive():
            self._stop.set()
            self._thread.join()
            unplug(self.master, self._slave)


@pytest.fixture
def instrument() -> Iterator[Instrument]:
    instrument = Instrument()
    yield instrument
    instrument.unplug()


def wish(instrument: Instrument, file: Path, seconds: float | None = 0.2) -> Wish:
    return Wish(instrument.port, file, LINE, seconds, force=False)


def recorded(file: Path) -> bytes:
    return b"".join(piece.data for piece in pieces(file))


def pieces(file: Path) -> list[Piece]:
    with file.open("rb") as opened:
        return list(recording.read(opened))


def test_what_arrives_is_recorded_with_its_times(instrument: Instrument, tmp_path: Path) -> None:
    file = tmp_path / "a.rec"
    told = run(wish(instrument, file))
    content = file.read_bytes()
    found = pieces(file)
    assert content.startswith(b"# submeter capture\n# port /dev/pts/")
    assert b"# line 9600 7E1\n# date 20" in content
    assert recorded(file).replace(instrument.text, b"") in (b"", instrument.text[:3])
    assert len(recorded(file)) >= 3 * len(instrument.text)
    assert 0.1 < found[-1].at <= 0.25
    assert all(b.at - a.at >= 0.009 for a, b in itertools.pairwise(found))
    assert told.startswith(f"{len(recorded(file))} bytes in 0.")
    Replay(file, 1).check()


def test_a_file_that_is_there_is_left_alone(instrument: Instrument, tmp_path: Path) -> None:
    file = tmp_path / "a.rec"
    file.write_text("mine")
    with pytest.raises(ConfigError, match=r"a\.rec is there already; .*--force"):
        run(wish(instrument, file))
    assert file.read_text() == "mine"
    run(Wish(instrument.port, file, LINE, 0.05, force=True))
    assert recorded(file)


def test_where_nothing_can_be_written(instrument: Instrument, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot write .*: No such file or directory"):
        run(wish(instrument, tmp_path / "no" / "a.rec"))


def test_what_is_no_regular_file_is_refused(instrument: Instrument, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    forced = Wish(instrument.port, fifo, LINE, 0.05, force=True)
    with pytest.raises(ConfigError, match=r"cannot write .*fifo: it is no regular file"):
        run(forced)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(ConfigError, match=r"cannot write .*fifo: it is no regular file"):
        run(forced)
    os.close(reader)


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("COM3", ConfigError, "is no port"),
        (
            "/dev/no-such-adapter",
            LinkError,
            "there is no /dev/no-such-adapter; plug the adapter in",
        ),
    ],
)
def test_a_port_that_is_none(
    tmp_path: Path, text: str, kind: type[SubmeterError], told: str
) -> None:
    with pytest.raises(kind, match=told):
        run(Wish(text, tmp_path / "a.rec", LINE, 0.1, force=False))
    assert not (tmp_path / "a.rec").exists()


def test_silence_is_told(tmp_path: Path) -> None:
    mute = Instrument(b"")
    try:
        with pytest.raises(LinkError, match="nothing arrived at /dev/pts/") as told:
            run(wish(mute, tmp_path / "a.rec", 0.05))
    finally:
        mute.unplug()
    assert told.value.condition is Condition.SILENT


def test_an_unplugged_adapter_leaves_the_file_readable(
    instrument: Instrument, tmp_path: Path
) -> None:
    timer = threading.Timer(0.15, instrument.unplug)
    timer.start()
    with pytest.raises(LinkError, match="is gone"):
        run(wish(instrument, tmp_path / "a.rec", 5))
    timer.join()
    assert recorded(tmp_path / "a.rec").startswith(instrument.text)


def test_a_full_disk_leaves_whole_lines(
    instrument: Instrument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, room = os.write, [400]

    def write(descriptor: int, data: bytes) -> int:
        if descriptor == instrument.master or not data[:1].isdigit():
            return really(descriptor, data)
        if room[0] <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room[0] -= len(data)
        return really(descriptor, data[: len(data) + min(0, room[0])])

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(SubmeterError, match=r"cannot write .*a\.rec: No space left on device; it"):
        run(wish(instrument, tmp_path / "a.rec", 5))
    assert (tmp_path / "a.rec").read_bytes().endswith(b"\n")
    assert recorded(tmp_path / "a.rec").startswith(instrument.text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_it_well(
    instrument: Instrument, tmp_path: Path, number: signal.Signals
) -> None:
    timer = threading.Timer(0.2, os.kill, (os.getpid(), number))
    timer.start()
    started = time.monotonic()
    told = run(wish(instrument, tmp_path / "a.rec", None))
    timer.join()
    assert time.monotonic() - started < 3
    assert " bytes in 0." in told
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_piece_is_shorter_than_the_pause_that_parts_speeches() -> None:
    assert capture_command.GATHER_SECONDS < recording.PAUSE / 2


def test_a_network_port_is_recorded_too(tmp_path: Path) -> None:
    async def record() -> None:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"hello")
            await reader.read()
            writer.close()
            await writer.wait_closed()
            over.set()

        over = asyncio.Event()
        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        async with server:
            number = server.sockets[0].getsockname()[1]
            text = f"socket://127.0.0.1:{number}"
            wanted = Wish(text, tmp_path / "a.rec", LINE, 0.1, force=False)
            await capture_command._record(wanted, parse(text, tmp_path))
            await over.wait()

    asyncio.run(record())
    assert recorded(tmp_path / "a.rec") == b"hello"
