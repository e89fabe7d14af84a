"""The eight kinds of APDU: their fixed parts, and the parameters after them (ASHRAE 135, 20.1)."""

from typing import NamedTuple

from submeter.bacnet.answer import AbortReason, Reason
from submeter.bacnet.application.limits import LARGEST_APDU
from submeter.errors import FrameError

CONFIRMED, UNCONFIRMED, SIMPLE_ACK, COMPLEX_ACK, SEGMENT_ACK, ERROR, REJECT, ABORT = range(8)

REQUEST_HEADER = 4
"""Octets of a whole Confirmed-Request before its parameters."""
ACK_HEADER, SEGMENT_HEADER = 3, 5
"""Octets of a ComplexACK, and of a segment of one, before its parameters."""

_SEGMENTED, _MORE, _TAKES_SEGMENTS = 0x08, 0x04, 0x02
_NEGATIVE, _SERVER = 0x02, 0x01
_LARGEST = (50, 128, 206, 480, 1024, LARGEST_APDU)
_LARGEST_CODE = len(_LARGEST) - 1
_ANY_NUMBER = 7


class ConfirmedRequest(NamedTuple):
    """A Confirmed-Request or one segment of it; `sequence` and `window` are 0 in a whole one.

    `most_segments` is how many the client takes, None if it does not say or takes more than 64.
    `largest` is the largest APDU that it takes, in octets.
    """

    segmented: bool
    more: bool
    takes_segments: bool
    most_segments: int | None
    largest: int
    invoke_id: int
    sequence: int
    window: int
    service: int
    body: bytes


class SegmentAck(NamedTuple):
    """A SegmentACK; `server` tells that the one who answers a request sent it."""

    negative: bool
    server: bool
    invoke_id: int
    sequence: int
    window: int


class Reply(NamedTuple):
    """A SimpleACK, an Error, or the head of a ComplexACK."""

    segmented: bool
    invoke_id: int
    service: int


class Ending(NamedTuple):
    """A Reject or an Abort; of the latter `server` tells that the one who answers sent it."""

    server: bool
    invoke_id: int
    reason: int


def confirmed_request(apdu: bytes) -> ConfirmedRequest:
    """Read a Confirmed-Request; raises FrameError if it is cut off.

    Codes of Max-APDU-Length-Accepted that are reserved stand for the size that all can take.
    """
    segmented = bool(_octet(apdu, 0) & _SEGMENTED)
    at = 5 if segmented else 3
    service = _octet(apdu, at)
    first, limits = apdu[0], apdu[1]
    segments, code = limits >> 4 & 0x07, limits & 0x0F
    return ConfirmedRequest(
        segmented,
        bool(first & _MORE),
        bool(first & _TAKES_SEGMENTS),
        None if segments in (0, _ANY_NUMBER) else 1 << segments,
        _LARGEST[code if code <= _LARGEST_CODE else 0],
        apdu[2],
        apdu[3] if segmented else 0,
        apdu[4] if segmented else 0,
        service,
        apdu[at + 1 :],
    )


def segment_ack_of(apdu: bytes) -> SegmentAck:
    """Read a SegmentACK; raises FrameError if it is cut off."""
    window = _octet(apdu, 3)
    return SegmentAck(bool(apdu[0] & _NEGATIVE), bool(apdu[0] & _SERVER), apdu[1], apdu[2], window)


def reply_of(apdu: bytes) -> Reply:
    """Read a SimpleACK, Error or head of a ComplexACK; raises FrameError if it is cut off."""
    segmented = _octet(apdu, 0) >> 4 == COMPLEX_ACK and bool(apdu[0] & _SEGMENTED)
    service = _octet(apdu, 4 if segmented else 2)
    return Reply(segmented, apdu[1], service)


def ending_of(apdu: bytes) -> Ending:
    """Read a Reject or an Abort; raises FrameError if it is cut off."""
    reason = _octet(apdu, 2)
    return Ending(bool(apdu[0] & _SERVER), apdu[1], reason)


def request(invoke_id: int, service: int, body: bytes) -> bytes:
    """Return a whole Confirmed-Request of a client that takes no segments."""
    return bytes((CONFIRMED << 4, _LARGEST_CODE, invoke_id, service)) + body


def unconfirmed(service: int, body: bytes) -> bytes:
    """Return an Unconfirmed-Request."""
    return bytes((UNCONFIRMED << 4, service)) + body


def simple_ack(invoke_id: int, service: int) -> bytes:
    """Return a SimpleACK."""
    return bytes((SIMPLE_ACK << 4, invoke_id, service))


def complex_ack(invoke_id: int, service: int, body: bytes) -> bytes:
    """Return a ComplexACK in one piece."""
    return bytes((COMPLEX_ACK << 4, invoke_id, service)) + body


def complex_ack_segment(
    invoke_id: int, service: int, sequence: int, window: int, more: bool, piece: bytes
) -> bytes:
    """Return one segment of a ComplexACK; `window` is the proposed one."""
    first = COMPLEX_ACK << 4 | _SEGMENTED | (_MORE if more else 0)
    return bytes((first, invoke_id, sequence, window, service)) + piece


def segment_ack(invoke_id: int, sequence: int, window: int, negative: bool) -> bytes:
    """Return the SegmentACK of the one who answers, for segments of a request."""
    first = SEGMENT_ACK << 4 | _SERVER | (_NEGATIVE if negative else 0)
    return bytes((first, invoke_id, sequence, window))


def error(invoke_id: int, service: int, body: bytes) -> bytes:
    """Return an Error with its parameters."""
    return bytes((ERROR << 4, invoke_id, service)) + body


def reject(invoke_id: int, reason: Reason) -> bytes:
    """Return a Reject."""
    return bytes((REJECT << 4, invoke_id, reason))


def abort(invoke_id: int, reason: AbortReason, server: bool = True) -> bytes:
    """Return an Abort: of the one who answers, or of the client."""
    return bytes((ABORT << 4 | server, invoke_id, reason))


def _octet(apdu: bytes, at: int) -> int:
    if at >= len(apdu):
        raise FrameError(f"an APDU of {len(apdu)} octets is cut off")
    return apdu[at]
