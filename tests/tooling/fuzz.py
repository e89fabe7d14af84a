"""Requests by chance: good ones, ones at every limit, and ones that are damaged.

Everything comes from one seed, so that a failure can be had again; see `SEED`.
"""

import os
import random
import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tooling.serial_line import sealed

FRAMES = int(os.environ.get("SUBMETER_FUZZ", "100000"))
"""Frames of all fuzz tests together."""
SEED = int(os.environ.get("SUBMETER_SEED", "4"))

READS, WRITES = (1, 2, 3, 4), (5, 6, 15, 16, 22, 23)
_SERIAL = (7, 8, 11, 12)
_WRITE = {1: (5, 15), 2: (), 3: (6, 16, 22, 23), 4: ()}  # by the function that reads the same
_BYTES = (0x00, 0x01, 0x02, 0x7D, 0x7F, 0x80, 0xFA, 0xFD, 0xFE, 0xFF)
_COUNTS = (0, 1, 1, 2, 2, 2, 4, 4, 8, 60, 120, 123, 124, 125, 126, 1968, 1969, 2000, 2001, 65535)
_WORDS = (0, 1, 2, 15, 100, 247, 9600, 0x00FF, 0x0100, 0x7FFF, 0x8000, 0xFF00, 0xFFFF)
_FLOATS = (0.0, -0.0, 1.0, 5.0, 15.0, 60.0, 61.0, 100.0, 247.0, 9600.0, 19200.0, 1e9, -1.0, 0.5)
_NO_NUMBERS = (b"\x7f\xc0\0\0", b"\x7f\x80\0\0", b"\xff\xff\xff\xff", b"\x00\x00\x00\x01")
_LENGTHS = (0, 1, 2, 3, 5, 6, 7, 253, 254, 255, 256, 300, 65535)


class Place(NamedTuple):
    """Where something stands: `words` addresses from `wire` on, read by `function`."""

    function: int
    wire: int
    words: int
    writable: bool


