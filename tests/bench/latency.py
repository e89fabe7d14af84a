"""The time from the last byte of a message to its value being readable over Modbus.

Each message of an instrument has another power than the one before. A guarded index waits for the
frame after it, so it is not looked at. The clock starts before the bytes are handed over. An answer
on M-Bus counts after 20 ms of silence: another meter at the same address might answer too. What the
machine does besides is in `late`: how late a poll is after a wait in which nothing was sent.
"""

import queue
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from submeter.sources.mbus.address import Secondary
from tooling import dlms_pusher
from tooling import mbus_records as made
from tooling.mbus_bus import Bus, Slave
from tooling.modbus_client import Poller
from tooling.program import free_port, running, write
from tooling.pty_meter import PtyMeter
from tooling.pzem import Pzem, on_a_pty
from tooling.tic import Linky

MESSAGES, QUICK_MESSAGES = 200, 30
AIM = 5.0  # ms, p99
METERS = 8  # of those that are asked, each once a second
_PAUSE = 0.05  # s between two messages of an instrument that speaks by itself
_WAIT = 0.003  # s
_PATIENCE, _SETTLE = 5.0, 4.0  # s
_ACTIVE, _APPARENT = 40001, 40011


class Sent(NamedTuple):
    """A message whose last byte went out at `at`: what `unit` then shows in kW or kVA."""

    unit: int
    power: float
    at: float


class Instrument(NamedTuple):
    """The sources of a kind: an entry each, the register that is looked at, and what was sent.

    One that speaks by itself does so when `wanted`.
    """

    sources: list[str]
    register: int
    sent: "queue.SimpleQueue[Sent]"
    wanted: threading.Event


def run(quick: bool = False) -> None:
    """Print the delay for each kind of instrument, and a Modbus poll alone as the yardstick."""
    count = QUICK_MESSAGES if quick else MESSAGES
    print(f"Last byte to register, {count} messages on a pseudo-terminal; aim: p99 {AIM:g} ms")
    with TemporaryDirectory() as folder:
        for number, (name, kind) in enumerate(_KINDS.items()):
            place = Path(folder) / str(number)
            place.mkdir()
            with kind(place) as instrument:
                _row(name, *_measured(place, instrument, count))


def _row(name: str, delays: list[float], polls: list[float], late: list[float]) -> None:
    ordered, p99 = sorted(delays), _p99(delays)
    missed = "" if p99 < AIM else "; the aim is missed"
    print(
        f"  {name:26}  p50 {median(ordered):5.2f} ms  p99 {p99:5.2f} ms  max {ordered[-1]:5.2f} ms"
        f"  one poll {median(polls):.2f} ms  ratio {median(ordered) / median(polls):4.1f}"
        f"  late p99 {_p99(late):.2f} ms max {max(late):.2f} ms{missed}",
        flush=True,
    )


