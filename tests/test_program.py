"""The whole program, as a process, seen from outside."""

import itertools
import math
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tooling import tic
from tooling.free_port import free_port
from tooling.modbus_client import Poller
from tooling.program import CHECKOUT, COMMAND, eventually, loopback, run, running, write

Damage = Callable[[bytes], bytes]
EXAMPLE = CHECKOUT / "config.example.yaml"


@pytest.fixture
def port() -> int:
    return free_port()


def test_example_serves_its_meters(tmp_path: Path, port: int) -> None:
    address = loopback(1)
    settings = ["--set", f"modbus.tcp.port={port}", "--set", f"bacnet.address={address}/8"]
    settings += ["--set", f"store.path={tmp_path / 'submeter.db'}", "--set", "store.commit=1"]
    with running(EXAMPLE, tmp_path / "log", *settings) as program, Poller(port) as poller:
        assert f"meters=3 modbus.tcp=0.0.0.0:{port} bacnet={address}:47808" in program.ready
        eventually(lambda: poller.bit(1, 1001) and poller.bit(2, 1001))
        for unit in (1, 2):
            assert 200 < poller.value(unit, 40021) < 260
            assert 350 < poller.value(unit, 40027) < 450
            wh = poller.value(unit, 30101, "int64")
            assert poller.value(unit, 30001) == pytest.approx(wh / 1000, rel=1e-6, abs=0.001)
        assert math.isnan(poller.value(1, 30003))  # a consumer's Linky has no EAIT
        assert poller.value(1, 30105, "int64") == -(2**63)
        assert not poller.bit(1, 1002)
        assert 49 < poller.value(2, 40061) < 51
        eventually(lambda: poller.bit(3, 1005))
        assert 0.05 < poller.value(3, 40001) < 0.4
        assert 220 < poller.value(3, 40021) < 240
        assert math.isnan(poller.value(3, 40023))  # the board has one voltage
        assert math.isnan(poller.value(1, 40061))  # TIC has no frequency
        assert program.stop() == 0
    assert "Traceback" not in program.log


def test_tells_the_service_manager(tmp_path: Path, port: int) -> None:
    stream = CHECKOUT / "examples/linky-three-phase.tic"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        before = ["env", f"NOTIFY_SOCKET={tmp_path / 'notify'}"]
        config = _linky(tmp_path, port, f"replay:{stream}")
        with running(config, tmp_path / "log", before=before) as program:
            assert manager.recv(100) == b"READY=1"
            program.stop()
            assert manager.recv(100) == b"STOPPING=1"


def test_a_manager_that_is_gone_stops_nothing(tmp_path: Path, port: int) -> None:
    before = ["env", f"NOTIFY_SOCKET={tmp_path / 'nobody'}"]
    with running(_house(tmp_path, port), tmp_path / "log", before=before) as program:
        program.wait_for_log("event=notify_failed state=READY=1")
        with Poller(port) as poller:
            eventually(lambda: poller.bit(1, 1001))
        assert program.stop() == 0


def test_nobody_has_to_read_the_ready_line(tmp_path: Path, port: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [*COMMAND, "run", str(_house(tmp_path, port))], cwd=CHECKOUT, stdout=writer, stderr=log
        )
    os.close(writer)
    try:
        eventually(lambda: _answers(port))
        process.send_signal(signal.SIGHUP)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
    assert "event=output_lost" in (tmp_path / "log").read_text()
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_hangup_that_nohup_ignores_stops_nothing(tmp_path: Path, port: int) -> None:
    with running(_house(tmp_path, port), tmp_path / "log", before=["nohup"]) as program:
        eventually(lambda: _answers(port))
        program.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert _answers(port)


def test_more_clients_than_descriptors(tmp_path: Path, port: int) -> None:
    before = ["prlimit", "--nofile=200:200"]
    with running(_house(tmp_path, port), tmp_path / "log", before=before) as program:
        many = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(400)]
        program.wait_for_log("event=connections_full face=modbus.tcp most=50")
        for each in many:
            each.close()
        eventually(lambda: _answers(port))
        program.wait_for_log("event=connections_free")
        assert len(program.log.splitlines()) < 10
        assert "Traceback" not in program.log


def test_a_line_that_changes_its_mode_all_the_time_fills_no_log(tmp_path: Path, port: int) -> None:
    historique = tic.Historique(seed=1)
    turn = itertools.count()

    def flip(frame: bytes) -> bytes:
        return frame if next(turn) % 2 else historique.next_frame()

    with _Instrument(flip, pause=0.001) as instrument:
        config = _linky(tmp_path, port, f"socket://127.0.0.1:{instrument.port}")
        with running(config, tmp_path / "log") as program:
            eventually(lambda: next(turn) > 1000)
            assert program.log.count("event=tic_meter") <= 12


