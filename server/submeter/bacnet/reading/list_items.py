"""The items of an array or a list, from the image that is the whole of it."""

from collections.abc import Iterator

from submeter.bacnet.fault import NOT_A_LIST, Fault
from submeter.bacnet.objects.image import Image

_OPENING, _CLOSING, _EXTENDED = 6, 7, 5
_CONTEXT, _BOOLEAN = 0x08, 1

# The list properties that our objects have, and how many values make an item of each. Where an
# item may leave values out, it ends where the tag of the list's first value comes again: None.
_VALUES: dict[int, int | None] = {
    30: 3,  # Device_Address_Binding
    102: 7,  # Recipient_List
    116: 1,  # Time_Synchronization_Recipients
    152: None,  # Active_COV_Subscriptions
    202: 1,  # Restart_Notification_Recipients
    414: None,  # BBMD_Broadcast_Distribution_Table
    415: 3,  # BBMD_Foreign_Device_Table
}


def items(number: int, image: Image) -> tuple[bytes, ...] | Fault:
    """Return the items of property `number`; NOT_A_LIST if it is neither array nor list."""
    if callable(image) and not isinstance(image, tuple):
        image = image()
    if isinstance(image, tuple | Fault):
        return image
    if number not in _VALUES:
        return NOT_A_LIST
    return tuple(_split(image, _VALUES[number]))


def _split(image: bytes, many: int | None) -> Iterator[bytes]:
    """Yield the items of a list, each of `many` values."""
    start, count = 0, 0
    first = _tag(image[0]) if image else None
    for at in _values(image):
        if at and (count == many if many else _tag(image[at]) == first):
            yield image[start:at]
            start, count = at, 0
        count += 1
    if image:
        yield image[start:]


def _tag(octet: int) -> tuple[int, bool]:
    return octet >> 4, bool(octet & _CONTEXT)


def _values(image: bytes) -> Iterator[int]:
    """Yield where each value begins; one between an opening and a closing tag is one value."""
    at, depth = 0, 0
    while at < len(image):
        kind = image[at] & 0x0F
        if kind == _CONTEXT | _CLOSING:
            depth -= 1
            at += 1
            continue
        if depth == 0:
            yield at
        if kind == _CONTEXT | _OPENING:
            depth += 1
            at += 1
        else:
            at += _length(image, at)


def _length(image: bytes, at: int) -> int:
    """Return how many octets the value at `at` has, its tag included."""
    length = image[at] & 0x07
    if _tag(image[at]) == (_BOOLEAN, False):
        return 1
    if length < _EXTENDED:
        return 1 + length
    if image[at + 1] < 254:
        return 2 + image[at + 1]
    size = 2 if image[at + 1] == 254 else 4
    return 2 + size + int.from_bytes(image[at + 2 : at + 2 + size], "big")