def _p99(found: list[float]) -> float:
    return sorted(found)[len(found) * 99 // 100]


def _measured(
    folder: Path, instrument: Instrument, count: int
) -> tuple[list[float], list[float], list[float]]:
    """Run the program and poll until each message is seen; return delays, polls and `late` in ms."""
    port = free_port()
    meters = "".join(
        f"  - {{name: m-{unit}, unit_id: {unit}, sources: [{source}]}}\n"
        for unit, source in enumerate(instrument.sources, 1)
    )
    config = write(
        folder / "config.yaml",
        f"site: bench\nstore: {{path: {folder / 'submeter.db'}}}\nmeters:\n{meters}"
        f"modbus: {{tcp: {{host: 127.0.0.1, port: {port}}}}}\n",
    )
    delays: list[float] = []
    polls: list[float] = []
    late: list[float] = []
    with running(config, folder / "log"), Poller(port) as poller:
        _settle(instrument)
        while len(delays) < count:
            instrument.wanted.set()
            sent = instrument.sent.get(timeout=_PATIENCE)
            delays.append(_seen(poller, instrument.register, sent))
            began = time.perf_counter()
            poller.value(sent.unit, instrument.register)
            polls.append((time.perf_counter() - began) * 1000)
            late.append(_late(poller, sent.unit, instrument.register))
    return delays, polls, late


def _late(poller: Poller, unit: int, register: int) -> float:
    """Return by how many ms a wait becomes too long in which nothing but polls goes on."""
    end = time.perf_counter() + _WAIT
    while time.perf_counter() < end:
        poller.value(unit, register)
    return (time.perf_counter() - end) * 1000


def _settle(instrument: Instrument) -> None:
    """Let the program hear enough to know which labels there are, and pass over all that."""
    end = time.perf_counter() + _SETTLE
    while time.perf_counter() < end:
        instrument.wanted.set()
        time.sleep(_PAUSE)
    instrument.wanted.clear()
    time.sleep(2 * _PAUSE)
    with suppress(queue.Empty):
        while True:
            instrument.sent.get_nowait()


def _seen(poller: Poller, register: int, sent: Sent) -> float:
    expected = struct.unpack(">f", struct.pack(">f", sent.power))[0]
    while poller.value(sent.unit, register) != expected:
        if time.perf_counter() - sent.at > _PATIENCE:
            sys.exit(f"{sent.power} was never seen")
    return (time.perf_counter() - sent.at) * 1000


@contextmanager
def _tic(folder: Path) -> Iterator[Instrument]:
    linky = Linky(seed=3)
    before = b""

    def message() -> tuple[bytes, float]:
        nonlocal before
        while True:
            frame = linky.next_frame()
            power = frame.split(b"SINSTS\t")[1].split(b"\t")[0]
            if power != before:
                before = power
                return bytes(map(_with_parity, frame)), int(power) / 1000

    with _speaking(message) as (node, sent, wanted):
        source = f"{{tic: {{port: {node}, baudrate: 9600, format: 8N1}}}}"
        yield Instrument([source], _APPARENT, sent, wanted)


@contextmanager
def _dlms(folder: Path) -> Iterator[Instrument]:
    meter = dlms_pusher.Meter()
    code = "1-0:1.7.0*255"

    def message() -> tuple[bytes, float]:
        watts = meter.values[code][0] + 1
        meter.values[code] = (watts, 0, "W")
        return dlms_pusher.in_blocks(meter.sealed(dlms_pusher.listed(meter))), watts / 1000

    keys = folder / "keys"
    write(
        keys,
        f"encryption: {dlms_pusher.KEYS.encryption.hex()}\n"
        f"authentication: {(dlms_pusher.KEYS.authentication or b'').hex()}\n",
    )
    keys.chmod(0o600)
    with _speaking(message) as (node, sent, wanted):
        source = f"{{dlms: {{port: {node}, baudrate: 9600, format: 8N1, keys: keys}}}}"
        yield Instrument([source], _ACTIVE, sent, wanted)


@contextmanager
def _mbus(folder: Path) -> Iterator[Instrument]:
    sent: queue.SimpleQueue[Sent] = queue.SimpleQueue()
    slaves = [Slave(n, Secondary(f"{n:08}", "ABB", 2, 2), [b""]) for n in range(1, METERS + 1)]
    bus, watts = Bus(slaves), 1000

    def react(data: bytes) -> None:
        nonlocal watts
        watts += 1
        records = made.dib(made.INTEGERS[4]) + made.vib(0x2B) + made.integer(watts, 4)
        for slave in slaves:
            slave.telegrams = [made.energy(4_408_736) + records]
        answer = bus.take(data)
        if len(answer) > 1:
            # The address stands behind the start bytes, the lengths and the control field.
            sent.put(Sent(answer[5], watts / 1000, time.perf_counter()))
        line.say(answer)

    line = PtyMeter(react)
    with line:
        where = f"port: {line.node}, map: mbus-electricity, period: 1.0"
        sources = [f"{{mbus: {{{where}, address: {n}}}}}" for n in range(1, METERS + 1)]
        yield Instrument(sources, _ACTIVE, sent, threading.Event())


class _Changing(Pzem):
    """A module that shows another power to each request, and puts it into `sent`."""

    sent: "queue.SimpleQueue[Sent]"

    def answer(self, frame: bytes) -> bytes:
        self.watts += 0.5
        answer = super().answer(frame)
        if answer[1:2] == b"\x04":
            self.sent.put(Sent(self.unit, self.watts / 1000, time.perf_counter()))
        return answer


@contextmanager
def _pzem(folder: Path) -> Iterator[Instrument]:
    sent: queue.SimpleQueue[Sent] = queue.SimpleQueue()
    modules = [_Changing(unit=unit) for unit in range(1, METERS + 1)]
    for each in modules:
        each.sent = sent
    with on_a_pty(*modules) as node:
        where = f"port: {node}, map: pzem-004t, period: 1.0"
        sources = [f"{{modbus: {{{where}, unit: {unit}}}}}" for unit in range(1, METERS + 1)]
        yield Instrument(sources, _ACTIVE, sent, threading.Event())


_KINDS: dict[str, Callable[[Path], AbstractContextManager[Instrument]]] = {
    "TIC frame": _tic,
    "DLMS push, GBT, ciphered": _dlms,
    "M-Bus answer": _mbus,
    "PZEM-004T answer": _pzem,
}


@contextmanager
def _speaking(
    message: Callable[[], tuple[bytes, float]],
) -> Iterator[tuple[str, "queue.SimpleQueue[Sent]", threading.Event]]:
    """Give the node of an instrument that says a `message` when it is wanted."""
    sent: queue.SimpleQueue[Sent] = queue.SimpleQueue()
    wanted, over = threading.Event(), threading.Event()

    def speak() -> None:
        while wanted.wait() and not over.wait(_PAUSE):
            wanted.clear()
            data, power = message()
            sent.put(Sent(1, power, time.perf_counter()))
            line.say(data)

    thread = threading.Thread(target=speak)
    with PtyMeter() as line:
        thread.start()
        try:
            yield line.node, sent, wanted
        finally:
            over.set()
            wanted.set()
            thread.join()


def _with_parity(byte: int) -> int:
    """Return `byte` with an even parity bit, as 7E1 looks to a port at 8N1."""
    return byte | (byte.bit_count() & 1) << 7
