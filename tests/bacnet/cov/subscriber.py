"""The requests of a subscriber, as octets."""

from submeter.bacnet import encoding


def cancel(kind: int, instance: int, process: int = 7) -> bytes:
    """Return a SubscribeCOV that ends a subscription."""
    identifier = encoding.context(1, encoding.identifier_content(kind, instance))
    return encoding.context_unsigned(0, process) + identifier


def subscribe(
    kind: int,
    instance: int,
    lifetime: int | None = 0,
    confirmed: bool = False,
    process: int = 7,
) -> bytes:
    """Return a SubscribeCOV."""
    octets = cancel(kind, instance, process) + encoding.context_unsigned(2, confirmed)
    return octets if lifetime is None else octets + encoding.context_unsigned(3, lifetime)


def of_property(
    subscription: bytes, number: int, index: int | None = None, increment: bytes = b""
) -> bytes:
    """Return the SubscribeCOVProperty that goes on from a SubscribeCOV."""
    reference = encoding.context_unsigned(0, number)
    if index is not None:
        reference += encoding.context_unsigned(1, index)
    return subscription + encoding.enclosed(4, reference) + increment


def increment(value: float) -> bytes:
    """Return the parameter COV Increment."""
    return encoding.context(5, encoding.real(value)[1:])
