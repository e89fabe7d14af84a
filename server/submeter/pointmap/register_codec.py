"""From the number of a reading to the bytes of its registers, and back.

Registers are sent most significant byte first (Modbus Application Protocol V1.1b3, 4.2); how a
value of several registers is laid out in them is no part of that standard: `Register.order` says.
"""

import functools
import math
import struct
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from submeter.pointmap.register import Constant, Order, Quantity, Register, RegisterType

Number = int | float
Encoder = Callable[[Number | None], tuple[bytes, bool]]


class _Form(NamedTuple):
    """What the bytes of a number depend on; see `Register`."""

    type: RegisterType
    words: int
    power: int
    scale: tuple[int, int]
    offset: tuple[int, int]
    codes: tuple[tuple[int, int], ...] | None
    order: Order
    invalid: int
    counted: bool
    constant: bool


_SIGNED = frozenset({"int16", "int32", "int64"})
_FLOATS = {"float32": struct.Struct(">f"), "float64": struct.Struct(">d")}
_COUNTED = ("index", "timestamp")


def encode(number: Number | None, register: Register) -> tuple[bytes, bool]:
    """Return the bytes of the registers that hold `number`, and whether it does not fit them.

    `number` is in the unit of readings. None, NaN and the infinities are not known: they give the
    pattern `register.invalid`. So do a number that the type cannot hold, one that has no code, and
    one whose bytes would be a pattern that says unknown (a constant may be); of these, and only of
    these, the second part is True. Integers are exact: an index and a time count what is complete,
    1999 mWh are 1 Wh, anything else is rounded to the nearest, a half to the even one. Raises
    ValueError for a bit, and for a number in a string.
    """
    return encoder(register)(number)


def encoder(register: Register) -> Encoder:
    """Return `encode` for this register, with everything worked out that never changes."""
    if register.type is None:
        raise ValueError(f"{register.at} is a bit")
    codes = None if register.codes is None else tuple(register.codes.items())
    return _encoder(
        _Form(
            register.type,
            register.words,
            register.power,
            register.scale.as_integer_ratio(),  # a Fraction is slow to compare
            register.offset.as_integer_ratio(),
            codes,
            register.order,
            register.invalid,
            _counted(register),
            isinstance(register.content, Constant),
        )
    )


def decode(data: bytes, register: Register) -> Number | None:
    """Return the number, in the unit of readings, that `data` holds: the reverse of `encode`.

    None for the invalid pattern, NaN, an infinity, a number without a code, and one beyond a
    float. What has no fractions (an index, a time, a state) is an integer. Raises ValueError for a
    bit, a string, and data of another length than the registers'.
    """
    number = raw_number(data, register)
    if number is None:
        return None
    if register.codes is not None:
        return next((value for value, code in register.codes.items() if code == number), None)
    return _as_read(as_reading(number, register), register)


def raw_number(data: bytes, register: Register) -> Number | None:
    """Return the number that stands in `data` itself, before codes, scale and offset.

    None for the invalid pattern, NaN and the infinities. Raises ValueError as `decode`.
    """
    if register.type in (None, "string"):
        raise ValueError(f"{register.at} is no number")
    if len(data) != 2 * register.words:
        raise ValueError(f"{register.at} has {2 * register.words} bytes, not {len(data)}")
    may_be_unknown = register.type != "bits" and not isinstance(register.content, Constant)
    if may_be_unknown and data == _pattern(register):
        return None
    raw = _raw(_ordered(data, register.order), register)
    return raw if math.isfinite(raw) else None


def as_reading(raw: Number, register: Register) -> Fraction:
    """Return exactly what the number `raw` of a register is in the unit of readings."""
    return (Fraction(raw) * register.scale + register.offset) / Fraction(10) ** register.power


def encode_text(text: str, register: Register) -> bytes:
    """Return the bytes of a string: ASCII with '?' for what is not, cut or filled with NUL.

    `register.chars` stand in each register, one of them in its low byte. An order that swaps the
    bytes of a word swaps them here too; the words of a string always follow one another.
    """
    size = register.words * register.chars
    data = text.encode("ascii", "replace")[:size].ljust(size, b"\0")
    if register.chars == 1:
        data = b"".join(bytes((0, letter)) for letter in data)
    return _swapped(data) if _swaps(register.order) else data


def decode_text(data: bytes, register: Register) -> str:
    """Return the text of a string without the NULs and blanks at its end.

    What is not ASCII comes as U+FFFD.
    """
    if _swaps(register.order):
        data = _swapped(data)
    if register.chars == 1:
        data = data[1::2]
    return data.decode("ascii", "replace").rstrip("\0 ")


