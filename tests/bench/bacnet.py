"""BACnet: reads and notifications a second, and a hundred meters, beside stock bacpypes3.

A Rust stack is shown for scale, where it installs.
"""

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from . import bacnet_fleet
from .bacnet_load import Kind, Result, measure, notifications
from .bacnet_servers import CHANGING, CORES, OURS, STOCK, Server, names, server

KINDS: dict[Kind, str] = {"rp": "ReadProperty", "rpm50": "Multiple(50)"}
OUTSTANDING = (1, 8)
ROUNDS, QUICK_ROUNDS = 5, 2
SECONDS = 0.5
SUBSCRIPTIONS = 4
FLEET_ROUNDS = 3
_UNITS = {
    "start": ("to build and start", 1.0, "s"),
    "update": ("to show 53 new values of each", 1000.0, "ms"),
    "bytes": ("memory of one object", 1 / 1024, "KB"),
}


def run(quick: bool = False) -> None:
    """Print a row for each server and service, and ours as a ratio to bacpypes3's."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    os.sched_setaffinity(0, {CORES[-1]})
    try:
        _reads(rounds)
        _notifications(rounds)
    finally:
        os.sched_setaffinity(0, set(CORES))
    _fleet(1 if quick else FLEET_ROUNDS)


def _reads(rounds: int) -> None:
    print(f"BACnet/IP, reads of analog inputs, median of {rounds} alternating runs")
    print("  CPU: what the server works for one answer, however long the cores wait for each other")
    print("  service        under way  server             reads/s   p50 ms   p99 ms   CPU us  bad")
    with ExitStack() as stack:
        servers = {name: stack.enter_context(server(name)) for name in names()}
        for kind, service in KINDS.items():
            for outstanding in OUTSTANDING:
                found: dict[str, list[_Read]] = {name: [] for name in servers}
                for _ in range(rounds):
                    for name, each in servers.items():
                        found[name].append(_read(each, kind, outstanding))
                for name, reads in found.items():
                    _row(f"{service:13}  {outstanding:9}", name, reads, found[STOCK])


class _Read(NamedTuple):
    result: Result
    cpu_us: float


def _read(each: Server, kind: Kind, outstanding: int) -> _Read:
    before = each.cpu
    result = measure(each.place, SECONDS, kind, outstanding)
    return _Read(result, (each.cpu - before) / result.per_second / SECONDS * 1e6)


def _row(what: str, name: str, reads: list[_Read], stock: list[_Read]) -> None:
    rate, p50, p99 = (
        median(getattr(each.result, field) for each in reads)
        for field in ("per_second", "p50_ms", "p99_ms")
    )
    cpu = median(each.cpu_us for each in reads)
    bad = sum(each.result.errors + each.result.lost for each in reads)
    ratio = median(
        one.result.per_second / other.result.per_second
        for one, other in zip(reads, stock, strict=True)
    )
    less = median(each.cpu_us for each in stock) / cpu
    times = "" if name == STOCK else f"  {ratio:.1f} x {STOCK}, CPU {less:.1f} x less"
    print(
        f"  {what}  {name:16}  {rate:8.0f}  {p50:7.3f}  {p99:7.3f}  {cpu:7.1f}  {bad:3}{times}",
        flush=True,
    )


def _notifications(rounds: int) -> None:
    print(f"Unconfirmed notifications of {SUBSCRIPTIONS} inputs that change all the time")
    found: dict[str, list[float]] = {OURS: [], STOCK: []}
    for _ in range(rounds):
        for name in found:
            with server(name, CHANGING) as each:
                found[name].append(notifications(each.place, SECONDS, SUBSCRIPTIONS))
    for name, rates in found.items():
        ratio = median(a / b for a, b in zip(rates, found[STOCK], strict=True))
        times = "" if name == STOCK else f"  {ratio:.1f} x {STOCK}"
        print(f"  {name:16}  {median(rates):8.0f} /s{times}", flush=True)


def _fleet(rounds: int) -> None:
    print(f"{bacnet_fleet.METERS} meters in one device, best of {rounds} runs")
    names = (OURS, STOCK)
    found = {name: [bacnet_fleet.measure(name) for _ in range(rounds)] for name in names}
    for field, (text, factor, unit) in _UNITS.items():
        best = {name: min(each[field] for each in found[name]) * factor for name in names}
        shown = "  ".join(f"{name} {best[name]:8.2f} {unit}" for name in names)
        print(f"  {text:30}  {shown}  {best[STOCK] / best[OURS]:.1f} x less", flush=True)
    started = min(bacnet_fleet.program_start() for _ in range(rounds))
    print(f"  the whole program, to its ready line  {started:.2f} s")
