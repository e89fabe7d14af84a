"""Functions 5, 6, 15, 16, 22 and 23: from registers and coils to the door of the meter.

The order of the checks is that of the state diagrams in V1.1b3, 6.5 to 6.17: whether this peer may
write at all (01), the form of the request (03), addresses (02), values (03), then the door.
"""

from collections.abc import Sequence

from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.instant import Instant
from submeter.meter.writing import Door, Lock
from submeter.modbus import reading
from submeter.modbus.exceptions import ILLEGAL_ADDRESS, exception, refusal
from submeter.modbus.image import Image
from submeter.modbus.refused import CODES, NotWritten
from submeter.modbus.unit import Answer, Peer, Unit
from submeter.modbus.unlocking import code_of, unlock
from submeter.modbus.wishes import covered, require_whole, wishes
from submeter.modbus.write_request import WriteRequest, parse
from submeter.pointmap.register import Register, UnlockCode

_HOLDING = 3
_BITS_OR_REGISTERS = (15, 16)


def write(unit: Unit, pdu: bytes, peer: Peer, now: Instant, *, broadcast: bool = False) -> Answer:
    """Do what `pdu`, a request of a function that writes, asks for; return the answer to it.

    Values are written whole, and all of a request or none. What is refused is told to the audit
    log. A broadcast unlocks nothing: one code would be tried once for each meter.
    """
    try:
        return _write(unit, pdu, peer, now, broadcast)
    except NotWritten as error:
        if unit.door:
            unit.door.refuse(error.what, error.value, error.reason, peer.who, now)
        return refusal(pdu[0], error.code)
    except WriteRefusedError as error:  # of the door or the lock, which have told the audit log
        return exception(pdu[0], CODES[error.reason])


def _write(unit: Unit, pdu: bytes, peer: Peer, now: Instant, broadcast: bool) -> Answer:
    function = pdu[0]
    door, lock = _opened(unit, function, peer)
    request = parse(pdu)
    if request is None:
        raise NotWritten(Refusal.OUT_OF_RANGE, f"function {function}", f"{len(pdu)} bytes")
    registers = covered(unit.image, request)
    unreadable = _unreadable(unit.image, request)
    require_whole(request, registers)
    echo = pdu[:5] if function in _BITS_OR_REGISTERS else pdu
    if any(isinstance(each.content, UnlockCode) for each in registers):
        code = _code(request, registers, broadcast)
        return unlock(lock, code, echo, peer.who, now)
    wanted = wishes(unit.image, request, registers)
    if unreadable:
        raise NotWritten(Refusal.UNSUPPORTED, f"function {function}", "unreadable", unreadable)
    door.write_all(wanted, peer.who, now)
    if request.read:
        return reading.answer(function, unit.image.blocks[_HOLDING], *request.read)
    return echo


def _opened(unit: Unit, function: int, peer: Peer) -> tuple[Door, Lock]:
    """Return the door and the lock of `unit`; raises NotWritten if they are not for this peer."""
    served = unit.functions is None or function in unit.functions
    if unit.door and unit.lock and served and peer.may_write and unit.lock.is_open(peer.who):
        return unit.door, unit.lock
    raise NotWritten(Refusal.NOT_ALLOWED, f"function {function}", "")


def _unreadable(image: Image, request: WriteRequest) -> int:
    """Return why the values that function 23 reads cannot be served now, 0 if they can.

    Raises NotWritten if they never can. Nothing is written where nothing could be answered.
    """
    if request.read is None:
        return 0
    code = reading.check(image.blocks[_HOLDING], *request.read)
    if code == ILLEGAL_ADDRESS:
        raise NotWritten(Refusal.UNKNOWN, f"function {request.function}", "unreadable")
    return code


def _code(request: WriteRequest, registers: Sequence[Register], broadcast: bool) -> str:
    """Return the unlock code of a request that consists of it; raises NotWritten."""
    register = next(each for each in registers if isinstance(each.content, UnlockCode))
    alone = len(registers) == 1 and request.masks is None and request.read is None
    data = request.part(register.wire, register.words)
    code = code_of(data, register) if alone and not broadcast else None
    if code is None:
        raise NotWritten(Refusal.OUT_OF_RANGE, register.at, "code")
    return code
