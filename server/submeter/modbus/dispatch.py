"""From a request to its answer: functions 1 to 4, exceptions for everything else.

The checks and their order are those of the Modbus Application Protocol V1.1b3, section 7 and the
state diagrams of 6.1 to 6.4: function, then quantity, then address.
"""

import struct
from collections.abc import Mapping

from submeter.modbus.framing import Adu
from submeter.modbus.image import Image

ILLEGAL_FUNCTION = 0x01
ILLEGAL_ADDRESS = 0x02
ILLEGAL_VALUE = 0x03
NO_SUCH_UNIT = 0x0B
"""Gateway target device failed to respond: nobody has this unit id."""

_request = struct.Struct(">BHH")


def respond(units: Mapping[int, Image], request: Adu) -> Adu:
    """Return the answer to `request`, with its transaction id and unit id."""
    image = units.get(request.unit)
    if image is None:
        return request._replace(pdu=exception(request.pdu[0], NO_SUCH_UNIT))
    return request._replace(pdu=answer(image, request.pdu))


def answer(image: Image, pdu: bytes) -> bytes:
    """Return the answer to the request `pdu` (1 byte or more); never raises.

    Function 1 to 4: function, count of data bytes, data. An exception is `function | 0x80` and a
    code: 01 for every other function, 03 for a PDU that is not five bytes long or asks for none or
    too many values, 02 for a span that the map does not let be read.
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
    if not block.layout.readable(address, count):
        return exception(function, ILLEGAL_ADDRESS)
    data = block.read(address, count)
    return bytes((function, len(data))) + data


def span(pdu: bytes) -> tuple[int, int]:
    """Return the address and the count in a request of function 1 to 4."""
    _, address, count = _request.unpack(pdu)
    return address, count


def exception(function: int, code: int) -> bytes:
    """Return an exception answer.

    Codes from 0x80 on are no request functions (V1.1b3, 4.1): they come back as they are.
    """
    return bytes((function | 0x80, code))
