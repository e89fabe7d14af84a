"""How much of an answer a client can take (ASHRAE 135, 5.4.5.3)."""

from submeter.bacnet.answer import AbortReason
from submeter.bacnet.application.apdu import ACK_HEADER, SEGMENT_HEADER, ConfirmedRequest
from submeter.bacnet.application.limits import LARGEST_ANSWER, LARGEST_PART


def room(request: ConfirmedRequest, in_parts: bool = False) -> int:
    """Return how many octets of service parameters its answer may have.

    `in_parts` if the client can ask for the rest: then about what one APDU carries will do, even if
    it takes many segments.
    """
    whole = request.largest - ACK_HEADER
    if not request.takes_segments:
        return whole
    most = request.most_segments
    cut = LARGEST_ANSWER if most is None else most * (request.largest - SEGMENT_HEADER)
    all_of_it = max(whole, min(cut, LARGEST_ANSWER))
    return min(all_of_it, LARGEST_PART) if in_parts else all_of_it


def too_small(request: ConfirmedRequest) -> AbortReason:
    """Return why a client is not sent an answer that is longer than there is room for."""
    if request.takes_segments:
        return AbortReason.BUFFER_OVERFLOW
    return AbortReason.SEGMENTATION_NOT_SUPPORTED
