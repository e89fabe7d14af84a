"""One record of a trend log as it goes on the wire: BACnetLogRecord (ASHRAE 135, 21)."""

from submeter.bacnet import clock, encoding
from submeter.bacnet.objects.image import Value

_BOOLEAN, _UNSIGNED, _REAL, _ENUMERATED = 1, 2, 4, 9
# Application tag of a value -> the choice of logDatum that holds its octets, fewer than 5.
_CHOICES = {_REAL: 2, _ENUMERATED: 3, _UNSIGNED: 4}
_BOOLEAN_VALUE, _NULL_VALUE, _ANY_VALUE = 1, 7, 10

# A failure, an error class and code, would be allowed for a value that was not known. But common
# clients show it as an error of the log itself or leave the record out; null is a gap for all.
_UNKNOWN = encoding.context(_NULL_VALUE, b"")


def encode(at: int, value: Value | None) -> bytes:
    """Return the record of UTC second `at`: local date and time [0], and the value [1].

    `value` is an application-tagged image; what is none, as a fault is, was not known.
    """
    stamp = encoding.enclosed(0, clock.date_time(at))
    return stamp + encoding.enclosed(1, _datum(value) if isinstance(value, bytes) else _UNKNOWN)


def _datum(image: bytes) -> bytes:
    tag = image[0] >> 4
    if tag == _BOOLEAN:
        return encoding.context(_BOOLEAN_VALUE, bytes((image[0] & 1,)))
    choice = _CHOICES.get(tag)
    if choice is None:
        return encoding.enclosed(_ANY_VALUE, image)
    return encoding.context(choice, image[1:])
