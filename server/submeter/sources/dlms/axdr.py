"""COSEM data in A-XDR: a tag and what it says (IEC 62056-6-2 4.1.5, IEC 61334-6).

Lists and strings carry their length, as one octet up to 127, otherwise as 0x80 + the number of
octets that hold it.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

from submeter.errors import FrameError

NULL, ARRAY, STRUCTURE, BOOLEAN, BITS = 0, 1, 2, 3, 4
OCTETS, VISIBLE, UTF8, BCD, COMPACT_ARRAY = 9, 10, 12, 13, 19
INT8, INT16, INT32, INT64 = 15, 16, 5, 20
UINT8, UINT16, UINT32, UINT64 = 17, 18, 6, 21
ENUM, FLOAT32, FLOAT64, DATE_TIME, DATE, TIME = 22, 23, 24, 25, 26, 27

DEEPEST = 12
MOST = 20_000  # elements of one value, in all lists together

_EARLY = "data that end too early"
_LISTS = frozenset({ARRAY, STRUCTURE, COMPACT_ARRAY})
_STRINGS = frozenset({OCTETS, VISIBLE, UTF8})
_SIMPLE = {
    INT8: struct.Struct(">b"),
    INT16: struct.Struct(">h"),
    INT32: struct.Struct(">i"),
    INT64: struct.Struct(">q"),
    UINT8: struct.Struct(">B"),
    UINT16: struct.Struct(">H"),
    UINT32: struct.Struct(">I"),
    UINT64: struct.Struct(">Q"),
    BCD: struct.Struct(">b"),
    ENUM: struct.Struct(">B"),
    FLOAT32: struct.Struct(">f"),
    FLOAT64: struct.Struct(">d"),
}
_FIXED = {DATE_TIME: 12, DATE: 5, TIME: 4}


class Data(NamedTuple):
    """One value with its tag.

    It is a list for array, structure and compact array; octets for 9, 25, 26 and 27; a string of 0
    and 1 for a bit string; otherwise what Python has for it.
    """

    tag: int
    value: "bool | int | float | bytes | str | list[Data] | None"

    @property
    def items(self) -> "list[Data]":
        """The elements of a list, none of anything else."""
        return self.value if isinstance(self.value, list) else []


def decode(data: bytes, at: int = 0) -> tuple[Data, int]:
    """Return the value that begins at `at`, and where it ends; raises FrameError.

    Lists may be nested DEEPEST times and have MOST elements. The delta types (28 to 33) are not
    read.
    """
    return _Reader(data).value(at, DEEPEST)


def encode(data: Data) -> bytes:
    """Return the octets of `data`; the elements of a compact array must all be of one form."""
    return bytes([data.tag]) + (
        _form(data.items[0]) + _counted(b"".join(map(_bare, data.items)))
        if data.tag == COMPACT_ARRAY
        else _content(data)
    )


def length(data: bytes, at: int) -> tuple[int, int]:
    """Return the length that stands at `at`, and where what it counts begins; raises FrameError."""
    if at >= len(data):
        raise FrameError(_EARLY)
    first = data[at]
    if first < 0x80:
        return first, at + 1
    size = first & 0x7F
    if not 1 <= size <= 4:
        raise FrameError(f"a length of {size} octets")
    return int.from_bytes(_part(data, at + 1, size), "big"), at + 1 + size


def counted(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the octets whose length stands at `at`, and where they end; raises FrameError."""
    size, start = length(data, at)
    return _part(data, start, size), start + size


def with_length(octets: bytes) -> bytes:
    """Return `octets` behind their length."""
    return _counted(octets)


