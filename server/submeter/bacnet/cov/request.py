"""What subscribers ask: the parameters of SubscribeCOV and SubscribeCOVProperty."""

from typing import NamedTuple

from submeter.bacnet.answer import Reason, Rejected
from submeter.bacnet.parameters import Parameters


class Reference(NamedTuple):
    """A property of the subscribed object, or one element of it, counted as arrays are."""

    number: int
    element: int | None


class CovRequest(NamedTuple):
    """A subscription that is asked for. Without `confirmed` it is to be cancelled.

    `lifetime` is in seconds, 0 for ever. `reference` is None for SubscribeCOV.
    """

    process: int
    identifier: int
    confirmed: bool | None
    lifetime: int
    reference: Reference | None = None
    increment: float | None = None


def of_object(body: bytes) -> CovRequest:
    """Return what a SubscribeCOV asks (135, 13.14); raises Rejected."""
    tags = Parameters(body)
    request = _common(tags)
    tags.end()
    return request


def of_property(body: bytes) -> CovRequest:
    """Return what a SubscribeCOVProperty asks (135, 13.15); raises Rejected."""
    tags = Parameters(body)
    request = _common(tags)
    tags.enter(4)
    reference = Reference(tags.unsigned(0), tags.optional_unsigned(1))
    if not tags.leave(4):
        raise Rejected(Reason.INVALID_TAG)
    increment = tags.real(5)
    tags.end()
    if increment is not None and increment < 0:
        raise Rejected(Reason.OUT_OF_RANGE)
    return request._replace(reference=reference, increment=increment)


def _common(tags: Parameters) -> CovRequest:
    process, identifier = tags.unsigned(0), tags.object_identifier(1)
    confirmed, lifetime = tags.boolean(2), tags.optional_unsigned(3)
    if confirmed is None and lifetime is not None:
        raise Rejected(Reason.MISSING_PARAMETER)
    return CovRequest(process, identifier, confirmed, lifetime or 0)
