"""What a board must be, to run the firmware."""

import contextlib
import json
from collections.abc import Iterator
from typing import NamedTuple

from submeter.errors import Condition, LinkError

OLDEST = (1, 22, 0)
"""The first MicroPython with rp2.DMA."""
SLOW = ((1, 24, 0), (1, 26, 0))
"""The first and the last one that waits so long for a host that samples get lost."""
WHERE = "https://micropython.org/download/SEEED_XIAO_RP2040"

ODD = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""What it leads to, to read JSON of another form than is expected."""
_LONGEST = 120  # characters of a board that are shown

ASK = """
import binascii, json, os, sys
try:
    import rp2
    dma = hasattr(rp2, "DMA")
except ImportError:
    dma = False
import machine
try:
    uid = binascii.hexlify(machine.unique_id()).decode()
except AttributeError:
    uid = ""
disk = os.statvfs(".")
print(json.dumps([
    sys.implementation[0], list(sys.implementation[1][:3]),
    getattr(sys.implementation, "_machine", sys.platform),
    getattr(sys.implementation, "_mpy", 0), dma, uid, disk[0] * disk[3], disk[0],
]))
"""
"""Run on a board, tells the Facts as JSON."""


class Facts(NamedTuple):
    """An interpreter and its board: `free` bytes in blocks of `block`, `mpy` what it can load.

    `mpy` is sys.implementation._mpy of MicroPython: version, sub-version, architecture.
    """

    name: str
    version: tuple[int, int, int]
    machine: str
    mpy: int
    dma: bool
    uid: str
    free: int
    block: int

    @property
    def interpreter(self) -> str:
        """The interpreter for people."""
        return f"{self.name} {'.'.join(map(str, self.version))}"

    @property
    def warning(self) -> str:
        """What is to be said of the interpreter in a line of its own, else no text."""
        if not SLOW[0] <= self.version <= SLOW[1]:
            return ""
        return (
            f"\nwarning: {self.interpreter} loses samples while the host does not read; "
            f"1.28 does not: {WHERE}"
        )


def parse(answer: str) -> Facts:
    """Return what a board answered to ASK; raises LinkError."""
    with sensible(answer):
        name, version, machine, mpy, dma, uid, free, block = json.loads(answer)
        major, minor, patch = version
        return Facts(
            plain(name), (int(major), int(minor), int(patch)), plain(machine), int(mpy), bool(dma),
            plain(uid), int(free), max(1, int(block)),
        )  # fmt: skip


@contextlib.contextmanager
def sensible(answer: str) -> Iterator[None]:
    """Raise LinkError where what a board answered cannot be read."""
    try:
        yield
    except ODD:
        raise LinkError(f"the board gives no sense: {answer[:80]!r}", Condition.NOISE) from None


def plain(told: object) -> str:
    """Return what a board told as a short text that does nothing to a terminal."""
    text = str(told)[:_LONGEST]
    return "".join(each if each.isprintable() else "?" for each in text)


def prove(facts: Facts, port: str) -> None:
    """Raise LinkError if the firmware cannot run there."""
    if facts.name != "micropython":
        fault = f"{port} has {facts.interpreter}, and the firmware needs MicroPython"
    elif facts.version < OLDEST:
        fault = f"{port} has {facts.interpreter}, and the firmware needs 1.22 or later"
    elif "RP2350" in facts.machine or not facts.dma:
        fault = f"{port} is a {facts.machine}, and the firmware needs an RP2040"
        raise LinkError(fault, Condition.OTHER_METER)
    else:
        return
    raise LinkError(f"{fault}; {how_to_start()}", Condition.OLD_FIRMWARE)


def how_to_start() -> str:
    """Return how MicroPython comes onto a board."""
    return (
        "hold BOOT while you plug the board in, and copy the image of MicroPython onto the disk "
        f"RPI-RP2 that appears: {WHERE}"
    )
