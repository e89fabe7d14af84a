"""What the decoders of instruments take: frames a second, and how many of the fastest line that is.

A row is one core. The bytes come as a serial adapter hands them over: what came in 16 ms, 62 at
most. A line that is full carries one message after the other, with the requests for them where they
are asked for. The peers are pyMeterBus and the RTU framer of pymodbus, on the same bytes.
"""

import functools
import importlib
import logging
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from .instrument_streams import Stream, streams

FRAMES, QUICK_FRAMES = 400, 60
ROUNDS, QUICK_ROUNDS = 7, 3
AIM = 100.0  # times the fastest line
_LATENCY, _PACKET = 0.016, 62  # s and bytes, of an FTDI adapter

Peer = Callable[[bytes], object]


def run(quick: bool = False) -> None:
    """Print a row for each kind of stream, and the least that any of them reaches."""
    logging.getLogger("submeter").setLevel(logging.ERROR)  # they say which meter they hear
    rounds = QUICK_ROUNDS if quick else ROUNDS
    print(f"Decoders on one core, best of {rounds} runs; a line is the fastest of its kind")
    print(
        "                            fastest   bytes      to frames        to an update"
        "     a byte at a time"
    )
    print(
        "  instrument                   line  a frame  frames/s  x line  frames/s  x line  x line"
    )
    peers = _peers()
    made = streams(QUICK_FRAMES if quick else FRAMES)
    found = {each.name: _row(each, peers.get(each.name), rounds) for each in made}
    for number, what in enumerate(("to frames", "to an update")):
        name = min(found, key=lambda each: found[each][number])
        print(f"  the least {what}: {found[name][number]:.0f} x, {name}; the aim is {AIM:.0f} x")


def _row(stream: Stream, peer: tuple[str, Peer] | None, rounds: int) -> tuple[float, float]:
    """Print a row; return how many times its fastest line a stream is decoded and understood."""
    count, size = len(stream.messages), sum(map(len, stream.messages))
    line = stream.lines[-1]
    as_read = _pieces(stream, min(_PACKET, max(1, round(line.baudrate / line.bits * _LATENCY))))
    single = _pieces(stream, 1)
    turns = [
        (_decoded(stream, as_read), _understood(stream, as_read), _decoded(stream, single))
        for _ in range(rounds)
    ]
    found = [min(times) for times in zip(*turns, strict=True)]
    frames, update, bytewise = ((count / each, count / each / stream.most(line)) for each in found)
    shown = str(line)
    print(
        f"  {stream.name:24}  {shown:>10}  {size / count:5.0f}  {frames[0]:9.0f}  {frames[1]:6.0f}"
        f"  {update[0]:8.0f}  {update[1]:6.0f}  {bytewise[1]:14.0f}  "
        + (_compared(stream, found[0], peer, rounds) if peer else "no peer")
        + _slower(stream, update[1]),
        flush=True,
    )
    return frames[1], update[1]


def _slower(stream: Stream, times: float) -> str:
    """Return how many of the slower lines an update is, `times` the fastest one."""
    fastest = stream.most(stream.lines[-1])
    return "".join(
        f"; {line}: {times * fastest / stream.most(line):.0f} x line" for line in stream.lines[:-1]
    )


def _pieces(stream: Stream, size: int) -> list[bytes]:
    return [
        each[start : start + size]
        for each in stream.messages
        for start in range(0, len(each), size)
    ]


def _decoded(stream: Stream, pieces: Sequence[bytes]) -> float:
    """Return the seconds of processor until all `pieces` are frames."""
    chain, count = stream.chain(), 0
    began = time.process_time()
    for piece in pieces:
        count += len(chain.feed(piece))
    took = time.process_time() - began
    if count != len(stream.messages):
        sys.exit(f"{stream.name}: {count} frames of {len(stream.messages)}")
    return took


def _understood(stream: Stream, pieces: Sequence[bytes]) -> float:
    """Return the seconds of processor until all `pieces` are updates."""
    chain, count, said = stream.chain(), 0, 0
    between = 1 / stream.most(stream.lines[-1])
    began = time.process_time()
    for piece in pieces:
        for frame in chain.feed(piece):
            count += 1
            update = chain.understand(frame, count * between)
            said += bool(update and update.values)
    took = time.process_time() - began
    if said < count // stream.updates:
        sys.exit(f"{stream.name}: {said} updates of {count} frames")
    return took


def _compared(stream: Stream, ours: float, peer: tuple[str, Peer], rounds: int) -> str:
    name, decode = peer
    took = []
    for _ in range(rounds):
        began = time.process_time()
        for each in stream.messages:
            decode(each)
        took.append(time.process_time() - began)
    return f"{min(took) / ours:.1f} x {name}"


def meterbus_values(data: bytes) -> object:
    """Return the values of the telegram `data` as pyMeterBus reads them."""
    return [each.value for each in _meterbus().load(data).records]


@functools.cache
def _meterbus() -> ModuleType:
    before = logging.root.level, logging.root.handlers[:]
    found = importlib.import_module("meterbus")
    logging.root.level, logging.root.handlers[:] = before  # importing it sets up the log of all
    return found


def _peers() -> dict[str, tuple[str, Peer]]:
    """Return who else decodes what; each gets whole frames, which is all that it takes."""
    from pymodbus.framer import FramerRTU
    from pymodbus.pdu import DecodePDU

    framer = FramerRTU(DecodePDU(False))
    modbus = ("pymodbus, no values", lambda data: framer.handleFrame(data, 1, 0))
    return {
        "M-Bus, 13 records": ("pyMeterBus", meterbus_values),
        "Modbus RTU, PZEM-004T": modbus,
        "Modbus RTU, SDM630": modbus,
    }
