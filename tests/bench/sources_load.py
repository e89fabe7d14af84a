"""What many instruments cost the program: ten TIC outputs at 9600 baud and 250 M-Bus meters.

The yardsticks are the program with one simulated source, with as many simulated ones as there are
meters, and pyMeterBus, which decodes the same M-Bus telegrams. Run as a script, this file is the
instruments: BAUDRATE of the M-Bus line.
"""

import asyncio
import json
import logging
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from submeter.sources.mbus.address import Secondary
from tooling.free_port import free_port
from tooling.mbus_bus import Bus, Slave
from tooling.modbus_client import Poller
from tooling.program import running, write
from tooling.resources import resident
from tooling.tic import Linky
from tooling.tic_emitter import TicEmitter

from .instrument_streams import RECORDS, mbus
from .modbus_servers import HOST, Server

TICS, MBUS_METERS = 10, 250
METERS = 240  # there are 247 unit ids, so some have two sources
SECONDS, QUICK_SECONDS = 30.0, 10.0
SETTLE, QUICK_SETTLE = 30.0, 10.0  # s
LINES = ((2400, 250.0), (38_400, 30.0))  # baud rate and period
POLLS = 50  # a second
_POWER, _APPARENT = 40001, 40011
_REPLY = 40  # bit times until a meter answers
_MODULE = f"{__package__}.{Path(__file__).stem}"


@dataclass(frozen=True)
class Cost:
    """What the program took in a run: share of a core, resident bytes, and polls in ms."""

    cpu: float
    memory: int
    polls: list[float]


def run(quick: bool = False) -> None:
    """Print a row for each set of sources, then what the instruments add to it."""
    seconds, settle = (QUICK_SECONDS, QUICK_SETTLE) if quick else (SECONDS, SETTLE)
    print(
        f"Sources: {TICS} TIC outputs at 9600 baud and {MBUS_METERS} M-Bus meters on a line, "
        f"{METERS} meters\n  in {seconds:.0f} s after {settle:.0f} s, with {POLLS} Modbus polls a "
        f"second"
    )
    print("  sources                               CPU of a core  MB resident  polled in ms: p50")
    with TemporaryDirectory() as folder:
        one = _simulated(Path(folder) / "one", 1, seconds, settle)
        _row("1 simulated", one)
        all_ = _simulated(Path(folder) / "all", METERS, seconds, settle)
        _row(f"{METERS} simulated, each second", all_, one)
        for baudrate, period in LINES[-1:] if quick else LINES:
            _instruments(Path(folder) / str(baudrate), baudrate, period, seconds, settle, one)


def _instruments(
    folder: Path, baudrate: int, period: float, seconds: float, settle: float, one: Cost
) -> None:
    folder.mkdir()
    with _Instruments(baudrate) as them:
        meters = "".join(_meter(number, them, baudrate, period) for number in range(METERS))
        with _program(folder, meters) as server, Poller(server.port) as poller:
            time.sleep(settle)
            before = them.count()
            cost = _cost(server, poller, seconds)
            tics, telegrams = (b - a for a, b in zip(before, them.count(), strict=True))
            heard = _heard(poller)
    _row(f"instruments, M-Bus at {baudrate} baud", cost, one)
    sources = TICS + MBUS_METERS
    alone = _pymeterbus() * telegrams / seconds
    print(
        f"    {tics / seconds:.1f} TIC frames, {telegrams / seconds:.1f} M-Bus answers a second, "
        f"a meter every {period:.0f} s\n"
        f"    {(cost.memory - one.memory) / sources / 1024:.0f} KB a source and its meter; "
        f"pyMeterBus alone takes {alone:.2%} of a core for these answers\n"
        f"    units with a value: {heard[0]} of {TICS} TIC, {heard[1]} M-Bus so far",
        flush=True,
    )


