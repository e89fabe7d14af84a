"""Modbus TCP requests per second of ours, and of four other servers in the same run.

All servers run on one core, the load on another where there is one; every byte of every answer is
checked, and one wrong byte ends the run. The servers take turns, many short rounds of each: the
best round counts, for what else the machine does can only take away. The processor time of a
request is that of all rounds.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from .modbus_servers import (
    CORES,
    LIBMODBUS,
    PATIENCE,
    UNIT,
    Server,
    all_servers,
    build,
    missing,
)

CLIENTS, COUNTS, ROUNDS = (1, 8, 64, 256), (2, 60, 125), 7
QUICK_CLIENTS, QUICK_COUNTS, QUICK_ROUNDS = (1, 64), (60,), 5
SECONDS = 0.15


class Result(NamedTuple):
    """What a round of the load found: requests a second, and times of a request in us."""

    rate: float
    p50: float
    p99: float
    slowest: float
    cpu: float
    answers: float


def run(quick: bool = False) -> None:
    """Print a row for each server, number of clients and number of registers."""
    clients, counts = (QUICK_CLIENTS, QUICK_COUNTS) if quick else (CLIENTS, COUNTS)
    rounds = QUICK_ROUNDS if quick else ROUNDS
    print(f"Modbus TCP, function 3, best of {rounds} rounds by turns; ratio to {LIBMODBUS}")
    if reason := missing():
        print(f"  skipped: {reason}")
        return
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        load = build("modbus_load.c", folder)
        servers = all_servers(folder, stack)
        print(
            "  clients  registers  server             requests/s  ratio  p50 us  p99 us  ratio"
            "  slowest us  CPU us  ratio"
        )
        for number in clients:
            for count in counts:
                _section(load, servers, number, count, rounds)


def _section(load: str, servers: Sequence[Server], clients: int, count: int, rounds: int) -> None:
    found: dict[str, list[Result]] = {server.name: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            found[server.name].append(measure(load, server, clients, count))
    best = {name: fastest(results) for name, results in found.items()}
    for name, result in best.items():
        peer = best[LIBMODBUS]
        print(
            f"  {clients:7}  {count:9}  {name:17}  {row(result, peer)}",
            flush=True,
        )


def row(result: Result, peer: Result) -> str:
    """Return the figures of a round, beside those of the `peer`."""
    return (
        f"{result.rate:10.0f}  {result.rate / peer.rate:5.2f}  {result.p50:6.0f}  {result.p99:6.0f}"
        f"  {result.p99 / peer.p99:5.2f}  {result.slowest:10.0f}  {result.cpu:6.1f}"
        f"  {result.cpu / peer.cpu:5.2f}"
    )


def fastest(results: Sequence[Result]) -> Result:
    """Return the round with the most requests, with the mean processor time of all."""
    best = max(results, key=lambda result: result.rate)
    answers = sum(result.answers for result in results)
    return best._replace(cpu=sum(each.cpu * each.answers for each in results) / answers)


def measure(
    load: str, server: Server, clients: int, count: int, seconds: float = SECONDS
) -> Result:
    """Load `server` from the last core with requests for `count` registers."""
    data = b"".join(number.to_bytes(2) for number in range(count)).hex()
    command = [load, str(server.port), str(clients), str(seconds), str(UNIT), data]
    before = server.cpu
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        os.sched_setaffinity(process.pid, {CORES[-1]})
        try:
            output, _ = process.communicate(timeout=seconds + PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            sys.exit(f"{server.name} does not answer {clients} clients")
    if process.returncode:
        sys.exit(f"the load of {server.name} failed with status {process.returncode}")
    rate, p50, p99, slowest, errors, answers = map(float, output.split())
    if errors:
        sys.exit(f"{server.name}: {errors:.0f} of {answers:.0f} answers were wrong")
    return Result(rate, p50, p99, slowest, (server.cpu - before) * 1e6 / answers, answers)