class Maker:
    """Makes PDUs and frames for the units of `places`, most often about what stands there."""

    def __init__(self, seed: int, places: Mapping[int, Sequence[Place]]) -> None:
        self.dice = random.Random(seed)
        self._places = places
        self._units = list(places)
        self._everywhere = [place for each in places.values() for place in each]

    def unit(self) -> int:
        """Return a unit id, most often of one that there is."""
        return self.dice.choice(self._units) if self.dice.random() < 0.95 else self._byte()

    def pdu(self, unit: int) -> bytes:
        """Return a request: its form is right for the most part, its content anything."""
        chance = self.dice.random()
        places = self._places.get(unit, self._everywhere)
        if chance < 0.4:
            return self._read(self.dice.choice(places))
        if chance < 0.7:
            function = self.dice.choice(WRITES)
            fit = [each for each in places if each.writable and function in _WRITE[each.function]]
            return self._write(function, self.dice.choice(fit or places))
        if chance < 0.8:
            return self._on_serial(self.dice.choice(_SERIAL))
        if chance < 0.87:
            mei = 14 if self.dice.random() < 0.8 else self._byte()
            return bytes((43, mei, self.dice.choice((0, 1, 2, 3, 4, 5, 255)), self._byte()))
        if chance < 0.9:
            return b"\x11" + self._random(self.dice.choice((0, 0, 1)))
        return bytes((self._byte(),)) + self._random(self.dice.choice((0, 1, 2, 4, 5, 20, 252)))

    def damaged(self, data: bytes) -> bytes:
        """Return `data` with one kind of damage, at least one byte long."""
        match self.dice.randrange(6):
            case 0:
                return self._flipped(data)
            case 1:
                return data[: self.dice.randint(1, len(data))]
            case 2:
                return data + self._random(self.dice.choice((1, 2, 30, 300)))
            case 3:
                return self._with_byte(data, self.dice.choice(_BYTES))
            case 4:
                return self._spliced(data, self.pdu(self.unit()))
            case _:
                return self._random(self.dice.choice((1, 3, 8, 40, 270)))

    def tcp(self) -> bytes:
        """Return a frame of Modbus TCP, or what is left of one."""
        unit, length = self.unit(), None
        pdu = self.pdu(unit)
        chance = self.dice.random()
        if chance < 0.2:
            pdu = self.damaged(pdu)[:253]
        elif chance < 0.22:
            length = self.dice.choice(_LENGTHS)
        frame = struct.pack(
            ">HHHB", self.dice.randrange(65536), 0, len(pdu) + 1 if length is None else length, unit
        )
        frame += pdu
        return self.damaged(frame) if chance > 0.97 else frame

    def rtu(self) -> bytes:
        """Return a frame of Modbus RTU, or what is left of one, to some unit or to all."""
        unit = 0 if self.dice.random() < 0.05 else self.unit()
        pdu = self.pdu(unit)
        if self.dice.random() < 0.2:
            pdu = self.damaged(pdu)[:253]
        frame = sealed(bytes((unit,)) + pdu)
        chance = self.dice.random()
        if chance < 0.2:
            other = self.unit()
            second = sealed(bytes((other,)) + self.pdu(other))
            frame = self._spliced(frame, second) if chance < 0.1 else frame + second
        return self.damaged(frame) if chance > 0.6 else frame

    def pieces(self, data: bytes, most: int) -> list[bytes]:
        """Return `data` in up to `most` pieces, cut anywhere."""
        count = self.dice.randint(0, most - 1)
        cuts = sorted(self.dice.randint(0, len(data)) for _ in range(count))
        return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]

    def _read(self, place: Place) -> bytes:
        function = place.function if self.dice.random() < 0.9 else self.dice.choice(READS)
        count = place.words * self.dice.choice((1, 1, 2, 3, 4))
        if self.dice.random() < 0.3:
            count = self.dice.choice(_COUNTS)
        return struct.pack(">BHH", function, self._address(place), count)

    def _address(self, place: Place) -> int:
        if self.dice.random() < 0.9:
            return (place.wire + self.dice.choice((0, 0, 0, 0, 0, 0, -1, 1, -2))) & 0xFFFF
        return self.dice.choice((0, 65535, 65534, self.dice.randrange(65536)))

    def _write(self, function: int, place: Place) -> bytes:
        head = struct.pack(">BH", function, self._address(place))
        if function in (5, 6):
            return head + struct.pack(">H", self.dice.choice(_WORDS))
        if function == 22:
            return head + struct.pack(">HH", self.dice.choice(_WORDS), self.dice.choice(_WORDS))
        count = place.words
        if self.dice.random() < 0.3:
            count = self.dice.choice((1, 2, 4, 6, *_COUNTS))
        if function == 15:
            size = (count + 7) // 8
            data = self._random(min(size, 246))
        else:
            size = 2 * count
            data = b"".join(self._value() for _ in range(min(count, 123) // 2 + 1))[:size]
        if function == 23:
            read = self.dice.choice((self._address(place), 0, 0x28))
            to_read = self.dice.choice((1, 2, 2, 60))
            head = struct.pack(">BHHH", function, read, to_read, self._address(place))
        return (head + struct.pack(">HB", count, size & 0xFF) + data)[:253]

    def _value(self) -> bytes:
        """Return four bytes: a number that some setting takes, or none does."""
        chance = self.dice.random()
        if chance < 0.7:
            return struct.pack(">f", self.dice.choice(_FLOATS))
        if chance < 0.9:
            return struct.pack(">HH", self.dice.choice(_WORDS), self.dice.choice((0, *_WORDS)))
        return self.dice.choice((*_NO_NUMBERS, self._random(4)))

    def _on_serial(self, function: int) -> bytes:
        if function != 8:
            return bytes((function,)) + self._random(self.dice.choice((0, 0, 0, 1)))
        sub = self.dice.choice((*range(22), self.dice.randrange(65536)))
        data = self.dice.choice((b"\0\0", b"\0\0", b"\0\0", b"\xff\0", b"", self._random(2)))
        return struct.pack(">BH", function, sub) + data

    def _flipped(self, data: bytes) -> bytes:
        flipped = bytearray(data)
        for _ in range(self.dice.randint(1, 3)):
            flipped[self.dice.randrange(len(data))] ^= 1 << self.dice.randrange(8)
        return bytes(flipped)

    def _with_byte(self, data: bytes, byte: int) -> bytes:
        place = self.dice.randrange(len(data))
        return data[:place] + bytes((byte,)) + data[place + 1 :]

    def _spliced(self, one: bytes, two: bytes) -> bytes:
        return one[: self.dice.randint(1, len(one))] + two[self.dice.randrange(len(two)) :]

    def _byte(self) -> int:
        return self.dice.randrange(256)

    def _random(self, size: int) -> bytes:
        return self.dice.randbytes(size)