def _row(name: str, cost: Cost, one: Cost | None = None) -> None:
    ordered = sorted(cost.polls)
    p99 = ordered[len(ordered) * 99 // 100]
    more = f", {cost.cpu / one.cpu:.1f} x the CPU of 1 simulated" if one else ""
    print(
        f"  {name:36}  {cost.cpu:13.1%}  {cost.memory / 1e6:11.1f}  "
        f"{ordered[len(ordered) // 2]:17.2f}, p99 {p99:.2f}, max {ordered[-1]:.1f}{more}",
        flush=True,
    )


def _simulated(folder: Path, count: int, seconds: float, settle: float) -> Cost:
    folder.mkdir()
    meters = "".join(
        f"  - {{name: m-{n}, unit_id: {n + 1}, sources: [{{simulated: {{seed: {n}}}}}]}}\n"
        for n in range(count)
    )
    with _program(folder, meters) as server, Poller(server.port) as poller:
        time.sleep(min(settle, 5.0))
        return _cost(server, poller, seconds, count)


def _cost(server: Server, poller: Poller, seconds: float, units: int = METERS) -> Cost:
    """Poll for `seconds`, now and then, and return what the program took meanwhile."""
    chosen, polls = random.Random(1), []
    cpu, began = server.cpu, time.perf_counter()
    end = began + seconds
    while (sent := time.perf_counter()) < end:
        poller.value(chosen.randint(1, units), _POWER)
        polls.append((time.perf_counter() - sent) * 1000)
        time.sleep(chosen.random() * 2 / POLLS)
    share = (server.cpu - cpu) / (time.perf_counter() - began)
    return Cost(share, resident(server.pid), polls)


def _heard(poller: Poller) -> tuple[int, int]:
    """Return how many units have a value: of those with a TIC output, and of the others."""
    tic = [poller.value(unit, _APPARENT) for unit in range(1, TICS + 1)]
    others = [poller.value(unit, _POWER) for unit in range(TICS + 1, METERS + 1)]
    return sum(not math.isnan(v) for v in tic), sum(not math.isnan(v) for v in others)


def _meter(number: int, them: "_Instruments", baudrate: int, period: float) -> str:
    """Return the entry of a meter; the first have a TIC output too, the next a second M-Bus one."""
    addresses = [number + 1]
    if TICS <= number < TICS + MBUS_METERS - METERS:
        addresses.append(METERS + 1 + number - TICS)
    lines = [f"tic: {{port: {them.nodes[number]}, baudrate: 9600}}"] if number < TICS else []
    lines += [
        f"name: at-{each}, mbus: {{port: 'socket://{HOST}:{them.port}', address: {each}, "
        f"map: mbus-electricity, baudrate: {baudrate}, period: {period}}}"
        for each in addresses
    ]
    sources = "".join(f"      - {{{each}}}\n" for each in lines)
    return f"  - name: m-{number}\n    unit_id: {number + 1}\n    sources:\n{sources}"


@contextmanager
def _program(folder: Path, meters: str) -> Iterator[Server]:
    port = free_port()
    text = (
        f"site: bench\nstore: {{path: {folder / 'submeter.db'}}}\nmeters:\n{meters}"
        f"modbus: {{tcp: {{host: {HOST}, port: {port}}}}}\n"
    )
    config = write(folder / "config.yaml", text)
    with running(config, folder / "log") as program:
        yield Server("submeter", port, program.process.pid)


def _pymeterbus() -> float:
    """Return the seconds that pyMeterBus takes for the values of one of the telegrams."""
    from .decoders import meterbus_values

    (message,) = mbus(1).messages
    began, rounds = time.process_time(), 200
    for _ in range(rounds):
        meterbus_values(message)
    return (time.process_time() - began) / rounds


class _Instruments:
    """The instruments, in a process of their own: `nodes` of the TIC outputs, `port` of M-Bus."""

    def __init__(self, baudrate: int) -> None:
        command = [sys.executable, "-m", _MODULE, str(baudrate)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self.nodes: list[str]
        self.nodes, self.port = self._said()

    def __enter__(self) -> "_Instruments":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def count(self) -> tuple[int, int]:
        """Return how many TIC frames and M-Bus answers were sent so far."""
        print(file=self._process.stdin, flush=True)
        tics, answers = self._said()
        return tics, answers

    def _said(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


class _Line:
    """An M-Bus line behind a converter that hands an answer over when it is whole."""

    def __init__(self, baudrate: int) -> None:
        self.answers = 0
        self._bit = 1 / baudrate
        self._bus = Bus(
            [
                Slave(n, Secondary(f"{n:08}", "ABB", 2, 2), [RECORDS])
                for n in range(1, MBUS_METERS + 1)
            ]
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a connection until it ends."""
        with suppress(ConnectionError):
            while data := await reader.read(300):
                answer = self._bus.take(data)
                if answer:
                    await asyncio.sleep((11 * len(data + answer) + _REPLY) * self._bit)
                    writer.write(answer)
                    self.answers += len(answer) > 1
        writer.close()


async def _serve(baudrate: int) -> None:
    line = _Line(baudrate)
    server = await asyncio.start_server(line.serve, HOST, 0)
    with ExitStack() as stack:
        models = [Linky(seed=n) for n in range(TICS)]
        tics = [stack.enter_context(TicEmitter(each, paced=True)) for each in models]
        port = server.sockets[0].getsockname()[1]
        print(json.dumps([[each.node for each in tics], port]), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps([sum(each.sent for each in tics), line.answers]), flush=True)


if __name__ == "__main__":
    logging.disable()
    os.setpriority(os.PRIO_PROCESS, 0, 5)
    asyncio.run(_serve(int(sys.argv[1])))
