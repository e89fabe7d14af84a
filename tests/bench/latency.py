"""The time from the last byte of a message to its value being readable over Modbus.

Each message of an instrument has another power than the one before. A guarded index waits for the
frame after it, so it is not looked at. The clock starts before the bytes are handed over. An answer
on M-Bus counts after 20 ms of silence: another meter at the same address might answer too. The
yardsticks are a poll, and a bare pseudo-terminal: how long its bytes take to a process that only
reads them, on this machine and with what else it does.
"""

import multiprocessing
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from tooling.free_port import free_port
from tooling.modbus_client import Poller
from tooling.program import running, write
from tooling.pty_meter import PtyMeter

from .latency_instruments import KINDS, PAUSE, Sent

MESSAGES, QUICK_MESSAGES = 200, 30
AIM = 5.0  # ms, p99
_REST = 0.0002  # s between two polls, so that the machine is idle
_PATIENCE = 5.0  # s
_ENOUGH = 40  # messages
_processes = multiprocessing.get_context("spawn")


def run(quick: bool = False) -> None:
    """Print the delay for each kind of instrument, and a Modbus poll alone as the yardstick."""
    count = QUICK_MESSAGES if quick else MESSAGES
    print(f"Last byte to register, {count} messages on a pseudo-terminal; aim: p99 {AIM:g} ms")
    with TemporaryDirectory() as folder:
        for number, name in enumerate(KINDS):
            place = Path(folder) / str(number)
            place.mkdir()
            with _apart(name, place) as far:
                _row(name, *_measured(place, far, count))


class _Far:
    """An instrument in another process: one that polls all the time would take its turns."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.sources: list[str]
        self.register: int
        self.sources, self.register = pipe.recv()

    def want(self) -> None:
        """Let it speak, if it speaks by itself."""
        self._pipe.send(True)

    def sent(self) -> Sent:
        """Return the next message that it sent."""
        if not self._pipe.poll(_PATIENCE):
            sys.exit("the instrument was not asked")
        return Sent(*self._pipe.recv())


@contextmanager
def _apart(name: str, folder: Path) -> Iterator[_Far]:
    near, far = multiprocessing.Pipe()
    process = _processes.Process(target=_play, args=(name, folder, far))
    process.start()
    try:
        yield _Far(near)
    finally:
        process.terminate()
        process.join()


def _play(name: str, folder: Path, pipe: Connection) -> None:
    """Be the instrument, for as long as this process lives."""
    with KINDS[name](folder) as instrument:
        pipe.send((instrument.sources, instrument.register))

        def listen() -> None:
            while pipe.recv():
                instrument.wanted.set()

        threading.Thread(target=listen, daemon=True).start()
        while True:
            pipe.send(instrument.sent.get())


def _row(name: str, delays: list[float], polls: list[float], bare: list[float]) -> None:
    ordered, p99 = sorted(delays), _p99(delays)
    missed = "" if p99 < AIM else "; the aim is missed"
    print(
        f"  {name:26}  p50 {median(ordered):5.2f} ms  p99 {p99:5.2f} ms  max {ordered[-1]:5.2f} ms"
        f"  one poll {median(polls):.2f} ms  ratio {median(ordered) / median(polls):4.1f}"
        f"  bare p99 {_p99(bare):.2f} ms{missed}",
        flush=True,
    )


def _p99(found: list[float]) -> float:
    return sorted(found)[len(found) * 99 // 100]


def _measured(folder: Path, far: _Far, count: int) -> tuple[list[float], ...]:
    """Run the program and poll until each message is seen; return delays, polls, bare in ms."""
    port = free_port()
    meters = "".join(
        f"  - {{name: m-{unit}, unit_id: {unit}, sources: [{source}]}}\n"
        for unit, source in enumerate(far.sources, 1)
    )
    config = write(
        folder / "config.yaml",
        f"site: bench\nstore: {{path: {folder / 'submeter.db'}}}\nmeters:\n{meters}"
        f"modbus: {{tcp: {{host: 127.0.0.1, port: {port}}}}}\n",
    )
    delays: list[float] = []
    polls: list[float] = []
    bare: list[float] = []
    with running(config, folder / "log"), Poller(port) as poller, _bare() as measure:
        _settle(far)
        while len(delays) < count:
            far.want()
            sent = far.sent()
            delays.append(_seen(poller, far.register, sent))
            began = time.perf_counter()
            poller.value(sent.unit, far.register)
            polls.append((time.perf_counter() - began) * 1000)
            bare.append(measure())
    return delays, polls, bare


@contextmanager
def _bare() -> Iterator[Callable[[], float]]:
    """Give what sends bytes over a pseudo-terminal and returns the ms until they are read."""
    near, far = multiprocessing.Pipe()
    with PtyMeter() as line:
        process = _processes.Process(target=_read_bare, args=(line.node, far))
        process.start()
        near.recv()

        def measure() -> float:
            began = time.perf_counter()
            line.say(bytes(64))
            read: float = near.recv()
            return (read - began) * 1000

        try:
            yield measure
        finally:
            process.terminate()
            process.join()


def _read_bare(node: str, pipe: Connection) -> None:
    with open(node, "rb", buffering=0) as port:
        pipe.send(0.0)
        while port.read(4096):
            pipe.send(time.perf_counter())


def _settle(far: _Far) -> None:
    """Let the program hear enough to know which labels there are, and pass over all that."""
    for _ in range(_ENOUGH):
        far.want()
        far.sent()
    time.sleep(PAUSE)


def _seen(poller: Poller, register: int, sent: Sent) -> float:
    expected = struct.unpack(">f", struct.pack(">f", sent.power))[0]
    while poller.value(sent.unit, register) != expected:
        if time.perf_counter() - sent.at > _PATIENCE:
            sys.exit(f"{sent.power} was never seen")
        time.sleep(_REST)
    return (time.perf_counter() - sent.at) * 1000