def test_replayed_index_grows_over_many_laps(tmp_path: Path, port: int) -> None:
    stream = CHECKOUT / "examples" / "linky-three-phase.tic"
    config = _linky(tmp_path, port, f"replay:{stream}?speed=150")
    with running(config, tmp_path / "log"), Poller(port) as poller:
        eventually(lambda: poller.bit(1, 1001))
        indexes = []
        end = time.monotonic() + 5
        while time.monotonic() < end:
            indexes.append(poller.value(1, 30101, "int64"))
            time.sleep(0.01)
        assert indexes == sorted(indexes)
        eventually(lambda: poller.bit(1, 1005))
        # The clock of the recording runs 150 times too, so the power is the recorded one.
        assert 0.2 < poller.value(1, 40001) < 20
        first, last = _first_and_last_index(stream)
        assert indexes[-1] - indexes[0] > 2 * (last - first)


def test_port_lost_goes_stale_and_comes_back(tmp_path: Path, port: int) -> None:
    (tmp_path / "sources").mkdir()
    for name in ("tic-standard.yaml", "tic-historique.yaml", "tic-pme-pmi.yaml"):
        ours = (CHECKOUT / "pointmaps" / "sources" / name).read_text()
        (tmp_path / "sources" / name).write_text(ours.replace("max_age: 20", "max_age: 1"))
    with _Instrument() as instrument:
        config = _linky(
            tmp_path, port, f"socket://127.0.0.1:{instrument.port}", f"maps: {tmp_path}"
        )
        with running(config, tmp_path / "log") as program, Poller(port) as poller:
            eventually(lambda: poller.bit(1, 1001))
            assert poller.bit(1, 1)
            index = poller.value(1, 30101, "int64")
            instrument.hang_up()
            eventually(lambda: not poller.bit(1, 1001))
            assert math.isnan(poller.value(1, 30001))
            assert math.isnan(poller.value(1, 40021))
            assert not poller.bit(1, 1)
            instrument.serve_again()
            eventually(lambda: poller.bit(1, 1001))
            assert poller.value(1, 30101, "int64") >= index
            assert program.log.count("event=link_down") == 1
            assert program.log.count("event=link_up") == 2


def test_flipped_bits_are_dropped_and_told_once(tmp_path: Path, port: int) -> None:
    def damage(frame: bytes) -> bytes:
        position = frame.index(b"URMS1\t") + 6
        return frame[:position] + bytes([frame[position] ^ 0x01]) + frame[position + 1 :]

    with _Instrument(damage) as instrument:
        config = _linky(tmp_path, port, f"socket://127.0.0.1:{instrument.port}")
        with running(config, tmp_path / "log") as program, Poller(port) as poller:
            eventually(lambda: poller.bit(1, 1001))
            for _ in range(20):
                assert not poller.bit(1, 1011)  # Voltage_L1_N was never once received whole
                assert math.isnan(poller.value(1, 40021))
                assert 200 < poller.value(1, 40023) < 260
                time.sleep(0.05)
            assert "Traceback" not in program.log


def test_a_noisy_line_is_told_once(tmp_path: Path, port: int) -> None:
    def damage(frame: bytes) -> bytes:
        return bytes(byte ^ 1 if number % 40 == 20 else byte for number, byte in enumerate(frame))

    with _Instrument(damage) as instrument:
        config = _linky(tmp_path, port, f"socket://127.0.0.1:{instrument.port}")
        with running(config, tmp_path / "log") as program:
            log = program.wait_for_log("event=line_noisy source=linky dropped=")
            time.sleep(1)
            assert log.count("line_noisy") == program.log.count("line_noisy") == 1


def test_second_instance_is_refused_in_one_line(tmp_path: Path, port: int) -> None:
    config = _linky(tmp_path, port, f"replay:{CHECKOUT / 'examples/linky-three-phase.tic'}")
    with running(config, tmp_path / "log"):
        second = run("run", str(config), "--set", "store.path=other.db")
    assert second.returncode == 1
    assert "ready" not in second.stdout
    assert lines_of(second.stderr) == [
        f"modbus.tcp: port {port} on 127.0.0.1 is taken by another program; "
        "stop it or choose another modbus.tcp.port"
    ]


