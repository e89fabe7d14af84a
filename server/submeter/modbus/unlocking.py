"""The register that takes the unlock code."""

from submeter.errors import WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.instant import Instant
from submeter.meter.writing import Lock
from submeter.modbus.exceptions import exception
from submeter.modbus.refused import CODES
from submeter.modbus.unit import Answer, Pending
from submeter.pointmap.register import Register
from submeter.pointmap.register_codec import decode, decode_text


def code_of(data: bytes, register: Register) -> str | None:
    """Return the unlock code in `data`, empty to lock again; None if there cannot be one.

    A string is the code itself, padded with NUL or blanks. A number has its decimal digits, so no
    code that begins with 0 can be written as one.
    """
    if not any(data):
        return ""
    if register.type == "string":
        return decode_text(data, register)
    number = decode(data, register)
    return None if number is None else str(int(number))


def unlock(lock: Lock, code: str, echo: bytes, who: Who, now: Instant) -> Answer:
    """Return `echo` once `code` is found right, exception 03 if it is not; "" ends the lease.

    Raises WriteRefusedError if `who` may not try now.
    """
    if not code:
        lock.lock(who, now)
        return echo
    work = lock.attempt(who, code, now)
    if work is None:
        return echo

    def finish(right: bool) -> bytes:
        try:
            lock.conclude(who, right, now)
        except WriteRefusedError as error:
            return exception(echo[0], CODES[error.reason])
        return echo

    return Pending(work, finish)
