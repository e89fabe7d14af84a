"""Modbus TCP requests per second while 1000 meters update each second, and while history is read.

The peer is a libmodbus server that does nothing else. The meters and the face are in one process,
as in the program, but without its limit of 247 unit ids; run as a script, this file is that process
or a reader of history. Each meter is told something at a moment of its own; they tick together.
"""

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from submeter import event_loop
from submeter.app import AT_ONCE
from submeter.modbus.image import Image
from submeter.pointmap import meter_map
from submeter.pointmap.address import Table
from submeter.pointmap.register import Constant, Register
from submeter.store import history
from tooling.faces import tcp_face, unit

from . import store
from .fleet import BEGIN, NAME, Fleet, everything
from .modbus import Result, fastest, measure, row
from .modbus_servers import (
    CORES,
    LIBMODBUS,
    OURS,
    OURS_FAST,
    REGISTERS,
    UNIT,
    Server,
    build,
    missing,
    scripted,
)

METERS = 1000
MOMENTS = 100  # of a second, at which some of them are told something
CLIENTS, COUNT, ROUNDS, QUICK_ROUNDS = 64, 60, 3, 1
LATE = 3.0  # s behind that are not "each second" any more
STILL, UPDATING, READING = (
    "nothing else",
    "1000 meters update each second",
    "a thread reads history",
)
EXPORTING = "another process on the core does"
_MODULE = f"{__package__}.{Path(__file__).stem}"


def run(quick: bool = False) -> None:
    """Print a row for each event loop and what else goes on."""
    print(
        f"Modbus TCP under way with other work, {CLIENTS} clients, {COUNT} registers, best of "
        f"{QUICK_ROUNDS if quick else ROUNDS} rounds by turns"
    )
    if reason := missing():
        print(f"  skipped: {reason}")
        return
    store.FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=store.FOLDER) as name, ExitStack() as stack:
        folder = Path(name)
        path = folder / "history.db"
        asyncio.run(store.fill(path, store.INTERVALS))
        load = build("modbus_load.c", folder)
        peer = stack.enter_context(scripted(LIBMODBUS, [build("libmodbus_server.c", folder)]))
        ours = [stack.enter_context(_busy(path, fast)) for fast in (False, True)]
        print(
            "  meanwhile                       server             requests/s  ratio  p50 us  p99 us"
            "  ratio  slowest us  CPU us  ratio"
        )
        rounds = QUICK_ROUNDS if quick else ROUNDS
        assert all(each.server.port for each in ours)  # nobody is measured before all are up
        for mode in (STILL, UPDATING, READING):
            _section(load, peer, ours, mode, rounds)
        with _exporting(path):
            _section(load, peer, ours, EXPORTING, rounds)


class Busy:
    """One of our servers, and its ear for what it shall do."""

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self.name = name
        self._process = process

    @cached_property
    def server(self) -> Server:
        """The server, once its meters have begun to live."""
        assert self._process.stdout
        port = int(self._process.stdout.readline())
        os.sched_setaffinity(self._process.pid, {CORES[0]})
        return Server(self.name, port, self._process.pid)

    def do(self, mode: str) -> None:
        """Begin to do `mode`, and nothing else."""
        print(mode, file=self._process.stdin, flush=True)
        time.sleep(0.5)


def _section(load: str, peer: Server, ours: list[Busy], mode: str, rounds: int) -> None:
    peers: list[Result] = []
    found: dict[str, list[Result]] = {each.name: [] for each in ours}
    for _ in range(rounds):
        peers.append(measure(load, peer, CLIENTS, COUNT))
        for each in ours:
            each.do(mode)
            found[each.name] += [measure(load, each.server, CLIENTS, COUNT, 1.2)]
            each.do(STILL)
    best = fastest(peers)
    print(f"  {'':30}  {peer.name:17}  {row(best, best)}")
    for name, results in found.items():
        print(f"  {mode:30}  {name:17}  {row(fastest(results), best)}", flush=True)


@contextmanager
def _busy(path: Path, fast: bool) -> Iterator[Busy]:
    command = [sys.executable, "-m", _MODULE, "serve", str(path), "fast" if fast else "plain"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield Busy(OURS_FAST if fast else OURS, process)
        finally:
            process.kill()


@contextmanager
def _exporting(path: Path) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-m", _MODULE, "export", str(path)]) as process:
        os.sched_setaffinity(process.pid, {CORES[0]})
        try:
            yield
        finally:
            process.kill()


def read_all(path: Path) -> None:
    """Read 90 days of one meter, as an export does."""
    end = BEGIN + store.DAYS * store.DAY
    for _ in history.intervals(path, NAME.format(1), BEGIN, end):
        pass
    for _ in history.samples(path, NAME.format(1), BEGIN, end, store.ANALOG):
        pass


class _Process:
    """What runs in the server besides the face; `mode` is what it does."""

    def __init__(self, path: Path) -> None:
        self.mode = STILL
        self._path = path
        self._fleet = Fleet(METERS, everything(), 16.0, 60, images=True)

    async def live(self) -> None:
        """Serve, and do what the lines on standard input say."""
        await self._fleet.warm_up()
        face = tcp_face({UNIT: unit(_numbers())}, connections=1000, per_peer=1000)
        await face.start()
        gc.collect()
        gc.freeze()  # as the program does once it is up
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._read, daemon=True).start()
        print(face.port, flush=True)
        await self._update()

    def _listen(self) -> None:
        for line in sys.stdin:
            self.mode = line.strip()

    def _read(self) -> None:
        while True:
            if self.mode == READING:
                read_all(self._path)
            else:
                time.sleep(0.05)

    async def _update(self) -> None:
        second = 0
        while True:
            begin = time.monotonic()
            while self.mode != UPDATING:
                await asyncio.sleep(0.05)
                begin = time.monotonic()
            updates = self._fleet.updates(second)
            for part in range(MOMENTS):
                self._fleet.say(second, updates, part, MOMENTS)
                await asyncio.sleep(max(0.0, begin + (part + 1) / MOMENTS - time.monotonic()))
            await self._tick(second)
            second += 1
            if time.monotonic() > begin + LATE:
                os._exit(1)  # it cannot keep up; the load will say so

    async def _tick(self, second: int) -> None:
        """Tick in slices, as the program does."""
        for first in range(0, len(self._fleet.meters), AT_ONCE):
            self._fleet.tick(second, slice(first, first + AT_ONCE))
            await asyncio.sleep(0)


def _numbers() -> Image:
    registers = [
        Register(f"HR {n}", Table.HOLDING, n, 1, "uint16", Constant(n)) for n in range(REGISTERS)
    ]
    return Image(replace(meter_map.load("standard"), registers=tuple(registers), validity=None))


if __name__ == "__main__":
    what, file, *kind = sys.argv[1:]
    if what == "serve":
        event_loop.run(_Process(Path(file)).live(), fast=kind == ["fast"])
    while True:
        read_all(Path(file))
