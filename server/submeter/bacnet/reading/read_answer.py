"""The pieces of the answers to ReadProperty and ReadPropertyMultiple (135, 15.5.1.1, 15.7.1.1)."""

from submeter.bacnet import encoding
from submeter.bacnet.fault import NOT_AN_ARRAY, UNKNOWN_OBJECT, Fault
from submeter.bacnet.objects.served import ALL, OPTIONAL, REQUIRED, ServedObject
from submeter.bacnet.reading.read_request import Reference

VALUE, RESULT_VALUE, RESULT_FAULT = 3, 4, 5
"""The context tags of a value: alone, and among several; and of the error in its place."""

END_OF_RESULTS = b"\x1f"


def object_head(identifier: int) -> bytes:
    """Return the object identifier with which each answer about an object begins."""
    return encoding.context(0, identifier.to_bytes(4, "big"))


def results_head(identifier: int) -> bytes:
    """Return what stands before the results of one object among several."""
    return object_head(identifier) + b"\x1e"


def reference(tag: int, asked: Reference) -> bytes:
    """Return the property under `tag` and, if there is one, its array index under the next tag."""
    number = encoding.context_unsigned(tag, asked.number)
    if asked.element is None:
        return number
    return number + encoding.context_unsigned(tag + 1, asked.element)


def value(found: ServedObject | None, asked: Reference) -> bytes | Fault:
    """Return what one reference of a ReadPropertyMultiple comes to.

    A group of properties is no array, so it has no element either (135, 15.7.3.1.2).
    """
    if found is None:
        return UNKNOWN_OBJECT
    if asked.element is not None and asked.number in (ALL, OPTIONAL, REQUIRED):
        return NOT_AN_ARRAY
    return found.read(asked.number, asked.element)


def result(asked: Reference, read: bytes | Fault) -> bytes:
    """Return the element of a ReadAccessResult for one property."""
    if isinstance(read, Fault):
        return reference(2, asked) + encoding.enclosed(RESULT_FAULT, read.image)
    return reference(2, asked) + encoding.enclosed(RESULT_VALUE, read)
