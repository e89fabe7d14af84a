"""Why a write is not done, and the exception that says so."""

from submeter.errors import Refusal
from submeter.modbus.exceptions import (
    DEVICE_FAILURE,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
)

CODES = {
    Refusal.NOT_ALLOWED: ILLEGAL_FUNCTION,
    Refusal.UNKNOWN: ILLEGAL_ADDRESS,
    Refusal.READ_ONLY: ILLEGAL_ADDRESS,
    Refusal.LOCKED: ILLEGAL_VALUE,
    Refusal.SEALED: ILLEGAL_VALUE,
    Refusal.OUT_OF_RANGE: ILLEGAL_VALUE,
    Refusal.UNSUPPORTED: DEVICE_FAILURE,
}
"""The exception of each refusal."""


class NotWritten(Exception):
    """A request that no door has seen: the audit log is still to be told.

    `what` is the place, `code` the exception where it is not that of `reason`. `value` must never
    be what might be an unlock code.
    """

    def __init__(self, reason: Refusal, what: str, value: object, code: int | None = None) -> None:
        super().__init__(what)
        self.reason = reason
        self.what = what
        self.value = value
        self.code = CODES[reason] if code is None else code
