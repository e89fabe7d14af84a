"""Functions 7, 8, 11 and 12, which exist on serial lines only (V1.1b3, 6.7 to 6.10)."""

import struct

from submeter.modbus.counters import Counters
from submeter.modbus.exceptions import ILLEGAL_FUNCTION, ILLEGAL_VALUE, exception

STATUS, DIAGNOSTICS, EVENT_COUNTER, EVENT_LOG = 7, 8, 11, 12
FUNCTIONS = frozenset((STATUS, DIAGNOSTICS, EVENT_COUNTER, EVENT_LOG))

_ECHO, _RESTART, _REGISTER, _LISTEN, _CLEAR, _CLEAR_OVERRUNS = 0, 1, 2, 4, 10, 20
_COUNTS = {
    11: "bus_messages",
    12: "errors",
    13: "exceptions",
    14: "messages",
    15: "unanswered",
    16: "refusals",
    17: "busy",
    18: "overruns",
}
_ZERO, _FORGET = b"\x00\x00", b"\xff\x00"
_DATA = {_RESTART: (_ZERO, _FORGET), _REGISTER: (_ZERO,), _LISTEN: (_ZERO,), _CLEAR: (_ZERO,)}
_DATA |= dict.fromkeys((*_COUNTS, _CLEAR_OVERRUNS), (_ZERO,))
_READY = 0x0000  # no program command is being worked on
_ALTERING = frozenset((_RESTART, _LISTEN, _CLEAR, _CLEAR_OVERRUNS))
_short = struct.Struct(">BHH")


def answer(counters: Counters, status: int, pdu: bytes) -> bytes | None:
    """Return the answer to a request of one of FUNCTIONS, None for the silence of 8/4.

    `status` is the byte of function 7. Exceptions: 01 for a sub-function that there is not, 03 for
    a wrong length or data field. What a request changes, `obey` does.
    """
    if pdu[0] == DIAGNOSTICS:
        return _diagnostics(counters, pdu)
    if len(pdu) != 1:
        return exception(pdu[0], ILLEGAL_VALUE)
    if pdu[0] == STATUS:
        return bytes((STATUS, status))
    if pdu[0] == EVENT_COUNTER:
        return _short.pack(EVENT_COUNTER, _READY, _low(counters.completed))
    counts = (_READY, _low(counters.completed), _low(counters.bus_messages))
    data = struct.pack(">3H", *counts) + bytes(counters.events)
    return bytes((EVENT_LOG, len(data))) + data


def obey(counters: Counters, pdu: bytes) -> None:
    """Do what the request `pdu`, which got no exception, changes: after its answer is made."""
    if pdu[0] != DIAGNOSTICS:
        return
    match int.from_bytes(pdu[1:3]):
        case 1:
            counters.restart(forget_events=pdu[3:] == _FORGET)
        case 4:
            counters.listen()
        case 10:
            counters.clear()
        case 20:
            counters.overruns = 0


def alters(pdu: bytes) -> bool:
    """Tell whether `pdu` would change what others get: silence a unit, or clear what it counts."""
    whole = pdu[0] == DIAGNOSTICS and len(pdu) > 2
    return whole and int.from_bytes(pdu[1:3]) in _ALTERING


def restarts(pdu: bytes) -> bool:
    """Tell whether `pdu` is the one request that is heard in listen-only mode."""
    return pdu in (b"\x08\x00\x01\x00\x00", b"\x08\x00\x01\xff\x00")


def _diagnostics(counters: Counters, pdu: bytes) -> bytes | None:
    if len(pdu) < 3:
        return exception(DIAGNOSTICS, ILLEGAL_VALUE)
    sub, data = int.from_bytes(pdu[1:3]), pdu[3:]
    if sub == _ECHO:
        whole = data and len(data) % 2 == 0
        return pdu if whole else exception(DIAGNOSTICS, ILLEGAL_VALUE)
    if sub not in _DATA:
        return exception(DIAGNOSTICS, ILLEGAL_FUNCTION)
    if data not in _DATA[sub]:
        return exception(DIAGNOSTICS, ILLEGAL_VALUE)
    if sub == _LISTEN:
        return None
    if sub == _REGISTER:
        return _short.pack(DIAGNOSTICS, sub, counters.register)
    if name := _COUNTS.get(sub):
        return _short.pack(DIAGNOSTICS, sub, _low(getattr(counters, name)))
    return pdu


def _low(count: int) -> int:
    return count & 0xFFFF
