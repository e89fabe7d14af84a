"""The running program on a serial line: what a poller sets there takes effect, and is kept."""

import struct
import time
from contextlib import closing
from pathlib import Path

from tooling.free_port import free_port
from tooling.program import running, write
from tooling.serial_line import SerialLine, sealed

CONFIG = """
site: Park
store: {{path: park.db, commit: 1}}
meters:
  - {{name: one, unit_id: 1, sources: [simulated: {{seed: 1}}]}}
access: {{networks: [serial], unlock: none}}
modbus:
  tcp: {{host: 127.0.0.1, port: {port}}}
  rtu: {{port: {node}, baudrate: 9600, parity: none}}
"""


def setting(unit: int, number: int, value: float) -> bytes:
    head = struct.pack(">BBHHB", unit, 16, number - 1, 2, 4)
    return sealed(head + struct.pack(">f", value))


def done(unit: int, number: int) -> bytes:
    return sealed(struct.pack(">BBHH", unit, 16, number - 1, 2))


def read(unit: int, number: int) -> bytes:
    return sealed(struct.pack(">BBHH", unit, 3, number - 1, 2))


def value(unit: int, number: float) -> bytes:
    return sealed(struct.pack(">BBB", unit, 3, 4) + struct.pack(">f", number))


def ask(line: SerialLine, request: bytes) -> bytes:
    line.put(request)
    return line.get()[0]


def test_rate_and_address_change_while_it_runs_and_are_kept(tmp_path: Path) -> None:
    with closing(SerialLine(9600)) as line:
        path = write(tmp_path / "config.yaml", CONFIG.format(port=free_port(), node=line.path))
        with running(path, tmp_path / "log") as program:
            assert ask(line, setting(1, 1011, 38_400)) == done(1, 1011), "at the old rate"
            program.wait_for_log("event=rtu_format")
            assert "baudrate=38400" in program.log
            assert ask(line, setting(1, 1009, 33)) == done(1, 1009), "under the old address"
            assert ask(line, read(33, 1009)) == value(33, 33)
            assert ask(line, read(1, 1009)) == b""
            time.sleep(1.5)  # the settings are committed
            assert program.stop() == 0
        with running(path, tmp_path / "again") as program:
            assert "event=listening face=modbus.rtu" in program.log
            assert "baudrate=38400" in program.log
            assert ask(line, read(33, 1011)) == value(33, 38_400)
