"""The whole program while its disk is full, read-only, or its store is damaged."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.pages import remount, small_disk
from tooling.free_port import free_port
from tooling.modbus_client import Poller
from tooling.program import eventually, run, running, write
from tooling.steep_linky import SteepLinky

INDEX, METER_ERROR = 30101, 17
UNKNOWN = -(2**63)


@pytest.fixture
def linky() -> Iterator[SteepLinky]:
    with SteepLinky() as made:
        yield made


@pytest.fixture
def port() -> int:
    return free_port()


def configured(folder: Path, store: Path, linky: SteepLinky, port: int) -> Path:
    return write(
        folder / "config.yaml",
        f"""
        site: test
        store: {{path: {store}, commit: 1, sample: 10}}
        meters:
          - name: main
            unit_id: 1
            sources:
              - tic: {{port: "socket://127.0.0.1:{linky.port}", baudrate: 9600}}
        modbus: {{tcp: {{host: 127.0.0.1, port: {port}}}}}
        """,
    )


def index(poller: Poller) -> int:
    return int(poller.value(1, INDEX, "int64"))


def fill(disk: Path) -> Path:
    """Leave no byte on the disk, and return the file that took them."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


def test_a_full_disk(tmp_path: Path, linky: SteepLinky, port: int) -> None:
    with small_disk(tmp_path / "disk", "700k") as disk:
        config = configured(tmp_path, disk / "s.db", linky, port)
        with running(config, tmp_path / "log") as program, Poller(port) as poller:
            eventually(lambda: index(poller) > 0)
            ballast = fill(disk)
            eventually(lambda: poller.bit(1, METER_ERROR))
            stays = index(poller)
            assert stays > 0, "what is committed is still served"
            assert 200 < poller.value(1, 40021) < 260
            target = linky.register
            eventually(lambda: linky.register > target + 5)
            assert index(poller) == stays, "nothing is shown that is not on the disk"
            line = program.wait_for_log("event=store_trouble")
            assert line.count("free some space") == 1
            ballast.unlink()
            eventually(lambda: not poller.bit(1, METER_ERROR))
            eventually(lambda: index(poller) >= target)
            assert program.stop() == 0
        assert program.log.count("event=store_trouble") == 1
        assert "Traceback" not in program.log
        assert run("verify", str(disk / "s.db")).returncode == 0


def test_a_disk_that_becomes_read_only(tmp_path: Path, linky: SteepLinky, port: int) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        config = configured(tmp_path, disk / "s.db", linky, port)
        with running(config, tmp_path / "log") as program, Poller(port) as poller:
            eventually(lambda: index(poller) > 0)
            program.process.kill()
        remount(disk, "ro")
        with running(config, tmp_path / "log") as program, Poller(port) as poller:
            eventually(lambda: index(poller) != UNKNOWN)
            stays = index(poller)
            assert stays > 0
            assert poller.bit(1, METER_ERROR)
            assert "read-only" in program.log
            target = linky.register
            eventually(lambda: linky.register > target + 20)
            assert index(poller) == stays
            assert program.stop() == 0
        assert "Traceback" not in program.log
        remount(disk, "rw")
        with running(config, tmp_path / "log") as program, Poller(port) as poller:
            eventually(lambda: index(poller) >= target)
            assert not poller.bit(1, METER_ERROR)


def test_a_folder_that_cannot_be_written_stops_the_first_start(
    tmp_path: Path, linky: SteepLinky, port: int
) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        remount(disk, "ro")
        ended = run("run", str(configured(tmp_path, disk / "s.db", linky, port)))
        assert ended.returncode == 1
        lines = [line for line in ended.stderr.splitlines() if "level=" not in line]
        assert len(lines) == 1
        assert str(disk / "s.db") in lines[0]
        assert "ready" not in ended.stdout


@pytest.mark.parametrize("size", [0, 100, 4096, 9000])
def test_a_truncated_store(tmp_path: Path, linky: SteepLinky, port: int, size: int) -> None:
    store = tmp_path / "s.db"
    config = configured(tmp_path, store, linky, port)
    with running(config, tmp_path / "log") as program, Poller(port) as poller:
        eventually(lambda: index(poller) > 0)
        assert program.stop() == 0
    damaged = store.read_bytes()[:size]
    store.write_bytes(damaged)
    with running(config, tmp_path / "log") as program, Poller(port) as poller:
        eventually(lambda: poller.bit(1, METER_ERROR))
        eventually(lambda: 200 < poller.value(1, 40021) < 260)
        assert index(poller) == UNKNOWN, "an index that may be too small is not served"
        told = [line for line in program.log.splitlines() if "event=store_trouble" in line]
        assert len(told) == 1
        assert str(store) in told[0]
        assert program.stop() == 0
    assert "Traceback" not in program.log
    assert store.read_bytes() == damaged, "it is evidence, or can be repaired"
