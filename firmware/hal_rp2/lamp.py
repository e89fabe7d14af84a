"""The lamp of the board: it blinks while a tool can get in, and is dark while it is measured.

Its current goes through the supply that the converter measures against.
"""

import time

from machine import Pin
from micropython import const

_LAMP = const(25)  # on the XIAO blue, on the Pico green; lit by 0 on the one and by 1 on the other
_BLINK = const(125)  # ms


def blink(seconds):
    """Blink so long; KeyboardInterrupt ends it."""
    lamp = Pin(_LAMP, Pin.OUT)
    try:
        for _ in range(seconds * 1000 // _BLINK):
            lamp.value(not lamp.value())
            time.sleep_ms(_BLINK)
    finally:
        Pin(_LAMP, Pin.IN)
