"""The time of a board in a hurry: its waits are short."""
# mypy: ignore-errors
# ruff: noqa

from utime import *
import utime

_HURRY = 10


def sleep(seconds):
    utime.sleep_ms(seconds * 1000 // _HURRY)


def sleep_ms(count):
    utime.sleep_ms(max(1, count // _HURRY))