def test_a_second_instance_cannot_have_the_store(tmp_path: Path, port: int) -> None:
    config = _house(tmp_path, port)
    store = tmp_path / "data" / "submeter.db"
    with running(config, tmp_path / "log") as program, Poller(port) as poller:
        eventually(lambda: poller.bit(1, 1001))
        second = run("run", str(config), "--set", f"modbus.tcp.port={free_port()}")
        assert second.returncode == 1
        assert "ready" not in second.stdout
        assert lines_of(second.stderr) == [
            f"another submeter (pid {program.process.pid}) uses {store}; stop it, or give this "
            f"one another store.path (locked: {store}.lock)"
        ]
        assert poller.bit(1, 1001), "the first one is not disturbed"
        program.process.kill()
        program.process.wait()
    with running(config, tmp_path / "log"):
        pass  # a process that is killed leaves no lock


def test_an_index_goes_on_after_a_restart(tmp_path: Path, port: int) -> None:
    with _Instrument() as instrument:
        config = _linky(tmp_path, port, f"socket://127.0.0.1:{instrument.port}")
        with running(config, tmp_path / "log") as program, Poller(port) as poller:
            eventually(lambda: poller.bit(1, 1001))
            index = poller.value(1, 30101, "int64")
            assert program.stop() == 0
        instrument.hang_up()
        with running(config, tmp_path / "log"), Poller(port) as poller:
            assert not poller.bit(1, 1001), "what is known is stale until the instrument speaks"
            instrument.serve_again()
            eventually(lambda: poller.bit(1, 1001))
            assert poller.value(1, 30101, "int64") >= index


def test_second_bacnet_instance_is_refused(tmp_path: Path, port: int) -> None:
    face = f"bacnet: {{address: {loopback(2)}/8, device_id: 4000}}"
    stream = CHECKOUT / "examples/linky-three-phase.tic"
    config = _linky(tmp_path, port, f"replay:{stream}", face)
    with running(config, tmp_path / "log"):
        other = ("--set", f"modbus.tcp.port={free_port()}", "--set", "store.path=other.db")
        second = run("run", str(config), *other)
    assert second.returncode == 1
    assert f"port 47808 on {loopback(2)}" in second.stderr
    assert "taken by another program" in second.stderr
    assert "Traceback" not in second.stderr


def test_bacnet_address_that_is_not_ours(tmp_path: Path, port: int) -> None:
    face = "bacnet: {address: 198.51.100.7/24, device_id: 4000}"
    stream = CHECKOUT / "examples/linky-three-phase.tic"
    ended = run("run", str(_linky(tmp_path, port, f"replay:{stream}", face)))
    assert ended.returncode == 1
    assert "198.51.100.7" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not ended.stdout


def lines_of(errors: str) -> list[str]:
    """Return what is said to people, without the log."""
    return [line for line in errors.splitlines() if "level=" not in line]


def _answers(port: int) -> bool:
    try:
        with Poller(port) as poller:
            return poller.bit(1, 1001)
    except OSError:
        return False


def _house(folder: Path, port: int) -> Path:
    return write(
        folder / "config.yaml",
        f"""
        site: test
        store: {{commit: 1}}
        meters: [{{name: house, unit_id: 1, sources: [{{simulated: {{seed: 1}}}}]}}]
        modbus: {{tcp: {{host: 127.0.0.1, port: {port}}}}}
        """,
    )


def _linky(folder: Path, port: int, instrument: str, more: str = "") -> Path:
    return write(
        folder / "config.yaml",
        f"""
        site: test
        store: {{commit: 1}}
        meters:
          - name: linky
            unit_id: 1
            sources:
              - tic: {{port: "{instrument}"}}
        modbus: {{tcp: {{host: 127.0.0.1, port: {port}}}}}
        {more}
        """,
    )


def _first_and_last_index(stream: Path) -> tuple[int, int]:
    indexes = [
        int(line.split("\t")[1])
        for line in stream.read_text("ascii").split("\n")
        if line.startswith("EAST\t")
    ]
    return indexes[0], indexes[-1]


class _Instrument:
    """A serial device server with a Linky behind it, faster than a real one."""

    def __init__(self, damage: Damage = lambda frame: frame, pause: float = 0.05) -> None:
        self._damage = damage
        self._pause = pause
        self._linky = tic.Linky(seed=5)
        self.port = free_port()
        self._open: list[socket.socket] = []

    def __enter__(self) -> "_Instrument":
        self.serve_again()
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()

    def serve_again(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        self._open.append(listener)
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def hang_up(self) -> None:
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            caller, _ = listener.accept()
            self._open.append(caller)
            while True:
                caller.sendall(self._damage(self._linky.next_frame()))
                time.sleep(self._pause)
