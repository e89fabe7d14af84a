"""Runs each kernel on known data: tells what comes out, and how long a frame of four takes.

    mpremote run firmware/measure.py        on a board with the firmware installed
    micropython firmware/measure.py         in MicroPython for unix, or with python

Prints a JSON object: `results`, which must be the same everywhere; `ns` of each kernel; `busy_us`,
how long all turns of a second of the loop take, its record and the collection of garbage
included, without what writing to USB takes; and `free` bytes then, where that is known.
"""

import gc
import json
import math
import sys
import time
from array import array

if "__file__" in globals():  # not on a board
    _FOLDER = __file__.rpartition("/")[0] or "."
    sys.path.insert(0, _FOLDER)
    if sys.implementation.name != "micropython":
        sys.path.insert(0, _FOLDER + "/cpython")

from core import crossing, linearise, snapshot, sums
from core.board import Board

FRAMES = 400
"""Of each call: the most that the firmware sums up at once."""

_RING = 1024  # frames
_MASK = 4 * _RING - 1
_MIDDLE = linearise.middle([9, 9, 9, 9])
_SETUP = array("i", [12, 160, 480, 120, 2, 0, 3, 1, _MIDDLE])


def kernels():
    """Return kernels by name: functions of a ring that return what runs and what tells then."""
    return {
        "linearise": _linearise,
        "scan": _scan,
        "accumulate_v3i": _accumulate_v3i,
        "accumulate_4i": _accumulate_4i,
        "copy": _copy,
    }


def rings():
    """Return rings by name: noise, and the ends of the codes in each combination that matters."""
    top, state = 4096 + 4 * 9 - 1, 1
    noise = array("H", [0] * (4 * _RING))
    for k in range(4 * _RING):
        state = state * 48271 % 2147483647
        noise[k] = state >> 8 & 4095
    found = {"noise": noise}
    for name, voltage, current in (("high", top, top), ("low", 0, 0), ("mixed", top, 0)):
        found[name] = array("H", [current, current, voltage, current] * _RING)
    return found


def results():
    """Return what comes out, by kernel and ring."""
    found = {}
    for name, kernel in kernels().items():
        for kind, ring in rings().items():
            run, tell = kernel(ring)
            run()
            found[name + " " + kind] = tell()
    return found


def times():
    """Return ns of a frame, by kernel; the best of some calls."""
    ring = rings()["noise"]
    found = {}
    for name, kernel in kernels().items():
        run, _ = kernel(ring)
        found[name] = min([_time(run) for _ in range(5)]) * 1000 // FRAMES
    return found


def _time(run):
    """Return us."""
    if sys.implementation.name == "micropython":
        began = time.ticks_us()
        run()
        return time.ticks_diff(time.ticks_us(), began)
    start = time.perf_counter_ns()
    run()
    return (time.perf_counter_ns() - start) // 1000


_CODES = linearise.table([9, 9, 9, 9])


def _linearise(ring):
    ends = array("i", [0, 0, 0, 0])

    def run():
        linearise.linearise(ring, 4 * 900, FRAMES, _MASK, _CODES, ends)

    return run, lambda: list(ends) + [_check(ring)]  # noqa: RUF005 - MicroPython has no [*ends]


def _scan(ring):
    """Look at all frames for a level that is not reached, then for one that is."""
    state = array("i", [0, 16 * _MIDDLE, 1 << 16] + [0] * 4)

    def run():
        crossing.scan(ring, 4 * 900 + 1, FRAMES, _MASK, state)

    def tell():
        state[crossing.DEPTH] = state[crossing.HEIGHT] = 1024
        found = crossing.scan(ring, 4 * 900 + 1, FRAMES, _MASK, state)
        quick = crossing.retrace(ring, 4 * (900 + max(found, 0)) + 1 & _MASK, 30, _MASK, state)
        said = [found, quick]
        said.extend(state)
        said.append(crossing.retrace(ring, 1, 30, _MASK, state))
        said.extend(state)
        return said

    return run, tell


def _accumulate_v3i(ring):
    return _summed(sums.accumulate_v3i, ring)


def _accumulate_4i(ring):
    return _summed(sums.accumulate_4i, ring)


def _summed(accumulate, ring):
    acc, high, low = [array("i", [0] * 17) for _ in range(3)]

    def run():
        for k in range(17):
            acc[k] = 0
        accumulate(ring, 4 * 900, FRAMES, _MASK, _SETUP, acc)

    def tell():
        said = list(acc)
        sums.fold(acc, high, low, 17)
        return said + [(high[k] << 16) + low[k] for k in range(17)] + list(acc)

    return run, tell


def _copy(ring):
    to = array("H", [0] * (4 * FRAMES))

    def run():
        snapshot.copy(ring, -4 * 100, 4 * FRAMES, _MASK, to)

    return run, lambda: [_check(to)]


class _Loop:
    """A HAL and its sampler in one: mains of 46.9 Hz, of which 24 frames wait in each turn."""

    def __init__(self):
        self.sampler = self
        self.uid = "measure"
        self.reset_cause = "soft"
        self.rate = 6000
        self.ring = array("H", [0] * (4 * _RING))
        self.mask = _MASK
        self._now = 0
        for k in range(4 * _RING):
            self.ring[k] = int(2048 + 1300 * math.sin(2 * math.pi * (k >> 2) / 128))

    def start(self):
        self.rd = 0

    def available(self):
        self._now += 4000
        return 24

    def overran(self):
        return False

    def ticks(self):
        return self._now

    def new_boot(self):
        return "00000000"

    def load(self):
        return {"steps": [0, 0, 0, 0]}  # the ring is played again and again

    def check_pulses(self, pins):
        pass

    def configure_pulses(self, pins, debounce):
        pass

    def pulses(self):
        return []

    def read(self):
        return b""

    def write(self, data):
        return len(data)

    def watchdog(self):
        pass


def busy():
    """Return the us that the 250 turns of a second take."""
    board = Board(_Loop())

    def run():
        for _ in range(250):
            board.step()

    run()
    return _time(run)


def _check(words):
    found = 0
    for k in range(len(words)):
        found = (found * 31 + words[k]) & 0xFFFFFF
    return found


if __name__ == "__main__":
    said = {"results": results(), "ns": times(), "busy_us": busy()}
    if hasattr(gc, "mem_free"):
        gc.collect()
        said["free"] = gc.mem_free()
    print(json.dumps(said))
