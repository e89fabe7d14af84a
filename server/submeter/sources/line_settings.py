"""The settings of a serial line, as the kernel takes them."""

import errno
import os
import termios
from collections.abc import Sequence

from submeter.sources.port import Line

_SIZES = {"7": termios.CS7, "8": termios.CS8}
_PARITIES = {"N": 0, "E": termios.PARENB, "O": termios.PARENB | termios.PARODD}
_STOPS = {"1": 0, "2": termios.CSTOPB}
_FORM = termios.CSIZE | termios.PARENB | termios.PARODD | termios.CSTOPB
_PSEUDO_TERMINALS = range(136, 144)  # major numbers, Linux' devices.txt

# The parity is checked, and a character with a wrong one read as NUL: no mark, nothing left out.
_INPUT = termios.INPCK


class NotTakenError(Exception):
    """A terminal does not take a speed or a format; the text says which, and what to try."""


def apply(descriptor: int, line: Line) -> None:
    """Set the terminal `descriptor` to `line`, raw, and at once.

    Raises NotTakenError, or OSError or termios.error if it is gone.
    """
    form = "8N1" if line.masked else line.format
    speed = getattr(termios, f"B{line.baudrate}", None)
    if speed is None:
        raise NotTakenError(f"there is no speed {line.baudrate}; try {_nearest(line.baudrate)}")
    control = termios.CREAD | termios.CLOCAL
    control |= _SIZES[form[0]] | _PARITIES[form[1]] | _STOPS[form[2]]
    characters = termios.tcgetattr(descriptor)[6]
    # With a minimum of 0 an empty line would read like one that is gone.
    characters[termios.VMIN], characters[termios.VTIME] = 1, 0
    wanted = [_INPUT, 0, control, 0, speed, speed, characters]
    try:
        termios.tcsetattr(descriptor, termios.TCSANOW, wanted)
    except termios.error as error:
        # The C library says so when the driver took a part only; what was taken is seen below.
        if error.args[0] != errno.EINVAL:
            raise
    _confirm(descriptor, line, wanted)


def _nearest(baudrate: int) -> str:
    """Return the speeds next to one that there is not."""
    known = sorted(int(name[1:]) for name in dir(termios) if name[0] == "B" and name[1:].isdigit())
    below = [str(each) for each in known if 0 < each < baudrate]
    above = [str(each) for each in known if each > baudrate]
    return " or ".join(below[-1:] + above[:1])


def _confirm(descriptor: int, line: Line, wanted: Sequence[object]) -> None:
    if os.major(os.fstat(descriptor).st_rdev) in _PSEUDO_TERMINALS:
        return  # it has neither parity nor speed, and needs none
    taken = termios.tcgetattr(descriptor)
    control = wanted[2]
    assert isinstance(control, int)
    changed = (taken[2] ^ control) & _FORM
    if taken[5] != wanted[5]:
        raise NotTakenError(f"it does not take {line.baudrate} baud; try another adapter")
    if changed & termios.PARENB:
        raise NotTakenError(f"it has no parity, and the format is {line.format}; try format 8N1")
    if changed:
        raise NotTakenError(f"it does not take the format {line.format}; try another adapter")
