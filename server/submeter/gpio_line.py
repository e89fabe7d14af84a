"""Lines of a Linux GPIO chip through gpiod 2, which is loaded when a line is asked for."""

import errno
import importlib
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from submeter.errors import Condition, LinkError

_CONDITIONS = {
    errno.EBUSY: (Condition.BUSY, "another program uses it"),
    errno.EACCES: (Condition.NO_PERMISSION, "no right to; add the user to the group 'gpio'"),
    errno.EPERM: (Condition.NO_PERMISSION, "no right to; add the user to the group 'gpio'"),
    errno.ENOENT: (Condition.NO_DEVICE, "there is no such chip; gpiodetect lists them"),
    errno.ENODEV: (Condition.NO_DEVICE, "it is no GPIO chip, or was unplugged"),
    errno.ENOTTY: (Condition.NO_DEVICE, "it is no GPIO chip"),
}


def library() -> ModuleType:
    """Return gpiod; raises LinkError if it is missing, or of the incompatible version 1."""
    try:
        gpiod = importlib.import_module("gpiod")
    except ImportError:
        message = "the library gpiod is missing; pip install 'gpiod>=2'"
        raise LinkError(message, Condition.NOT_INSTALLED) from None
    if not hasattr(gpiod, "request_lines"):
        message = "gpiod is of version 1; pip install 'gpiod>=2'"
        raise LinkError(message, Condition.NOT_INSTALLED)
    return gpiod


def request(chip: str, line: int, settings: Callable[[ModuleType], Any], **rest: Any) -> Any:
    """Return gpiod's LineRequest of one line for us alone; raises LinkError with its condition.

    `settings` makes the LineSettings, given the library; `rest` goes to `gpiod.request_lines`.
    """
    gpiod = library()
    try:
        wanted = {line: settings(gpiod)}
        return gpiod.request_lines(chip, consumer="submeter", config=wanted, **rest)
    except OSError as error:
        raise lost(chip, line, error) from None
    except ValueError as error:
        raise LinkError(f"{chip} has no line {line} ({error})") from None


def check(chip: str) -> None:
    """Raise LinkError with one line if the library or the node of the chip is missing."""
    if not library().is_gpiochip_device(chip):
        number = errno.ENOTTY if os.path.exists(chip) else errno.ENOENT
        condition, why = _CONDITIONS[number]
        raise LinkError(f"cannot use {chip}: {why}", condition)


def prove_free(chip: str, line: int) -> None:
    """Raise LinkError if there is no such line, or another program has it now."""
    # Asked for as it is, a line is neither driven nor let go.
    request(chip, line, lambda gpiod: gpiod.LineSettings()).release()


def lost(chip: str, line: int, error: OSError) -> LinkError:
    """Return what to raise where `error` befell a line."""
    number = error.errno or 0
    condition, why = _CONDITIONS.get(number, (Condition.NO_DEVICE, error.strerror or str(error)))
    return LinkError(f"cannot use line {line} of {chip}: {why}", condition)
