"""From the number of a reading to the bytes of its registers."""

import math
import struct

from submeter import units
from submeter.pointmap.meter_map import WORDS, Invalid, Register, RegisterType

_float32 = struct.Struct(">f")


def encode(number: int | float | None, register: Register, invalid: Invalid) -> bytes:
    """Return the registers of `number`, big-endian, most significant word first.

    The number is scaled by `register.power`. None, NaN, an infinity and a number that the type
    cannot hold give the pattern in `invalid`. Integer types count what is complete: 1999 mWh are
    1 Wh; only an analog float is rounded to the nearest. `register` must have a type.
    """
    if register.type is None:
        raise ValueError(f"{register.at} is a bit")
    if number is not None:
        try:
            if register.type == "float32":
                return _as_float(number, register.power)
            return _as_integer(number, register, register.type)
        except (OverflowError, ValueError):
            pass
    pattern: int = getattr(invalid, register.type)
    return pattern.to_bytes(2 * WORDS[register.type], "big")


def _as_float(number: int | float, power: int) -> bytes:
    value = units.scale(number, power)
    if not math.isfinite(value):
        raise ValueError("not a number")
    return _float32.pack(value)


def _as_integer(number: int | float, register: Register, kind: RegisterType) -> bytes:
    signed = kind == "int64"
    whole = _whole(number, register.power, register.point.kind == "analog")
    return whole.to_bytes(2 * WORDS[kind], "big", signed=signed)


def _whole(number: int | float, power: int, nearest: bool) -> int:
    """Return number * 10**power as an integer; integers never pass through a float."""
    if isinstance(number, int):
        scale: int = 10 ** abs(power)
        return number * scale if power >= 0 else number // scale
    scaled = units.scale(number, power)
    return round(scaled) if nearest else math.floor(scaled)
