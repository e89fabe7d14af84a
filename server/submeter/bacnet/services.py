"""The confirmed services, from request bytes to answer bytes (ASHRAE 135, clause 15).

Everything that answers is kept encoded, so a read is a matter of slicing. Nothing can be written:
each write is checked and then refused.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from submeter.bacnet.fault import UNKNOWN_OBJECT, UNKNOWN_PROPERTY, WRITE_ACCESS_DENIED, Fault
from submeter.bacnet.objects import ALL, OPTIONAL, REQUIRED, ObjectTable, ServedObject
from submeter.bacnet.tags import Reason, Rejected, Tags, context, context_unsigned, enclosed
from submeter.errors import FrameError

LARGEST_ANSWER = 256 * 1476  # bytes: as many segments as have a number, of the largest size


class Overflow(FrameError):
    """The answer would be longer than any client could take: abort the transaction."""


@dataclass(frozen=True, slots=True)
class Ack:
    """The parameters of a Complex-ACK."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """The parameters of an Error."""

    body: bytes


def answer(table: ObjectTable, service: int, request: bytes) -> Ack | Refusal:
    """Return the answer to a confirmed request's parameters.

    Raises Rejected for a service that is not served or a request that breaks its syntax, and
    Overflow.
    """
    serve = _SERVICES.get(service)
    if serve is None:
        raise Rejected(Reason.UNRECOGNIZED_SERVICE)
    return serve(table, Tags(request))


def _read_property(table: ObjectTable, request: Tags) -> Ack | Refusal:
    identifier = request.object_identifier(0)
    number = request.unsigned(1)
    index = request.optional_unsigned(2)
    request.end()
    found = table.find(identifier)
    if found is None:
        return Refusal(UNKNOWN_OBJECT.image)
    value = found.read(number, index)
    if isinstance(value, Fault):
        return Refusal(value.image)
    return Ack(_object(0, found.identifier) + _property(1, number, index) + enclosed(3, value))


def _read_property_multiple(table: ObjectTable, request: Tags) -> Ack:
    results = bytearray()
    while request.more or not results:
        identifier = request.object_identifier(0)
        found = table.find(identifier)
        results += _object(0, found.identifier if found else identifier)
        results += b"\x1e"
        request.enter(1)
        while not request.leave(1):
            number = request.unsigned(0)
            index = request.optional_unsigned(1)
            for element in _results(found, number, index):
                results += element
            if len(results) > LARGEST_ANSWER:
                raise Overflow("the answer is too long")
        results += b"\x1f"
    return Ack(bytes(results))


def _results(found: ServedObject | None, number: int, index: int | None) -> Iterator[bytes]:
    """Yield a ReadAccessResult element for the property, or for each one of the group."""
    group = number in (ALL, OPTIONAL, REQUIRED)
    if found and group and index is None:
        for own in found.group(number):
            yield _result(own, None, found.read(own))
        return
    yield _result(number, index, found.read(number, index) if found else UNKNOWN_OBJECT)


def _result(number: int, index: int | None, value: bytes | Fault) -> bytes:
    content = enclosed(5, value.image) if isinstance(value, Fault) else enclosed(4, value)
    return _property(2, number, index) + content


def _write_property(table: ObjectTable, request: Tags) -> Refusal:
    identifier = request.object_identifier(0)
    number = request.unsigned(1)
    request.optional_unsigned(2)
    request.skip_value(3)
    _check_priority(request.optional_unsigned(4))
    request.end()
    return Refusal(_write_fault(table.find(identifier), number).image)


def _write_property_multiple(table: ObjectTable, request: Tags) -> Refusal:
    first: bytes | None = None
    while request.more or first is None:
        identifier = request.object_identifier(0)
        found = table.find(identifier)
        request.enter(1)
        while not request.leave(1):
            number = request.unsigned(0)
            index = request.optional_unsigned(1)
            request.skip_value(2)
            _check_priority(request.optional_unsigned(3))
            if first is None:
                refused = enclosed(0, _write_fault(found, number).image)
                first = refused + enclosed(1, _object(0, identifier) + _property(1, number, index))
    return Refusal(first)


def _write_fault(found: ServedObject | None, number: int) -> Fault:
    if found is None:
        return UNKNOWN_OBJECT
    return WRITE_ACCESS_DENIED if number in found.images else UNKNOWN_PROPERTY


def _check_priority(priority: int | None) -> None:
    if priority is not None and not 1 <= priority <= 16:
        raise Rejected(Reason.OUT_OF_RANGE)


def _object(tag: int, identifier: int) -> bytes:
    return context(tag, identifier.to_bytes(4, "big"))


def _property(tag: int, number: int, index: int | None) -> bytes:
    """Return a property under `tag` and, if given, its array index under the next tag."""
    reference = context_unsigned(tag, number)
    return reference if index is None else reference + context_unsigned(tag + 1, index)


_SERVICES: dict[int, Callable[[ObjectTable, Tags], Ack | Refusal]] = {
    12: _read_property,
    14: _read_property_multiple,
    15: _write_property,
    16: _write_property_multiple,
}
