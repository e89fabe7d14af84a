"""Pulse inputs: contacts between a GPIO and ground, counted by interrupts."""

import time

import machine
from core.pulses import Contact
from machine import Pin
from micropython import const

_PULLED_UP = const(1)  # ms, for the capacity of a long cable
_PINS = const(23)  # GPIO0 to 22: the boards use 23 to 25 themselves, 26 to 29 are the converter's


def check(pins):
    """Raise ValueError for a pin that cannot count pulses."""
    for pin in pins:
        if not 0 <= pin < _PINS:
            raise ValueError("GPIO%d counts no pulses, GPIO0 to 22 do" % pin)


class Inputs:
    """Counts how often the contact at each of `pins` closed."""

    def __init__(self, pins=(), debounce_ms=0):
        self._inputs = [_Input(pin, debounce_ms) for pin in pins]

    def counts(self):
        """Return the counts, in the order of the pins."""
        return [each.count() for each in self._inputs]

    def close(self):
        """Count no more."""
        for each in self._inputs:
            each.close()


class _Input:
    def __init__(self, number, debounce_ms):
        self._pin = Pin(number, Pin.IN, Pin.PULL_UP)
        time.sleep_ms(_PULLED_UP)
        self._contact = Contact(debounce_ms, not self._pin.value())
        both = Pin.IRQ_FALLING | Pin.IRQ_RISING
        self._pin.irq(handler=self._edge, trigger=both, hard=True)

    def _edge(self, pin):
        # Of a hard interrupt: nothing here may take memory.
        self._contact.edge(not pin.value(), time.ticks_ms())

    def count(self):
        state = machine.disable_irq()
        count = self._contact.count(not self._pin.value(), time.ticks_ms())
        machine.enable_irq(state)
        return count

    def close(self):
        self._pin.irq(handler=None)