@functools.lru_cache(maxsize=1024)
def _encoder(form: _Form) -> Encoder:
    """Return the encoder of all registers of this form: a map has hundreds of few forms."""
    pattern = _pattern(form)
    pack = _packer(form)
    reserved = not form.constant and any(pattern)
    finite = math.isfinite

    def encode(number: Number | None) -> tuple[bytes, bool]:
        if number is None:
            return pattern, False
        try:
            if not finite(number):
                return pattern, False
            data = pack(number)
        except (OverflowError, KeyError):  # an integer beyond any float has no finiteness either
            return pattern, True
        return data, reserved and data == pattern

    return encode


def _pattern(form: _Form | Register) -> bytes:
    return _ordered(form.invalid.to_bytes(2 * form.words, "big"), form.order)


def _packer(form: _Form) -> Callable[[Number], bytes]:
    """Return what turns a finite number into bytes; it raises OverflowError or KeyError."""
    if form.type == "string":
        return _pack_text
    pack = _float_packer(form) if form.type in _FLOATS else _integer_packer(form)
    return pack if form.order == "ABCD" else lambda number: _ordered(pack(number), form.order)


def _pack_text(number: Number) -> bytes:
    raise ValueError(f"a string holds no number such as {number}")


def _float_packer(form: _Form) -> Callable[[Number], bytes]:
    pack = _FLOATS[form.type].pack
    if form.codes is not None:
        codes = dict(form.codes)
        return lambda number: pack(codes[_state(number)])
    times, less, over = _proportion(form)
    if (times, less, over) == (1, 0, 1):
        return pack

    def scaled(number: Number) -> bytes:
        # Python divides integers of any size to the nearest float.
        top, bottom = number.as_integer_ratio()
        return pack((top * times - less * bottom) / (bottom * over))

    return scaled


def _integer_packer(form: _Form) -> Callable[[Number], bytes]:
    size, signed, nearest = 2 * form.words, form.type in _SIGNED, not form.counted
    if form.codes is not None:
        codes = dict(form.codes)
        return lambda number: codes[_state(number)].to_bytes(size, "big", signed=signed)
    times, less, over = _proportion(form)
    turned = times < 0  # what is complete counts, whatever sign it is shown with
    if turned:
        times, less = -times, -less

    def pack(number: Number) -> bytes:
        top, bottom = number.as_integer_ratio()
        top, bottom = top * times - less * bottom, bottom * over
        whole, rest = divmod(top, bottom)
        if nearest and (2 * rest > bottom or (2 * rest == bottom and whole & 1)):
            whole += 1
        return (-whole if turned else whole).to_bytes(size, "big", signed=signed)

    return pack


def _proportion(form: _Form) -> tuple[int, int, int]:
    """Return integers so that a reading's number is (number * first - second) / third on the wire.

    The third is positive; the first has the sign of the scale.
    """
    scale = Fraction(*form.scale)
    factor = Fraction(10) ** form.power / scale
    less = Fraction(*form.offset) / scale
    over = math.lcm(factor.denominator, less.denominator)
    return int(factor * over), int(less * over), over


def _counted(register: Register) -> bool:
    """Tell whether only what is complete counts."""
    content = register.content
    return isinstance(content, Quantity) and content.terms[0].point.kind in _COUNTED


def _state(number: Number) -> int:
    """Return the state that `number` is; raises KeyError for what is between two."""
    if number != int(number):
        raise KeyError(number)
    return int(number)


def _raw(data: bytes, register: Register) -> Number:
    if form := _FLOATS.get(str(register.type)):
        number: float = form.unpack(data)[0]
        return number
    return int.from_bytes(data, "big", signed=register.type in _SIGNED)


def _as_read(exact: Fraction, register: Register) -> Number | None:
    """Return the number as readings have it."""
    content = register.content
    kind = content.terms[0].point.kind if isinstance(content, Quantity) else None
    if kind in _COUNTED:
        return round(exact)
    if exact.denominator == 1 and (kind not in (None, "analog") or register.type not in _FLOATS):
        return int(exact)
    try:
        return float(exact)
    except OverflowError:
        return None


def _ordered(data: bytes, order: Order) -> bytes:
    """Return `data`, most significant byte first, in `order`; and the reverse."""
    if order == "CDAB" and len(data) == 4:  # by far the commonest that is not ABCD
        return data[2:] + data[:2]
    if order in ("CDAB", "DCBA"):
        data = data[::-1]
    return _swapped(data) if order in ("CDAB", "BADC") else data


def _swaps(order: Order) -> bool:
    return order in ("BADC", "DCBA")


def _swapped(data: bytes) -> bytes:
    """Return `data` with the two bytes of each word swapped."""
    swapped = bytearray(len(data))
    swapped[0::2], swapped[1::2] = data[1::2], data[0::2]
    return bytes(swapped)
