"""The device node of a serial port, and why it cannot be used."""

import errno
import fcntl
import os
import stat
import termios
from dataclasses import dataclass
from pathlib import Path

from submeter.errors import Condition, LinkError

_CONDITIONS = {
    errno.EACCES: Condition.NO_PERMISSION,
    errno.EPERM: Condition.NO_PERMISSION,
    errno.EAGAIN: Condition.BUSY,
    errno.EBUSY: Condition.BUSY,
}
_MISSING = (errno.ENOENT, errno.ENODEV, errno.ENXIO)


@dataclass(frozen=True, slots=True)
class Device:
    """A serial device node; a link to it is followed anew each time it is opened."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def check(self) -> None:
        """Raise LinkError with one line if the node is not there or may not be used."""
        try:
            if not stat.S_ISCHR(self.path.stat().st_mode):
                raise LinkError(
                    f"{self.path} is no serial device; for a recording write replay:FILE"
                )
            descriptor = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise self.refused(error) from None
        terminal = os.isatty(descriptor)
        os.close(descriptor)
        if not terminal:
            raise LinkError(f"{self.path} is no serial device; name the adapter's port")

    def prove_free(self) -> None:
        """Raise LinkError if another program has the port now."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self.refused(error) from None

    def refused(self, error: Exception) -> LinkError:
        """Return why the node could not be opened, given what the system said."""
        number = _number(error)
        condition = _CONDITIONS.get(number or 0, Condition.NO_DEVICE)
        if number in _MISSING:
            text = f"there is no {self.path}; plug the adapter in or name another port"
        elif condition is Condition.NO_PERMISSION:
            text = f"no right to use {self.path}; add the user to the group 'dialout'"
        else:
            text = f"cannot open {self.path}: {_reason(error)}"
        return LinkError(text, condition)

    def lost(self, error: Exception | str) -> LinkError:
        """Return that the open node is gone, as with an adapter that was unplugged."""
        reason = error if isinstance(error, str) else _reason(error)
        return LinkError(f"{self.path} is gone: {reason}", Condition.NO_DEVICE)

    def unsettable(self, reason: str) -> LinkError:
        """Return that the open node does not take the speed or the format."""
        return LinkError(f"cannot set {self.path}: {reason}", Condition.WRONG_SETTINGS)


def _number(error: Exception) -> int | None:
    number = error.args[0] if isinstance(error, termios.error) else getattr(error, "errno", None)
    return number if isinstance(number, int) else None


def _reason(error: Exception) -> str:
    number = _number(error)
    if number in (errno.EAGAIN, errno.EBUSY):
        return "another program uses it"
    return os.strerror(number) if number else str(error)
