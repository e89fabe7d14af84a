"""Modbus TCP requests per second, ours and those of a libmodbus epoll server by turns.

Both servers run on one core, the load on another where there is one; every byte of every answer is
checked. Run as a script, this file is the server that is measured.
"""

import asyncio
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from submeter.meter.reading import Quality, Reading
from submeter.modbus.image import Image
from submeter.modbus.tcp import ModbusTcpFace
from submeter.pointmap import meter_map
from submeter.pointmap.address import Table

HERE = Path(__file__).resolve().parent
REGISTERS = 60
CLIENTS = (64, 1)
PAIRS = 7
SECONDS = 0.5
UNIT = 1
NUMBERS = tuple(230.25 + 3 * n for n in range(REGISTERS // 2))
OURS = struct.pack(f">{len(NUMBERS)}f", *NUMBERS)
PEERS = struct.pack(f">{REGISTERS}H", *range(REGISTERS))


class Result(NamedTuple):
    """What one run of the load printed."""

    rate: float
    p50: float
    p99: float
    errors: int


def run() -> None:
    """Print one row for each server and number of clients, and the ratios."""
    print(f"Modbus TCP, {REGISTERS} registers, function 3, median of {PAIRS} alternating runs")
    if reason := _missing():
        print(f"  skipped: {reason}")
        return
    with TemporaryDirectory() as folder, ExitStack() as servers:
        load = _build(HERE / "modbus_load.c", folder)
        peer = _build(HERE / "libmodbus_server.c", folder, *_libmodbus())
        our_port = servers.enter_context(_server(sys.executable, __file__))
        peer_port = servers.enter_context(_server(peer))
        print("  clients  server       requests/s   p50 us   p99 us   errors")
        for clients in CLIENTS:
            ours, peers = [], []
            for _ in range(PAIRS):
                ours.append(_load(load, our_port, clients, OURS))
                peers.append(_load(load, peer_port, clients, PEERS))
            _row(clients, "submeter", ours)
            _row(clients, "libmodbus", peers)
            pairs = list(zip(ours, peers, strict=True))
            rate = median(our.rate / its.rate for our, its in pairs)
            p99 = median(our.p99 / its.p99 for our, its in pairs)
            print(f"  {clients:7}  median of the paired ratios {rate:.2f}, of p99 {p99:.2f}")


def _missing() -> str | None:
    """Return what must be installed before this can run."""
    if not shutil.which("cc") or not shutil.which("pkg-config"):
        return "no C compiler; apt-get install gcc pkg-config libmodbus-dev"
    if subprocess.run(["pkg-config", "--exists", "libmodbus"], check=False).returncode:
        return "no libmodbus; apt-get install libmodbus-dev"
    return None


def _libmodbus() -> list[str]:
    command = ["pkg-config", "--cflags", "--libs", "libmodbus"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def _build(source: Path, folder: str, *options: str) -> str:
    program = str(Path(folder) / source.stem)
    subprocess.run(["cc", "-O2", "-o", program, str(source), *options], check=True)
    return program


@contextmanager
def _server(*command: str) -> Iterator[int]:
    """Run a server on the first core, and give the port that it prints."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        os.sched_setaffinity(process.pid, {_cores()[0]})
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.kill()


def _load(program: str, port: int, clients: int, data: bytes) -> Result:
    """Load the server at `port` from the last core; every answer must be `data`."""
    command = [program, str(port), str(clients), str(SECONDS), str(UNIT), data.hex()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        os.sched_setaffinity(process.pid, {_cores()[-1]})
        output, _ = process.communicate(timeout=SECONDS + 10)
    if process.returncode:
        sys.exit(f"{Path(program).name} failed with status {process.returncode}")
    rate, p50, p99, errors = output.split()
    return Result(float(rate), float(p50), float(p99), int(errors))


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0))


def _row(clients: int, name: str, results: list[Result]) -> None:
    rate, p50, p99 = (median(column) for column in list(zip(*results, strict=True))[:3])
    errors = sum(result.errors for result in results)
    print(f"  {clients:7}  {name:11}  {rate:10.0f}   {p50:6.0f}   {p99:6.0f}   {errors:6}")


def _image() -> Image:
    """Return an image with NUMBERS as float32 in the holding registers from address 0 on."""
    standard = meter_map.load("standard")
    floats = [entry for entry in standard.registers if entry.type == "float32" and not entry.power]
    registers = tuple(
        replace(entry, table=Table.HOLDING, wire=2 * n)
        for n, entry in enumerate(floats[: len(NUMBERS)])
    )
    image = Image(replace(standard, registers=registers))
    names = (entry.point.name for entry in registers)
    image.apply(
        {
            name: Reading(number, Quality.MEASURED)
            for name, number in zip(names, NUMBERS, strict=True)
        }
    )
    return image


async def _serve() -> None:
    face = ModbusTcpFace("127.0.0.1", 0, {UNIT: _image()})
    await face.start()
    print(face.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
