"""From a request to its answer: which function it is, and whether this peer may use it."""

from submeter.meter.instant import Instant
from submeter.modbus import identification, reading, serial_functions, write_request, writing
from submeter.modbus.counters import Counters
from submeter.modbus.exceptions import ILLEGAL_FUNCTION, exception
from submeter.modbus.unit import Answer, Peer, Unit


def answer(
    unit: Unit, pdu: bytes, peer: Peer, now: Instant, line: Counters | None = None
) -> Answer:
    """Return the answer to the request `pdu` (1 byte or more); never raises.

    Functions 1 to 6, 15 to 17, 22, 23 and 43/14, and with the counters of a serial `line` 7, 8, 11
    and 12 too. Exception 01 for every other one, for those that `unit` has not, and for what the
    peer may not do. The checks and their order are those of the Modbus Application Protocol
    V1.1b3, section 7 and the state diagrams of section 6: function, quantity, address, value.
    """
    function = pdu[0]
    if function in write_request.FUNCTIONS:
        return writing.write(unit, pdu, peer, now)
    if unit.functions is not None and function not in unit.functions:
        return exception(function, ILLEGAL_FUNCTION)
    if function in reading.FUNCTIONS:
        return reading.read(unit.image, pdu)
    if function == identification.REPORT:
        return identification.report(unit.identification, pdu)
    if function == identification.READ:
        return identification.read(unit.identification, pdu)
    if line and function in serial_functions.FUNCTIONS:
        return serial_functions.answer(line, unit.image.status, pdu)
    return exception(function, ILLEGAL_FUNCTION)
