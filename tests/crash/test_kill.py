"""Kills the real program at random moments while a poller reads its index the whole time."""

import os
import random
import sqlite3
import subprocess
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tooling.free_port import free_port
from tooling.modbus_client import Poller
from tooling.program import CHECKOUT, COMMAND, eventually, run, running, write
from tooling.steep_linky import SteepLinky

KILLS = int(os.environ.get("SUBMETER_KILLS", "20"))
INDEX = 30101  # Wh as int64
UNKNOWN = -(2**63)


class Reader:
    """Polls the index of unit 1 without a pause, over as many connections as it takes."""

    def __init__(self, port: int) -> None:
        self.seen: list[int] = []
        self.falls: list[tuple[int, int]] = []
        self._port = port
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._over.is_set():
            with suppress(OSError), Poller(self._port) as poller:
                while not self._over.is_set():
                    self._take(int(poller.value(1, INDEX, "int64")))
                    time.sleep(0.001)
            time.sleep(0.005)

    def _take(self, index: int) -> None:
        if index == UNKNOWN:
            return
        if self.seen and index < self.seen[-1]:
            self.falls.append((self.seen[-1], index))
        if not self.seen or index != self.seen[-1]:
            self.seen.append(index)


@pytest.mark.timeout(60 + 10 * KILLS)
def test_an_index_survives_every_kill(tmp_path: Path) -> None:
    chance = random.Random(KILLS)
    port = free_port()
    store = tmp_path / "submeter.db"
    with SteepLinky() as linky, Reader(port) as reader:
        config = write(
            tmp_path / "config.yaml",
            f"""
            site: test
            store: {{path: {store}, commit: 1}}
            meters:
              - name: main
                unit_id: 1
                sources:
                  - tic: {{port: "socket://127.0.0.1:{linky.port}", baudrate: 9600}}
            modbus: {{tcp: {{host: 127.0.0.1, port: {port}}}}}
            """,
        )
        moved = 0
        for turn in range(KILLS):
            before = len(reader.seen)
            # Every other one once something new is served, the rest whenever it happens to be.
            await_value = turn % 2 == 0
            _run_and_kill(config, tmp_path / "log", chance.uniform(0.3, 4.0), reader, await_value)
            moved += len(reader.seen) > before
            assert not reader.falls, f"after {turn + 1} kills"
            if reader.seen:
                assert _saved(store) >= reader.seen[-1], "what is served is on the disk"
        assert moved >= KILLS // 2 - 1, "kills while new values are served"
        with running(config, tmp_path / "log"):
            target = linky.register
            eventually(lambda: reader.seen[-1] >= target, 30)
            behind = linky.register - reader.seen[-1]
        assert not reader.falls
        assert 0 <= behind <= 60, "Wh that were counted and not served after a few seconds"
    ended = run("verify", str(store))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Traceback" not in (tmp_path / "log").read_text()


def _run_and_kill(
    config: Path, log: Path, seconds: float, reader: Reader, await_value: bool
) -> None:
    before = len(reader.seen)
    with log.open("a") as written:
        process = subprocess.Popen(
            [*COMMAND, "run", str(config)], cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=written
        )
    try:
        if await_value:
            eventually(lambda: len(reader.seen) > before, 30)
            seconds /= 4
        time.sleep(seconds)
    finally:
        process.kill()
        process.wait(10)


def _saved(store: Path) -> int:
    """Return the total on the disk, in whole Wh."""
    with closing(sqlite3.connect(store)) as connection:
        row = connection.execute('SELECT total FROM "index" WHERE total IS NOT NULL').fetchone()
    return int(row[0]) // 1000
