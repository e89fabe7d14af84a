"""Registers and pins that are none, so that the firmware runs where there is no RP2040."""
# mypy: ignore-errors
# ruff: noqa

import os
import sys
import time

PWRON_RESET, WDT_RESET = 1, 3
SCRATCH = 0x4005800C
KEPT = os.getenv("BOARD_KEPT")
"""The file that outlives a reset."""
FRAME_US = 1_000_000 // 6000


class _Registers:
    """What was written, but for the timer, the converter that is always ready, and the DMA."""

    def __init__(self):
        self._told = {}
        self._began = time.ticks_us()

    def __getitem__(self, address):
        if address == 0x40054024:
            return 0
        if address == 0x40054028:
            return time.ticks_us()
        if address == 0x4004C000:
            return 1 << 8
        if address == 0x4004C008:
            return 0
        if address == SCRATCH:
            return int(_kept() or 0)
        if address >> 28 == 5 and address & 0x3F == 4:
            frames = time.ticks_diff(time.ticks_us(), self._began) // FRAME_US
            return self._told.get("ring", 0) + 8 * (frames % 4096)
        return self._told.get(address, 0)

    def __setitem__(self, address, value):
        self._told[address] = value
        if address == SCRATCH:
            with open(KEPT, "w") as file:
                file.write(str(value))

    def ring(self, address):
        self._told["ring"] = address
        self._began = time.ticks_us()


def _kept():
    try:
        with open(KEPT) as file:
            return file.read()
    except OSError:
        return ""


mem32 = _Registers()


class Pin:
    IN, OUT, PULL_UP, IRQ_FALLING, IRQ_RISING = 0, 1, 2, 4, 8

    def __init__(self, number, mode=0, pull=0):
        self._value = 1

    def value(self, new=None):
        if new is None:
            return self._value
        self._value = new

    def irq(self, handler=None, trigger=0, hard=False):
        pass


class ADC:
    def __init__(self, pin):
        pass


class WDT:
    def __init__(self, timeout):
        pass

    def feed(self):
        pass


def unique_id():
    return b"\xe6\x60\x38\xb7\x13\x00\x00\x01"


def reset_cause():
    return WDT_RESET if _kept() else PWRON_RESET


def reset():
    sys.exit(0)


def disable_irq():
    return 0


def enable_irq(state):
    pass
