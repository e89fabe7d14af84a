"""mbpoll reads and writes the running program, over TCP and over a serial line."""

import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tooling.free_port import free_port
from tooling.modbus_client import Poller
from tooling.program import eventually, running, write
from tooling.pty_pair import pty_pair

pytestmark = pytest.mark.skipif(not shutil.which("mbpoll"), reason="mbpoll is not installed")

STANDARD, SDM630 = 1, 2
CONFIG = """\
    site: Bench
    store: {{path: {folder}/submeter.db}}
    access: {{networks: {networks}{unlock}}}
    meters:
      - name: standard
        unit_id: 1
        sources:
          - simulated: {{seed: 7}}
      - name: sdm
        unit_id: 2
        map: eastron-sdm630
        settings: {{Demand_Interval: 20}}
        sources:
          - simulated: {{seed: 7}}
    modbus:
      tcp: {{host: 127.0.0.1, port: {port}}}
      rtu: {{port: {node}, baudrate: 19200, parity: none}}
"""


@dataclass(frozen=True)
class Ways:
    """The running program: its TCP port, and the far end of its serial line."""

    port: int
    node: str

    def mbpoll(self, way: str, unit: int, *options: str, value: str = "") -> tuple[list[str], str]:
        """Return the values that mbpoll reads, or writes with `value`, and its complaint."""
        over = {
            "tcp": ["-m", "tcp", "-p", str(self.port), "127.0.0.1"],
            "rtu": ["-m", "rtu", "-b", "19200", "-P", "none", self.node],
        }
        once = ["--", value] if value else ["-1"]
        command = ["mbpoll", "-a", str(unit), "-o", "3", *options, *over[way], *once]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        return re.findall(r"^\[\d+\]:\s+(\S+)", done.stdout, re.MULTILINE), done.stderr

    def energy(self) -> float:
        """Return the energy of the SDM630 in kWh, as a raw socket reads it."""
        with Poller(self.port) as poller:
            number: float = struct.unpack(">f", poller.read(SDM630, 4, 0x48, 2))[0]
            return number


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Ways]:
    yield from started(tmp_path, "[127.0.0.0/8, serial]", ", unlock: none")


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Ways]:
    yield from started(tmp_path, "[]", "")


def started(folder: Path, networks: str, unlock: str) -> Iterator[Ways]:
    with pty_pair() as (node, far):
        ways = Ways(free_port(), far)
        text = CONFIG.format(
            folder=folder, port=ways.port, node=node, networks=networks, unlock=unlock
        )
        with running(write(folder / "config.yaml", text), folder / "log"):
            eventually(lambda: ways.energy() > 0)
            yield ways


@pytest.mark.parametrize("way", ["tcp", "rtu"])
def test_the_values_of_an_sdm630(opened: Ways, way: str) -> None:
    floats = ("-t", "3:float", "-B")
    voltages, complaint = opened.mbpoll(way, SDM630, *floats, "-r", "1", "-c", "3")
    assert not complaint
    assert all(207 < float(text) < 253 for text in voltages)
    assert len(voltages) == 3
    before = opened.energy()
    energy, _ = opened.mbpoll(way, SDM630, *floats, "-r", "73")
    assert before <= float(energy[0]) * 1.00001
    assert float(energy[0]) <= opened.energy() * 1.00001
    absent, _ = opened.mbpoll(way, SDM630, *floats, "-r", "25")
    assert absent == ["nan"]
    settings, _ = opened.mbpoll(way, SDM630, "-t", "4:float", "-B", "-r", "3")
    assert settings == ["20"]


@pytest.mark.parametrize("way", ["tcp", "rtu"])
def test_a_setting_is_written_where_writing_is_open(opened: Ways, way: str) -> None:
    interval = ("-t", "4:float", "-B", "-r")
    _, complaint = opened.mbpoll(way, SDM630, *interval, "3", value="30")
    assert not complaint
    _, complaint = opened.mbpoll(way, STANDARD, *interval, "1005", value="10")
    assert not complaint
    for over in ("tcp", "rtu"):
        assert opened.mbpoll(over, SDM630, *interval, "3")[0] == ["30"]
        assert opened.mbpoll(over, STANDARD, *interval, "1005")[0] == ["10"]
    _, complaint = opened.mbpoll(way, SDM630, *interval, "3", value="61")
    assert "Illegal data value" in complaint
    _, complaint = opened.mbpoll(way, STANDARD, *interval, "1", value="1")
    assert "Illegal data address" in complaint, "a measurement"


@pytest.mark.parametrize("way", ["tcp", "rtu"])
def test_a_write_is_refused_where_writing_is_not_open(closed: Ways, way: str) -> None:
    interval = ("-t", "4:float", "-B", "-r", "3")
    _, complaint = closed.mbpoll(way, SDM630, *interval, value="30")
    assert "Illegal function" in complaint
    assert closed.mbpoll(way, SDM630, *interval)[0] == ["20"]


def test_a_serial_line_knows_no_other_unit(closed: Ways) -> None:
    read, complaint = closed.mbpoll("rtu", 99, "-t", "4", "-r", "1", "-o", "0.5")
    assert not read
    assert "timed out" in complaint
