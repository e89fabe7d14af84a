"""The GET service of DLMS: requests out, answers in.

DLMS UA 1000-2 (Green Book) ed. 8, 9.3.9 and 9.5: GET-Request-Normal and -Next, GET-Response-Normal
and -With-Datablock, Exception-Response.
"""

from typing import NamedTuple

from submeter.errors import FrameError

_REQUEST, _RESPONSE, _EXCEPTION, _SERVICE_ERROR = 0xC0, 0xC4, 0xD8, 0x0E
_NORMAL, _WITH_DATABLOCK = 1, 2
_NEXT = 2
_HIGH_PRIORITY_CONFIRMED = 0xC0

DENIED, OBJECT_UNDEFINED, CLASS_INCONSISTENT, OBJECT_UNAVAILABLE = 3, 4, 9, 11
NO_SUCH_OBJECT = frozenset({DENIED, OBJECT_UNDEFINED, CLASS_INCONSISTENT, OBJECT_UNAVAILABLE})
REFUSALS = {
    1: "hardware fault",
    2: "temporary failure",
    DENIED: "read-write denied",
    OBJECT_UNDEFINED: "object undefined",
    CLASS_INCONSISTENT: "object class inconsistent",
    OBJECT_UNAVAILABLE: "object unavailable",
    12: "type unmatched",
    13: "scope of access violated",
    14: "data block unavailable",
    15: "long get aborted",
    16: "no long get in progress",
    250: "other reason",
}
EXCEPTION = 256
"""Stands for an exception to the service as a whole, which is no refusal of an object."""
UNREADABLE = 257
"""Stands for a value that is no A-XDR data, or of a type that we do not know."""


class Attribute(NamedTuple):
    """An attribute of an object: class, OBIS code of six bytes, and number."""

    class_id: int
    code: bytes
    number: int


class Answer(NamedTuple):
    """A part of an answer: bytes of A-XDR data, or the number of a refusal.

    `block` is None for an answer in one piece, else the number of this piece; `last` tells that no
    more follow.
    """

    data: bytes
    refusal: int | None = None
    block: int | None = None
    last: bool = True


def request(attribute: Attribute, invoke: int) -> bytes:
    """Return the request of one attribute; `invoke` 0..15 comes back with the answer."""
    head = bytes([_REQUEST, _NORMAL, _HIGH_PRIORITY_CONFIRMED | invoke])
    class_id = attribute.class_id.to_bytes(2, "big")
    return head + class_id + attribute.code + bytes([attribute.number, 0])


def request_next(block: int, invoke: int) -> bytes:
    """Return the request of what follows the piece number `block`."""
    return bytes([_REQUEST, _NEXT, _HIGH_PRIORITY_CONFIRMED | invoke]) + block.to_bytes(4, "big")


def parse(apdu: bytes, invoke: int) -> Answer:
    """Return what `apdu` answers to the request `invoke`; raises FrameError if it is no answer."""
    if apdu[:1] in (bytes([_EXCEPTION]), bytes([_SERVICE_ERROR])):
        return Answer(b"", EXCEPTION)
    if len(apdu) < 5 or apdu[0] != _RESPONSE:
        raise FrameError("the meter answers something else")
    if apdu[2] & 0x0F != invoke:
        raise FrameError("the meter answers another question")
    if apdu[1] == _NORMAL:
        return _choice(apdu, 3)
    if apdu[1] == _WITH_DATABLOCK and len(apdu) >= 10:
        answer = _choice(apdu, 8)
        data = answer.data
        if answer.refusal is None:
            length, at = _length(data)
            if len(data) != at + length:
                raise FrameError("a block has another length than it says")
            data = data[at:]
        block = int.from_bytes(apdu[4:8], "big")
        return Answer(data, answer.refusal, block, bool(apdu[3]))
    raise FrameError("the meter answers in a form that was not asked for")


def _choice(apdu: bytes, at: int) -> Answer:
    if apdu[at] == 0:
        return Answer(apdu[at + 1 :])
    if apdu[at] == 1 and len(apdu) == at + 2:
        return Answer(b"", apdu[at + 1])
    raise FrameError("an answer is neither data nor a refusal")


def _length(data: bytes) -> tuple[int, int]:
    """Return the A-XDR length at the start of `data`, and how many bytes it takes."""
    if not data:
        raise FrameError("a block has no length")
    if data[0] < 0x80:
        return data[0], 1
    size = data[0] & 0x7F
    if not 1 <= size <= 2 or len(data) < 1 + size:
        raise FrameError("a block has an impossible length")
    return int.from_bytes(data[1 : 1 + size], "big"), 1 + size
