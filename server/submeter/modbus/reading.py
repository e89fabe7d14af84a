"""Functions 1 to 4: spans of a meter's tables (V1.1b3, 6.1 to 6.4)."""

import struct

from submeter.modbus.exceptions import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    exception,
    refusal,
)
from submeter.modbus.image import Image
from submeter.modbus.tables import Bits, Registers

FUNCTIONS = frozenset((1, 2, 3, 4))

_request = struct.Struct(">BHH")


def read(image: Image, pdu: bytes) -> bytes | None:
    """Return the answer to a request of function 1 to 4, None for silence.

    Function, count of data bytes, data; or an exception: 01 for a table that the image has not, 03
    for a PDU that is not five bytes long or asks for none or too many values, then what `check`
    says. The order is that of the state diagrams.
    """
    function = pdu[0]
    block = image.blocks.get(function)
    if block is None:
        return exception(function, ILLEGAL_FUNCTION)
    if len(pdu) != _request.size:
        return exception(function, ILLEGAL_VALUE)
    address, count = span(pdu)
    if not 1 <= count <= block.most:
        return exception(function, ILLEGAL_VALUE)
    if code := check(block, address, count):
        return refusal(function, code)
    return answer(function, block, address, count)


def check(block: Registers | Bits, address: int, count: int) -> int:
    """Return 0 if the span may be read now, else why not.

    ILLEGAL_ADDRESS for one that the map does not let be read; DEVICE_FAILURE, NO_SUCH_UNIT or
    SILENCE where the map says so of a value that is not known.
    """
    alone = block.read_alone(address, count)
    if alone is None and not block.layout.readable(address, count):
        return ILLEGAL_ADDRESS
    return block.refused(address, count)


def answer(function: int, block: Registers | Bits, address: int, count: int) -> bytes:
    """Return the answer with the data of a span that `check` lets be read."""
    data = block.read_alone(address, count)
    if data is None:
        data = block.read(address, count)
    return bytes((function, len(data))) + data


def span(pdu: bytes) -> tuple[int, int]:
    """Return the address and the count in a request of function 1 to 4."""
    _, address, count = _request.unpack(pdu)
    return address, count
