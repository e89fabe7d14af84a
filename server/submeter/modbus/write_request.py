"""Requests of the functions that write: their form, and nothing about what stands where."""

import struct
from dataclasses import dataclass
from typing import NamedTuple

from submeter.pointmap.address import Table

FUNCTIONS = frozenset((5, 6, 15, 16, 22, 23))
MOST_BITS = 1968
"""Coils of function 15 (V1.1b3, 6.11)."""
MOST_REGISTERS = 123
"""Registers of function 16 (V1.1b3, 6.12)."""
MOST_BOTH = (125, 121)
"""Registers that function 23 reads and writes (V1.1b3, 6.17)."""

_single = struct.Struct(">BHH")
_several = struct.Struct(">BHHB")
_mask = struct.Struct(">BHHH")
_both = struct.Struct(">BHHHHB")
_COIL = {0x0000: b"\0", 0xFF00: b"\1"}


class Masks(NamedTuple):
    """Function 22: the result is (old AND `keep`) OR (`put` AND NOT `keep`), V1.1b3, 6.16."""

    keep: int
    put: int

    def of(self, old: int) -> int:
        """Return what becomes of the register `old`."""
        return (old & self.keep) | (self.put & ~self.keep & 0xFFFF)


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """What is to be written: `count` places of `table` from wire address `address` on.

    `data` has two bytes for each register and one, 0 or 1, for each coil; it is empty for a mask.
    `read` is the span, address and count, that function 23 reads afterwards.
    """

    function: int
    table: Table
    address: int
    count: int
    data: bytes
    masks: Masks | None = None
    read: tuple[int, int] | None = None

    @property
    def end(self) -> int:
        """The address behind the last one."""
        return self.address + self.count

    def part(self, wire: int, words: int) -> bytes:
        """Return the data for `words` places from `wire` on, as far as there is any."""
        size = 1 if self.table.bits else 2
        start = max(wire - self.address, 0)
        return self.data[size * start : size * max(wire + words - self.address, 0)]


def parse(pdu: bytes) -> WriteRequest | None:
    """Return the request in `pdu`, of one of FUNCTIONS.

    None, which is exception 03, for a wrong length, quantity, byte count or value of a coil.
    """
    match pdu[0]:
        case 5 | 6:
            return _parse_single(pdu)
        case 15 | 16:
            return _parse_several(pdu)
        case 22:
            return _parse_mask(pdu)
        case _:
            return _parse_both(pdu)


def _parse_single(pdu: bytes) -> WriteRequest | None:
    if len(pdu) != _single.size:
        return None
    function, address, value = _single.unpack(pdu)
    if function == 6:
        return WriteRequest(function, Table.HOLDING, address, 1, pdu[3:])
    data = _COIL.get(value)
    return None if data is None else WriteRequest(function, Table.COIL, address, 1, data)


def _parse_several(pdu: bytes) -> WriteRequest | None:
    if len(pdu) < _several.size:
        return None
    function, address, count, size = _several.unpack_from(pdu)
    data = pdu[_several.size :]
    if len(data) != size:
        return None
    if function == 16:
        if not 1 <= count <= MOST_REGISTERS or size != 2 * count:
            return None
        return WriteRequest(function, Table.HOLDING, address, count, data)
    if not 1 <= count <= MOST_BITS or size != (count + 7) // 8:
        return None
    bits = int.from_bytes(data, "little")
    return WriteRequest(
        function, Table.COIL, address, count, bytes(bits >> n & 1 for n in range(count))
    )


def _parse_mask(pdu: bytes) -> WriteRequest | None:
    if len(pdu) != _mask.size:
        return None
    function, address, keep, put = _mask.unpack(pdu)
    return WriteRequest(function, Table.HOLDING, address, 1, b"", Masks(keep, put))


def _parse_both(pdu: bytes) -> WriteRequest | None:
    if len(pdu) < _both.size:
        return None
    function, read_at, to_read, address, count, size = _both.unpack_from(pdu)
    data = pdu[_both.size :]
    most_read, most_written = MOST_BOTH
    if not (1 <= to_read <= most_read and 1 <= count <= most_written):
        return None
    if size != 2 * count or len(data) != size:
        return None
    return WriteRequest(function, Table.HOLDING, address, count, data, read=(read_at, to_read))
