"""Instruments that say another power in each message, and when its last byte went out."""

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from submeter.sources.mbus.address import Secondary
from tooling import dlms_pusher
from tooling import mbus_records as made
from tooling.mbus_bus import Bus, Slave
from tooling.program import write
from tooling.pty_meter import PtyMeter
from tooling.pzem import Pzem, on_a_pty
from tooling.tic import Linky

METERS = 8  # of those that are asked, each once a second
PAUSE = 0.05  # s between two messages of an instrument that speaks by itself
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


KINDS: dict[str, Callable[[Path], AbstractContextManager[Instrument]]] = {
    "TIC frame": _tic,
    "DLMS push, GBT, ciphered": _dlms,
    "M-Bus answer": _mbus,
    "PZEM-004T answer": _pzem,
}
"""What makes an instrument in a folder, by its name."""


@contextmanager
def _speaking(
    message: Callable[[], tuple[bytes, float]],
) -> Iterator[tuple[str, "queue.SimpleQueue[Sent]", threading.Event]]:
    """Give the node of an instrument that says a `message` when it is wanted."""
    sent: queue.SimpleQueue[Sent] = queue.SimpleQueue()
    wanted, over = threading.Event(), threading.Event()

    def speak() -> None:
        while wanted.wait() and not over.wait(PAUSE):
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
