"""What only the kernel's serial drivers can do; see their header <linux/serial.h>.

The numbers of the requests are those of x86, ARM and RISC-V.
"""

import fcntl
import struct

from submeter.errors import LinkError
from submeter.modbus.settings import Rs485Settings

_GET_SERIAL, _SET_SERIAL = 0x541E, 0x541F  # TIOCGSERIAL, TIOCSSERIAL
_SERIAL_SIZE = 128  # more than a struct serial_struct
_FLAGS = struct.Struct("i")
_FLAGS_AT = 16  # after type, line, port and irq
_LOW_LATENCY = 1 << 13  # ASYNC_LOW_LATENCY

_SET_RS485 = 0x542F  # TIOCSRS485
_RS485 = struct.Struct("3I20x")  # struct serial_rs485: flags, delays in ms
_ENABLED, _RTS_ON_SEND, _RTS_AFTER_SEND = 1, 2, 4

_GET_COUNTS = 0x545D  # TIOCGICOUNT
_COUNTS = struct.Struct("11i36x")  # struct serial_icounter_struct
_OVERRUN, _BUFFER_OVERRUN = 7, 10


def ask_low_latency(descriptor: int) -> bool:
    """Ask the adapter not to hold bytes back; tell whether its driver can."""
    settings = bytearray(_SERIAL_SIZE)
    try:
        fcntl.ioctl(descriptor, _GET_SERIAL, settings)
        (flags,) = _FLAGS.unpack_from(settings, _FLAGS_AT)
        _FLAGS.pack_into(settings, _FLAGS_AT, flags | _LOW_LATENCY)
        fcntl.ioctl(descriptor, _SET_SERIAL, settings)
    except OSError:
        return False
    return True


def rs485(settings: Rs485Settings) -> bytes:
    """Return the struct serial_rs485 that `settings` ask for."""
    flags = _ENABLED
    flags |= _RTS_ON_SEND if settings.rts_on_send else 0
    flags |= _RTS_AFTER_SEND if settings.rts_after_send else 0
    return _RS485.pack(flags, settings.delay_before, settings.delay_after)


def switch_direction(descriptor: int, settings: Rs485Settings) -> None:
    """Have the kernel switch the direction of the line; raises LinkError if the driver cannot."""
    try:
        fcntl.ioctl(descriptor, _SET_RS485, rs485(settings))
    except OSError as error:
        raise LinkError(
            f"its driver cannot switch the direction of an RS-485 line ({error.strerror}); "
            "remove 'rs485' if the adapter switches by itself"
        ) from None


def overruns(descriptor: int) -> int:
    """Return how many characters the driver lost, 0 if it does not count them."""
    counts = bytearray(_COUNTS.size)
    try:
        fcntl.ioctl(descriptor, _GET_COUNTS, counts)
    except OSError:
        return 0
    numbers = _COUNTS.unpack(counts)
    return int(numbers[_OVERRUN] + numbers[_BUFFER_OVERRUN])