class _Reader:
    """Reads one value and bounds what it may cost."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = MOST

    def value(self, at: int, depth: int) -> tuple[Data, int]:
        if at >= len(self._data):
            raise FrameError(_EARLY)
        tag = self._data[at]
        if tag not in _LISTS:
            return self._simple(tag, at + 1)
        if tag == COMPACT_ARRAY:
            return self._compact(at + 1, depth)
        count, at = length(self._data, at + 1)
        return self._list(tag, count, at, depth, self.value)

    def _list(
        self, tag: int, count: int, at: int, depth: int, read: Callable[[int, int], "_Read"]
    ) -> "_Read":
        self._spend(count, depth)
        items = []
        for _ in range(count):
            item, at = read(at, depth - 1)
            items.append(item)
        return Data(tag, items), at

    def _spend(self, count: int, depth: int) -> None:
        self._left -= count
        if self._left < 0 or depth <= 0:
            raise FrameError("lists that are too large or too deep")

    def _simple(self, tag: int, at: int) -> "_Read":
        if form := _SIMPLE.get(tag):
            end = at + form.size
            if end > len(self._data):
                raise FrameError(_EARLY)
            return Data(tag, form.unpack_from(self._data, at)[0]), end
        if tag in _STRINGS:
            octets, end = counted(self._data, at)
            return Data(tag, octets if tag == OCTETS else _text(octets)), end
        if tag == NULL:
            return Data(tag, None), at
        if tag == BOOLEAN:
            return Data(tag, bool(_part(self._data, at, 1)[0])), at + 1
        if size := _FIXED.get(tag):
            return Data(tag, _part(self._data, at, size)), at + size
        if tag == BITS:
            return self._bits(at)
        raise FrameError(f"a value with the tag {tag}, which is not read")

    def _bits(self, at: int) -> "_Read":
        count, at = length(self._data, at)
        size = (count + 7) // 8
        octets = _part(self._data, at, size)
        return Data(BITS, "".join(f"{octet:08b}" for octet in octets)[:count]), at + size

    def _compact(self, at: int, depth: int) -> "_Read":
        form, at = self._read_form(at, depth)
        size, at = length(self._data, at)
        end = at + size
        _part(self._data, at, size)
        items = []
        while at < end:
            self._spend(1, depth)
            before = at
            item, at = self._formed(form, at, depth - 1)
            if at == before:
                raise FrameError("a compact array of nothing")
            items.append(item)
        if at != end:
            raise FrameError("a compact array that does not end with an element")
        return Data(COMPACT_ARRAY, items), at

    def _read_form(self, at: int, depth: int) -> "tuple[_Form, int]":
        tag = _part(self._data, at, 1)[0]
        at += 1
        if tag == ARRAY:
            count = int.from_bytes(_part(self._data, at, 2), "big")
            self._spend(1, depth)
            form, at = self._read_form(at + 2, depth - 1)
            return _Form(tag, (form,), count), at
        if tag == STRUCTURE:
            count, at = length(self._data, at)
            self._spend(count, depth)
            forms = []
            for _ in range(count):
                form, at = self._read_form(at, depth - 1)
                forms.append(form)
            return _Form(tag, tuple(forms)), at
        return _Form(tag), at

    def _formed(self, form: "_Form", at: int, depth: int) -> "_Read":
        if form.tag not in (ARRAY, STRUCTURE):
            return self._simple(form.tag, at)
        forms = form.parts * form.times
        self._spend(len(forms), depth)
        items = []
        for each in forms:
            item, at = self._formed(each, at, depth - 1)
            items.append(item)
        return Data(form.tag, items), at


class _Form(NamedTuple):
    """The form of the elements of a compact array: tag, forms within, how often they repeat."""

    tag: int
    parts: "tuple[_Form, ...]" = ()
    times: int = 1


_Read = tuple[Data, int]


def _part(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise FrameError(_EARLY)
    return data[at : at + size]


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def _content(data: Data) -> bytes:
    """Return the octets behind the tag."""
    tag, value = data
    if tag in _SIMPLE:
        return _SIMPLE[tag].pack(value)
    match value:
        case None:
            return b""
        case bool():
            return bytes([value])
        case list():
            return _count(len(value)) + b"".join(map(encode, value))
        case str() if tag == BITS:
            padded = value + "0" * (-len(value) % 8)
            octets = bytes(int(padded[n : n + 8], 2) for n in range(0, len(padded), 8))
            return _count(len(value)) + octets
        case str():
            return _counted(value.encode())
        case bytes() if tag in _FIXED:
            return value
        case bytes():
            return _counted(value)
    raise ValueError(f"tag {tag} does not go with {value!r}")


def _bare(data: Data) -> bytes:
    """Return an element of a compact array, which has no tags and counts."""
    if data.tag == STRUCTURE:
        return b"".join(map(_bare, data.items))
    return _content(data)


def _form(data: Data) -> bytes:
    """Return the description of an element of a compact array; structures of simple values only."""
    if data.tag == STRUCTURE:
        return bytes([data.tag]) + _count(len(data.items)) + b"".join(map(_form, data.items))
    return bytes([data.tag])


def _count(number: int) -> bytes:
    if number < 0x80:
        return bytes([number])
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def _counted(octets: bytes) -> bytes:
    return _count(len(octets)) + octets
