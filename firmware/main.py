"""Starts the firmware of submeter on a board: seconds in which Ctrl-C gets in, then the measuring.

After a failure the board tells it, and resets. If it fails again and again, it waits a minute each
time, in which a tool can get in; a power cycle makes it forget.
"""

import sys
import time

import machine
import micropython
from core.version import FIRMWARE
from hal_rp2 import lamp
from hal_rp2.starts import Starts

TO_TELL = 5  # s; shorter than the watchdog, which may run already


def main():
    """Measure, for ever; KeyboardInterrupt in the first seconds leads to the interpreter."""
    starts = Starts()
    print("submeter %s starts in %d s, Ctrl-C stops it" % (FIRMWARE, starts.grace))
    try:
        lamp.blink(starts.grace)
    except KeyboardInterrupt:
        starts.asked()
        raise
    measure(starts)
    starts.failed()
    print("submeter failed, and resets in %d s" % TO_TELL)
    time.sleep(TO_TELL)
    machine.reset()


def measure(starts):
    """Measure until it fails, and tell why; no Ctrl-C gets in: the watchdog cannot be stopped."""
    micropython.kbd_intr(-1)
    hal = None
    try:
        from hal_rp2.hal import Hal

        # The ring is a large piece of memory: it comes before all else.
        hal = Hal(starts)
        from core.board import Board

        hal.watchdog()  # sources are compiled at the import, which takes seconds
        Board(hal).run()
    except Exception as error:
        sys.print_exception(error)
    finally:
        if hal:
            hal.close()


main()
