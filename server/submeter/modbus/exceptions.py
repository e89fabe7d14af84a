"""Exception answers: `function | 0x80` and a code (V1.1b3, 7)."""

ILLEGAL_FUNCTION = 0x01
ILLEGAL_ADDRESS = 0x02
ILLEGAL_VALUE = 0x03
DEVICE_FAILURE = 0x04
BUSY = 0x06
NEGATIVE_ACKNOWLEDGE = 0x07
"""Of the serial-line counters (V1.1b3, 6.8.1, sub-function 16); we never send it."""
NO_SUCH_UNIT = 0x0B
"""Gateway target device failed to respond: nobody has this unit id, or a value has no source."""
SILENCE = 0xFF
"""No exception at all: the request gets no answer."""


def exception(function: int, code: int) -> bytes:
    """Return an exception answer.

    Codes from 0x80 on are no request functions (V1.1b3, 4.1): they come back as they are.
    """
    return bytes((function | 0x80, code))


def refusal(function: int, code: int) -> bytes | None:
    """Return the exception answer, or None for SILENCE."""
    return None if code == SILENCE else exception(function, code)
