"""What eight boards cost the host: from the bytes of their lines to readings of their meters.

The peer is the least that any program could do with the same bytes: it checks each line's CRC,
reads its JSON, and takes the difference of the sums.
"""

import asyncio
import json
import logging
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from submeter.meter.audit import Audit
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.setup import Setup
from submeter.pointmap import meter_map
from submeter.sources.rp2040.calibration_file import CalibrationFile
from submeter.sources.rp2040.source import Rp2040Source
from tooling.board import line
from tooling.clamp_chain import RATE, identity, snapshot
from tooling.clamp_host import Host
from tooling.clamp_sums import BoardSums
from tooling.clamp_waves import Signal, Waves

BOARDS = 8
SECONDS, QUICK_SECONDS = 60, 20
ROUNDS = 3
AIM = 0.05  # of a core
_SNAPSHOT = 10  # s
_BEGIN = 1_790_000_000.0
_LAYOUTS = {
    "three meters each": [{"L1": 1}, {"L1": 2}, {"L1": 3}],
    "one of three phases": [{"L1": 1, "L2": 2, "L3": 3}],
}


def run(quick: bool = False) -> None:
    """Print the share of a core, and that of the peer."""
    logging.getLogger("submeter").setLevel(logging.ERROR)
    seconds = QUICK_SECONDS if quick else SECONDS
    print(f"  host cost of {BOARDS} boards, a waveform each {_SNAPSHOT} s, with their meters:")
    for name, clamps in _LAYOUTS.items():
        lags = (0, 40, 80) if len(clamps) == 1 else (0, 0, 0)
        spoken = _spoken(seconds, lags)
        peer = median(_peer(spoken) for _ in range(ROUNDS)) * BOARDS / seconds
        took = median(asyncio.run(_took(spoken, clamps)) for _ in range(ROUNDS))
        share = took / seconds
        print(
            f"    {name:20} {share:6.2%} of a core (aim {AIM:.0%}: "
            f"{'kept' if share < AIM else 'MISSED'}), peer {peer:.3%}, ratio {share / peer:.1f}",
            flush=True,
        )


def _spoken(seconds: int, lags: tuple[int, int, int]) -> list[bytes]:
    """Return what a board says in each second, who it is first."""
    who = identity()._replace(lags=lags)
    waves = Waves(Signal(230, 0, {5: (0.03, 17)}), [Signal(9, 20, {3: (0.2, 9)})] * 3)
    sums = BoardSums(who)
    said = [line("ID", sums.identity())]
    for second in range(seconds):
        data = line("S", sums.record(waves.take(RATE)))
        if second % _SNAPSHOT == _SNAPSHOT - 1:
            data += b"".join(snapshot(waves, who, second))
        said.append(data)
    return said


async def _took(spoken: Sequence[bytes], clamps: Sequence[dict[str, int]]) -> float:
    """Return the processor seconds of all boards, their sources and meters."""
    with TemporaryDirectory() as folder:
        file = CalibrationFile(Path(folder) / "clamps.json")
        hosts = [await _board(file, clamps) for _ in range(BOARDS)]
        meters = [meter for _, each in hosts for meter in each]
        began = time.process_time()
        for second, data in enumerate(spoken):
            at = _at(second)
            for host, _ in hosts:
                host.hear(data, at)
                host.line.sent.clear()
            for meter in meters:
                meter.tick(at)
            await asyncio.sleep(0)
        took = time.process_time() - began
        for host, each in hosts:
            _prove(each)
            await host.stop()
    return took


async def _board(
    file: CalibrationFile, clamps: Sequence[dict[str, int]]
) -> tuple[Host, list[Meter]]:
    clamp = {"volts": 1.0, "current": 50.0}
    host = Host(
        *({"board": identity().uid, "clamps": each, "clamp": clamp} for each in clamps),
        corrections=file,
    )
    meters = [_meter(source) for source in host.sources]
    await host.start(*(meter.update for meter in meters))
    return host, meters


def _meter(source: Rp2040Source) -> Meter:
    points = meter_map.load("standard").serving(source.expected).points
    feed = Feed(source.name, source.expected, source.max_age, source.dials, source.largest_power)
    setup = Setup(largest_power=source.largest_power)
    return Meter(source.name, points, [feed], setup, audit=Audit(), start=_at(0))


def _prove(meters: Sequence[Meter]) -> None:
    for meter in meters:
        assert meter.readings["THD_Current_L1"].value


def _peer(spoken: Sequence[bytes]) -> float:
    """Return the processor seconds of reading what one board said."""
    began, before = time.process_time(), None
    for data in spoken:
        for each in data.splitlines():
            body, _, crc = each[1:].rpartition(b"*")
            if zlib.crc32(body) != int(crc, 16):
                raise ValueError("a damaged line")
            tag, _, text = body.partition(b" ")
            content = json.loads(text)
            if tag == b"S":
                if before:
                    [b - a for a, b in zip(before, content["s"], strict=True)]
                before = content["s"]
    return time.process_time() - began


def _at(second: int) -> Instant:
    return Instant(10_000.123457 + second, _BEGIN + second + 0.123457)
