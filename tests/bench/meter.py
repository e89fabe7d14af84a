"""What a meter costs: processor time of an update, a tick and its share of a commit, and memory.

The peer is the least that any program could do which serves changed values: it makes a dictionary
of as many readings, compares it with the one before, and packs the numbers for the wire. Run as a
script with a word, this file measures the memory of meters or of peers in a process of its own.
"""

import asyncio
import gc
import os
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from submeter.config import StoreSettings
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading, Update

from .fleet import POINTS, Fleet, everything, phases

COUNTS = (1, 100, 1000)
ROUNDS = 3
COMMITS = {1: 20, 100: 2, 1000: 1}  # in a round
SOME, MANY = 100, 1000
AIM = 0.25  # of one core, for MANY
STORE = StoreSettings()
_WIRE = struct.Struct(f">{len(POINTS)}f")


def run() -> None:
    """Print the cost of a meter beside that of its peer, and what it takes of memory."""
    given = everything()
    print(
        f"Meter, {len(POINTS)} points, an instrument that gives {len(given)} of them anew each "
        f"second, a commit\nevery {STORE.commit:g} s (kept in memory), median of {ROUNDS} "
        "alternating runs"
    )
    print("  meters  instrument gives   face     us a meter and second   peer us   ratio")
    found = [_row(count, "everything", given) for count in COUNTS]
    _row(SOME, "phases only", phases())
    _row(SOME, "everything", given, images=True)
    share = found[-1] * MANY / 1e6
    verdict = "below" if share < AIM else "ABOVE"
    print(f"  {MANY} meters take {share:.1%} of one core, {verdict} the aim of {AIM:.0%}")
    ours, peers = (_memory(kind) for kind in ("meters", "peers"))
    print(
        f"  memory: {ours:.1f} KB a meter, {peers:.1f} KB a peer, ratio {ours / peers:.1f} "
        f"(resident, over {MANY})"
    )


def _row(count: int, title: str, names: Sequence[str], images: bool = False) -> float:
    """Print and return what a meter costs of a second, in us."""
    ours, peers = asyncio.run(_alternate(count, names, images))
    ratio = median(our / peer for our, peer in zip(ours, peers, strict=True))
    face = "Modbus" if images else "none"
    print(
        f"  {count:6}  {title:17}  {face:7}  {median(ours):21.1f}   {median(peers):7.1f}"
        f"   {ratio:5.1f}"
    )
    return median(ours)


async def _alternate(
    count: int, names: Sequence[str], images: bool
) -> tuple[list[float], list[float]]:
    """Return the us a meter and second of each round, ours and the peers'."""
    fleet = Fleet(count, names, STORE.commit, STORE.sample, images)
    await fleet.warm_up()
    gang = [Peer() for _ in range(count)]
    ours: list[float] = []
    peers: list[float] = []
    gc.collect()
    gc.freeze()  # as the program does once it is up
    seconds = int(COMMITS[count] * STORE.commit)
    for turn in range(ROUNDS):
        span = range(turn * seconds, (turn + 1) * seconds)
        said = [fleet.updates(second) for second in span]
        began = time.process_time()
        for second, updates in zip(span, said, strict=True):
            await fleet.second(second, updates)
        ours.append((time.process_time() - began) * 1e6 / count / seconds)
        peers.append(_time_of_peers(gang, said) * 1e6 / count / seconds)
        fleet.pages.clear()
    gc.unfreeze()
    for meter in fleet.meters:  # a run that measures refusals would measure something else
        assert meter.energy.refused == 0
        assert meter.readings["Active_Energy_Import"].quality is Quality.MEASURED
    return ours, peers


class Peer:
    """One dictionary of readings, and the bytes of their numbers."""

    __slots__ = ("changed", "content", "readings")

    def __init__(self) -> None:
        self.readings = {point.name: Reading(0.0, Quality.STALE) for point in POINTS}
        self.take({}, Instant(0.0, 0.0))

    def take(self, numbers: dict[str, float], at: Instant) -> None:
        """Take the number of every point."""
        before = self.readings
        readings = {name: Reading(each, Quality.MEASURED, at) for name, each in numbers.items()}
        self.changed = [name for name, each in readings.items() if each[:2] != before[name][:2]]
        self.readings = before | readings
        self.content = _WIRE.pack(*(reading[0] or 0.0 for reading in self.readings.values()))


def _time_of_peers(gang: list[Peer], said: list[list[Update]]) -> float:
    """Return the s of processor that the peers take for as many updates of all their points."""
    first = said[0][0].values["Frequency"].number
    series = [
        {point.name: first + second + n for n, point in enumerate(POINTS)}
        for second in range(len(said))
    ]
    began = time.process_time()
    for second, numbers in enumerate(series):
        at = Instant(float(second), float(second))
        for peer in gang:
            peer.take(numbers, at)
    return time.process_time() - began


def _memory(kind: str) -> float:
    """Return the KB that one of MANY meters or peers adds to a process."""
    command = [sys.executable, "-m", f"{__package__}.{Path(__file__).stem}", kind]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


async def _grow(kind: str) -> None:
    """Print what MANY of a kind add to this process after some updates, in KB each."""
    warm = Fleet(1, everything(), STORE.commit, STORE.sample)
    await warm.warm_up()
    said = warm.updates(0)
    gc.collect()
    before = _resident()
    kept: list[object] = []
    if kind == "meters":
        fleet = Fleet(MANY, everything(), STORE.commit, STORE.sample)
        await fleet.warm_up()
        kept.append(fleet)
    else:
        gang = [Peer() for _ in range(MANY)]
        for peer in gang:  # numbers of its own each, as a meter has
            peer.take({point.name: float(n) for n, point in enumerate(POINTS)}, Instant(1.0, 1.0))
        kept.append(gang)
    kept.append(said)
    gc.collect()
    print((_resident() - before) / 1024 / MANY)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    asyncio.run(_grow(sys.argv[1]))
