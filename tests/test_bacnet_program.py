"""The whole program as a BACnet device, as a process: what lasts longer than one run of it."""

import asyncio
import os
import select
import signal
import socket
from pathlib import Path

import pytest

from bacnet.client import DEVICE, ERROR, SIMPLE, Client
from submeter.bacnet import encoding
from submeter.meter.unlock_code import hashed
from tooling.free_port import free_port, free_udp_port
from tooling.modbus_client import Poller
from tooling.program import (
    CHECKOUT,
    PATIENCE,
    Program,
    eventually,
    loopback,
    running,
    write,
)

DEVICE_ID = 4000
PASSWORD = "let-me-in"
INDEX = 30101
REINITIALIZE = 20
COLDSTART = encoding.context_unsigned(0, 0) + encoding.context(1, b"\x00" + PASSWORD.encode())
REVISION = 155


class Place:
    """Where the program listens, and its configuration."""

    def __init__(self, folder: Path, octet: int) -> None:
        self.modbus, self.bacnet, self.host = free_port(), free_udp_port(), loopback(octet)
        stream = CHECKOUT / "examples" / "linky-three-phase.tic"
        self.config = write(
            folder / "config.yaml",
            f"""
            site: Park
            store: {{path: store.db, commit: 1}}
            meters:
              - name: main
                unit_id: 1
                sources: [{{tic: {{port: "replay:{stream}"}}}}]
            modbus: {{tcp: {{host: 127.0.0.1, port: {self.modbus}}}}}
            bacnet:
              address: {self.host}/8
              port: {self.bacnet}
              device_id: {DEVICE_ID}
              password: "{hashed(PASSWORD)}"
            """,
        )

    def ask(self, service: int, body: bytes) -> int:
        """Send a confirmed request; return the kind of the answer."""

        async def asked() -> int:
            client = Client((self.host, self.bacnet))
            try:
                return (await client.ask(service, body)).kind
            finally:
                client.close()

        return asyncio.run(asked())

    def revision(self) -> int:
        async def read() -> bytes:
            client = Client((self.host, self.bacnet))
            try:
                return await client.value(DEVICE, DEVICE_ID, REVISION)
            finally:
                client.close()

        return int.from_bytes(asyncio.run(read())[1:], "big")

    def index(self) -> int:
        with Poller(self.modbus) as poller:
            eventually(lambda: poller.bit(1, 1001))
            return int(poller.value(1, INDEX, "int64"))


def next_line(program: Program) -> str:
    """Return the next line that the program prints."""
    output = program.process.stdout
    assert output is not None
    assert select.select([output], [], [], PATIENCE)[0], program.log
    return output.readline().strip()


def test_reinitialize_device_starts_the_program_anew(tmp_path: Path) -> None:
    place = Place(tmp_path, 21)
    with running(place.config, tmp_path / "log") as program:
        before = place.index()
        assert place.ask(REINITIALIZE, COLDSTART) == SIMPLE
        assert next_line(program) == program.ready
        assert program.process.poll() is None, "it is the same process"
        assert place.index() >= before
        assert place.revision() == 1
        assert place.ask(REINITIALIZE, COLDSTART) == SIMPLE
        assert next_line(program) == program.ready, "and it can be done again"
        assert program.stop() == 0
    assert "Traceback" not in program.log
    assert program.log.count("event=stopped version") == 3


def test_a_configuration_that_would_not_start_ends_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path, 25)
    good = place.config.read_text()
    with running(place.config, tmp_path / "log") as program:
        place.config.write_text(good.replace(f"device_id: {DEVICE_ID}", "device_id: none"))
        assert place.ask(REINITIALIZE, COLDSTART) == ERROR
        log = program.wait_for_log("event=restart_refused")
        assert f"{place.config}:11:14: bacnet.device_id" in log
        assert place.index() > 0
        place.config.write_text(good)
        assert place.ask(REINITIALIZE, COLDSTART) == SIMPLE
        assert next_line(program) == program.ready
        assert program.stop() == 0


def test_the_service_manager_hears_of_a_start_and_of_no_stop(tmp_path: Path) -> None:
    place = Place(tmp_path, 22)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE)
        before = ["env", f"NOTIFY_SOCKET={tmp_path / 'notify'}"]
        with running(place.config, tmp_path / "log", before=before) as program:
            assert manager.recv(100) == b"READY=1"
            assert place.ask(REINITIALIZE, COLDSTART) == SIMPLE
            first, second = manager.recv(100).split(b"\n")
            assert first == b"RELOADING=1"
            assert second.startswith(b"MONOTONIC_USEC=")
            assert manager.recv(100) == b"READY=1"
            assert program.stop() == 0
            assert manager.recv(100) == b"STOPPING=1"


def test_who_stops_it_meanwhile_wants_it_stopped(tmp_path: Path) -> None:
    place = Place(tmp_path, 23)
    with running(place.config, tmp_path / "log") as program:
        assert place.ask(REINITIALIZE, COLDSTART) == SIMPLE
        assert program.stop() == 0
        assert next_line(program) == "", "there is no second ready line"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_revision_rises_with_the_list_of_objects(
    tmp_path: Path, number: signal.Signals
) -> None:
    place = Place(tmp_path, 24)
    for settings, revision in (((), 1), ((), 1), (("bacnet.absent=omit",), 2), ((), 3)):
        given = [word for each in settings for word in ("--set", each)]
        with running(place.config, tmp_path / "log", *given) as program:
            # Whoever was told of it can count on it, though nothing else is on disk yet.
            assert place.revision() == revision
            os.kill(program.process.pid, number)
            program.process.wait(PATIENCE)
