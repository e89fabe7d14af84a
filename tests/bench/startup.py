"""Resident memory after the start, and the time to the ready line, of the example."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from tooling.free_port import free_port
from tooling.program import CHECKOUT, running

ROUNDS = 5
PEER = "import pydantic, yaml, pymodbus.server, bacpypes3.app, bacpypes3.local.device"


def run() -> None:
    """Print our figures beside those of an interpreter that only imports the libraries."""
    print(f"Start of the example with two meters, Modbus and BACnet, median of {ROUNDS} runs")
    ours = [_ours() for _ in range(ROUNDS)]
    peers = [_peer() for _ in range(ROUNDS)]
    for name, found in (("submeter", ours), ("libraries imported", peers)):
        seconds, megabytes = (median(column) for column in zip(*found, strict=True))
        print(f"  {name:20}  {seconds:5.2f} s  {megabytes:6.1f} MB resident")
    time_ratio, memory_ratio = (
        median(our / peer for our, peer in zip(left, right, strict=True))
        for left, right in zip(zip(*ours, strict=True), zip(*peers, strict=True), strict=True)
    )
    print(f"  ratio                 {time_ratio:5.2f}    {memory_ratio:6.2f}")


def _ours() -> tuple[float, float]:
    settings = (
        *("--set", f"modbus.tcp.port={free_port()}"),
        *("--set", "bacnet.address=127.22.0.1/8", "--set", "bacnet.port=47832"),
    )
    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        example = CHECKOUT / "config.example.yaml"
        store = ("--set", f"store.path={Path(folder) / 'submeter.db'}")
        with running(example, Path(folder) / "log", *settings, *store) as program:
            took = time.perf_counter() - began
            time.sleep(2)
            return took, _resident(program.process.pid)


def _peer() -> tuple[float, float]:
    began = time.perf_counter()
    command = [sys.executable, "-c", f"{PEER}; print(1, flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        took = time.perf_counter() - began
        megabytes = _resident(process.pid)
        process.kill()
        return took, megabytes


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the kernel tells no resident memory")
