"""The servers that are measured: every one shows n in holding register n, as unit 1.

Run as a script with the name of a server, this file is that server; it prints its port.
"""

import asyncio
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pymodbus.simulator import SimDevice

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from tooling import client_environment
from tooling.free_port import free_port
from tooling.program import running, write

HERE = Path(__file__).resolve().parent
LIBMODBUS = "libmodbus"
STOCK, THREADS = "pymodbus 3.16.1", "pyModbusTCP 0.3.1"
OURS, OURS_FAST = "submeter", "submeter --uvloop"
REGISTERS = 300
HOST = "127.0.0.1"
UNIT = 1
PATIENCE = 10.0
CORES = sorted(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Server:
    """A server that runs, on the first core."""

    name: str
    port: int
    pid: int

    @property
    def cpu(self) -> float:
        """The seconds of processor that it has taken, its own and the kernel's."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def missing() -> str | None:
    """Return what must be installed before libmodbus can be measured."""
    if not shutil.which("cc") or not shutil.which("pkg-config"):
        return "no C compiler; apt-get install gcc pkg-config libmodbus-dev"
    if subprocess.run(["pkg-config", "--exists", "libmodbus"], check=False).returncode:
        return "no libmodbus; apt-get install libmodbus-dev"
    return None


def build(source: str, folder: Path) -> str:
    """Compile a program of this folder; return its path."""
    options = []
    if "libmodbus" in source:
        command = ["pkg-config", "--cflags", "--libs", "libmodbus"]
        options = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    program = str(folder / Path(source).stem)
    subprocess.run(["cc", "-O2", "-o", program, str(HERE / source), *options], check=True)
    return program


def all_servers(folder: Path, stack: ExitStack) -> list[Server]:
    """Start every server that can be had here, and say which cannot."""
    servers = [stack.enter_context(scripted(LIBMODBUS, [build("libmodbus_server.c", folder)]))]
    try:
        python = client_environment.python("pyModbusTCP==0.3.1")
    except pytest.skip.Exception as reason:
        print(f"  left out: {reason}")
    else:
        port = free_port()
        script = [*python, str(HERE / "pymodbustcp_server.py"), str(port), str(REGISTERS)]
        servers.append(stack.enter_context(scripted(THREADS, script)))
    command = [sys.executable, str(Path(__file__)), STOCK]
    servers.append(stack.enter_context(scripted(STOCK, command)))
    servers.append(stack.enter_context(submeter(folder / "plain")))
    servers.append(stack.enter_context(submeter(folder / "fast", fast=True)))
    return servers


@contextmanager
def scripted(name: str, command: Sequence[str]) -> Iterator[Server]:
    """Run a server that prints its port, with the source folders of this one to import from."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        os.sched_setaffinity(process.pid, {CORES[0]})
        try:
            assert process.stdout
            port = int(process.stdout.readline())
            _await_server(port)
            yield Server(name, port, process.pid)
        finally:
            process.kill()


@contextmanager
def submeter(folder: Path, fast: bool = False, more: str = "") -> Iterator[Server]:
    """Run the program with one meter, whose map shows what the other servers do.

    `more` are other lines of its configuration, below `modbus`.
    """
    (folder / "maps" / "meters").mkdir(parents=True)
    lines = "".join(
        f"    - {{constant: {n}, at: HR 0x{n:04X}, type: uint16}}\n" for n in range(REGISTERS)
    )
    write(folder / "maps" / "meters" / "numbers.yaml", _MAP + lines + _OBJECTS)
    port = free_port()
    config = write(folder / "config.yaml", _CONFIG.format(host=HOST, port=port) + more)
    settings = ("--uvloop",) if fast else ()
    with running(config, folder / "log", *settings) as program:
        os.sched_setaffinity(program.process.pid, {CORES[0]})
        yield Server(OURS_FAST if fast else OURS, port, program.process.pid)


_MAP = """\
title: Numbers
modbus:
  registers:
"""
_OBJECTS = """\
bacnet: {objects: []}
"""
_CONFIG = """\
site: bench
maps: maps
meters:
  - name: numbers
    unit_id: 1
    map: numbers
    sources: [{{simulated: {{seed: 7}}}}]
modbus:
  tcp: {{host: {host}, port: {port}, connections: 1000, per_peer: 1000}}
"""


def _await_server(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


def devices(registers: int = REGISTERS) -> "SimDevice":
    """Return the stock device of pymodbus with such registers."""
    from pymodbus.simulator import DataType, SimData, SimDevice

    numbers = SimData(0, values=list(range(registers)), datatype=DataType.REGISTERS)
    bits = SimData(0, values=[False] * 16, datatype=DataType.BITS)
    return SimDevice(UNIT, simdata=([bits], [bits], [numbers], [numbers]))


async def _stock() -> None:
    from pymodbus.server import ModbusTcpServer

    logging.disable()  # it tells of every client that goes
    port = free_port()
    server = ModbusTcpServer(devices(), address=(HOST, port))
    await server.serve_forever(background=True)
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_stock())
