"""A serial device node on a Modbus line: bytes in and out, never waiting."""

import contextlib
import errno
import fcntl
import grp
import os
import stat
import struct
import termios

import serial

from submeter.errors import LinkError
from submeter.modbus.rtu import driver
from submeter.modbus.settings import Rs485Settings

_READ = 4096
_COUNT = struct.Struct("i")
_ALTERED = termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.IXON | termios.IXOFF
_PARITY_BITS = termios.PARENB | termios.PARODD
_PARITY = {"N": 0, "E": termios.PARENB, "O": _PARITY_BITS}
_PSEUDO = range(136, 144)  # major numbers (Linux, admin-guide/devices)


class LinePort:
    """An open port, ours alone; `form` is a character's format such as 8E1.

    Raises LinkError, whose text says what to do, if it is missing, busy, forbidden or no tty.
    Every method raises LinkError once the adapter is gone: then close it.
    """

    def __init__(
        self,
        path: str,
        baudrate: int,
        form: str,
        rs485: Rs485Settings | None = None,
        low_latency: bool = True,
    ) -> None:
        self.path = path
        _check_terminal(path)
        try:
            self._serial = serial.Serial(
                path,
                baudrate=baudrate,
                stopbits=int(form[2]),
                timeout=0,
                exclusive=True,
            )
        except (OSError, ValueError, termios.error) as error:
            raise LinkError(f"cannot open {path}: {_reason(error, path)}") from None
        try:
            self._make_plain(form)
            if low_latency:
                driver.ask_low_latency(self.descriptor)
            if rs485:
                driver.switch_direction(self.descriptor, rs485)
        except (OSError, LinkError, termios.error) as error:
            self._serial.close()
            raise LinkError(f"cannot use {path}: {_reason(error, path)}") from None

    @property
    def descriptor(self) -> int:
        """The file descriptor, for the event loop."""
        return int(self._serial.fileno())

    def read(self) -> bytes:
        """Return what was received, nothing if that is nothing."""
        try:
            data = os.read(self.descriptor, _READ)
        except BlockingIOError:
            return b""
        except (OSError, serial.SerialException) as error:
            raise self._gone(error) from None
        if not data:
            raise LinkError(f"{self.path} is gone: it is ready but has no bytes")
        return data

    def write(self, data: bytes) -> int:
        """Hand `data` to the driver and return how many bytes it took."""
        try:
            return os.write(self.descriptor, data)
        except BlockingIOError:
            return 0
        except (OSError, serial.SerialException) as error:
            raise self._gone(error) from None

    def unsent(self) -> int:
        """Return how many bytes the driver has still to send."""
        try:
            count = fcntl.ioctl(self.descriptor, termios.TIOCOUTQ, bytes(_COUNT.size))
        except OSError as error:
            raise self._gone(error) from None
        return int(_COUNT.unpack(count)[0])

    def give_up_sending(self) -> None:
        """Drop what the driver has not sent."""
        try:
            termios.tcflush(self.descriptor, termios.TCOFLUSH)
        except termios.error as error:
            raise self._gone(error) from None

    def change_format(self, baudrate: int, form: str) -> None:
        """Go on with another baud rate and format; what came before is dropped."""
        try:
            self._serial.apply_settings({"baudrate": baudrate, "stopbits": int(form[2])})
            self._make_plain(form)
            self._serial.reset_input_buffer()
        except (OSError, ValueError, termios.error) as error:
            raise LinkError(f"cannot set {self.path}: {_reason(error, self.path)}") from None

    def overruns(self) -> int:
        """Return how many characters the driver lost since it was loaded."""
        return driver.overruns(self.descriptor)

    def close(self) -> None:
        """Close the device node at once, so that the kernel can give the name out again."""
        self._serial.close()

    def _make_plain(self, form: str) -> None:
        """Set the parity, and turn off what alters received bytes or drops them at a break.

        With VMIN 1 a port without bytes can be told from one that is gone.
        """
        parity = _PARITY[form[1]]
        attributes = termios.tcgetattr(self.descriptor)
        attributes[0] &= ~_ALTERED
        attributes[2] = attributes[2] & ~_PARITY_BITS | parity
        attributes[6][termios.VMIN] = 1
        with contextlib.suppress(termios.error):  # of parity alone; the rest is set by then
            termios.tcsetattr(self.descriptor, termios.TCSANOW, attributes)
        kept = termios.tcgetattr(self.descriptor)[2] & _PARITY_BITS
        if kept != parity and not _is_pseudo(self.descriptor):
            raise LinkError(f"its driver has no characters {form}; set another parity")

    def _gone(self, error: Exception) -> LinkError:
        return LinkError(f"{self.path} is gone: {_reason(error, self.path)}")


def _is_pseudo(descriptor: int) -> bool:
    """Tell whether this is a pseudo-terminal, on whose line there is no parity."""
    return os.major(os.fstat(descriptor).st_rdev) in _PSEUDO


def complaint(path: str) -> str | None:
    """Return why `path` cannot be the port of a line, None if it may be; nothing is opened."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        return f"cannot use {path}: {_reason(error, path)}"
    return None if stat.S_ISCHR(mode) else f"{path} is no serial device; name the adapter's port"


def _check_terminal(path: str) -> None:
    """Raise LinkError unless `path` is a terminal, without waiting for anything."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise LinkError(f"cannot open {path}: {_reason(error, path)}") from None
    terminal = os.isatty(descriptor)
    os.close(descriptor)
    if not terminal:
        raise LinkError(f"cannot open {path}: it is no serial device; name the adapter's port")


def _reason(error: Exception, path: str) -> str:
    number = error.args[0] if isinstance(error, termios.error) else getattr(error, "errno", None)
    if number == errno.ENOENT:
        return "there is no such device; is the adapter plugged in?"
    if number in (errno.EAGAIN, errno.EBUSY):
        return "another program uses it"
    if number in (errno.EACCES, errno.EPERM):
        return f"no permission; its group is '{_group(path)}': add the user to it"
    if number == errno.EINVAL:
        return "it has no such baud rate or character format"
    return os.strerror(number) if number else str(error)


def _group(path: str) -> str:
    try:
        return grp.getgrgid(os.stat(path).st_gid).gr_name
    except (OSError, KeyError):
        return "unknown"
