"""The data readout of IEC 62056-21: bytes in, blocks whose check character is right out.

IEC 62056-21:2002, 6.3.4: `STX lines ! CR LF ETX BCC`. BCC is the exclusive or of all that follows
STX, ETX included (ISO 1155). A line holds data sets `id(value*unit)`; one without an id of its own
continues the one before.
"""

import functools
import operator
import re
from dataclasses import dataclass
from typing import NamedTuple

LARGEST = 65_536
"""Bytes of a block; readouts of 330 lines have about 13 000."""
SEVEN_BITS = bytes(range(128)) * 2
"""Takes the eighth bit off, which is the parity where the port did not."""

_STX, _ETX, _CR, _LF = b"\x02\x03\r\n"
_END = b"!\r\n"

_ID = r"[0-9A-Za-z.:\-*&]{0,32}"
_VALUE = r"[^()*]{0,128}"
_SET = re.compile(rf"({_ID})\(({_VALUE})(?:\*([^()*]{{0,16}}))?\)")
_LINE = re.compile(rf"(?:{_ID}\({_VALUE}(?:\*[^()*]{{0,16}})?\))+")


class Field(NamedTuple):
    """A value as it was sent, with its unit; both may be empty."""

    value: str
    unit: str = ""


class DataSet(NamedTuple):
    """What stands behind one identifier: most have one field, a maximum has its time as well."""

    id: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Readout:
    """One whole readout: its data sets in the order sent, and the bytes from STX to BCC."""

    sets: tuple[DataSet, ...]
    raw: bytes


class Decoder:
    """Turns bytes into readouts; the split of the bytes makes no difference.

    A block is bad when its BCC is wrong, when it does not end with `!`, when it has a control
    character other than CR and LF, or when it is too long. STX always starts anew.
    """

    def __init__(self) -> None:
        self.bad = 0
        self._block: bytearray | None = None  # after STX
        self._ended = False  # ETX was seen: the next byte is the BCC

    @property
    def within(self) -> bool:
        """Whether a block has begun and not ended."""
        return self._block is not None

    def feed(self, data: bytes) -> list[Readout]:
        """Take in the next bytes, return the readouts that they complete; raises nothing."""
        done: list[Readout] = []
        for byte in data.translate(SEVEN_BITS):
            if self._ended:
                self._end(byte, done)
            elif byte == _STX:
                self.bad += self._block is not None
                self._block = bytearray()
            elif self._block is not None:
                self._take(byte)
        return done

    def _take(self, byte: int) -> None:
        assert self._block is not None
        self._block.append(byte)
        if byte == _ETX:
            self._ended = True
        elif not (0x20 <= byte < 0x7F or byte in (_CR, _LF)) or len(self._block) > LARGEST:
            self.bad += 1
            self._block = None

    def _end(self, byte: int, done: list[Readout]) -> None:
        """Judge the block that ends with the check character `byte`."""
        block = bytes(self._block or b"")
        self._ended = False
        # A check character that looks like STX may be one: the real one was lost then.
        self._block = bytearray() if byte == _STX else None
        if byte != bcc(block) or not block.endswith(_END + bytes([_ETX])):
            self.bad += 1
            return
        text = block[: -len(_END) - 1].decode("ascii")
        done.append(Readout(_sets(text), bytes([_STX]) + block + bytes([byte])))


def bcc(block: bytes) -> int:
    """Return the check character of `block`, which runs from behind STX to ETX inclusive."""
    return functools.reduce(operator.xor, block, 0)


def _sets(text: str) -> tuple[DataSet, ...]:
    """Return the data sets of all lines; a line of another form is left out."""
    sets: list[DataSet] = []
    for line in text.splitlines():
        if not _LINE.fullmatch(line):
            continue
        begun = len(sets)
        for name, value, unit in _SET.findall(line):
            field = Field(value.strip(), unit.strip())
            if name or len(sets) == begun:
                sets.append(DataSet(name, (field,)))
            else:
                sets[-1] = DataSet(sets[-1].id, (*sets[-1].fields, field))
    return tuple(sets)
