"""The RP2040 as core/board.py wants it."""

import binascii
import os
import time

import machine
from micropython import const

from hal_rp2 import clock, kept
from hal_rp2.inputs import Inputs, check
from hal_rp2.sampler import Sampler
from hal_rp2.usb import Usb

_WATCHDOG = const(8000)  # ms; the register holds up to 8388
_TURN = const(4)  # ms
_WELL = const(60_000)  # ms without a failure, to say that all is well
_FLUSH = const(50)  # ms for the last answer to leave


class Hal:
    """The board; what each name does stands in core/board.py. `starts` is hal_rp2.starts.Starts."""

    def __init__(self, starts):
        self.uid = binascii.hexlify(machine.unique_id()).decode()
        self.reset_cause = starts.cause
        self.sampler = Sampler()
        self._dog = machine.WDT(timeout=_WATCHDOG)  # from here on, as it cannot be stopped
        self._starts = starts
        self._began = time.ticks_ms()
        self._well = False
        self._inputs = Inputs()
        usb = Usb()
        self.read = usb.read
        self.write = usb.write
        self.ticks = clock.ticks
        self.check_pulses = check
        self.load = kept.load
        self.save = kept.save

    def new_boot(self):
        """Return another name of a run at each call."""
        return binascii.hexlify(os.urandom(4)).decode()

    def watchdog(self):
        """Feed the watchdog."""
        self._dog.feed()
        if not self._well and time.ticks_diff(time.ticks_ms(), self._began) > _WELL:
            self._well = True
            self._starts.well()

    def idle(self):
        """Wait while the ring fills."""
        time.sleep_ms(_TURN)

    def configure_pulses(self, pins, debounce_ms):
        """Count from 0 at these pins, which check_pulses has passed."""
        self._inputs.close()
        self._inputs = Inputs(pins, debounce_ms)

    def pulses(self):
        """Return the counts, in the order of the pins."""
        return self._inputs.counts()

    def close(self):
        """Give back what works on without the program: DMA and interrupts."""
        self.sampler.close()
        self._inputs.close()

    def reset(self):
        """Reset the board, as it was asked to."""
        self._leave()
        machine.reset()

    def bootloader(self):
        """Show the board as a disk."""
        self._leave()
        machine.bootloader()

    def _leave(self):
        self.close()
        self._starts.asked()
        time.sleep_ms(_FLUSH)
