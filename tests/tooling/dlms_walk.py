"""What a plain push says, read by another reckoning than the program's: an oracle for tests.

It knows the layouts with codes, and tells every number that one of them can mean.
"""

import struct
from fractions import Fraction
from typing import Any, NamedTuple

_FORMS = {3: "?", 5: ">i", 6: ">I", 13: ">b", 15: ">b", 16: ">h", 17: ">B", 18: ">H", 20: ">q"}
_FORMS |= {21: ">Q", 22: ">B", 23: ">f", 24: ">d"}
_SIZES = {25: 12, 26: 5, 27: 4}
_JOULES = 25


class CompactError(Exception):
    """A message with a compact array, which is not read here."""


class Node(NamedTuple):
    """A tag, and its content: nodes of a list, a number, octets, or None."""

    tag: int
    value: Any


class Number(NamedTuple):
    """A code of six octets, and what stands for it: the number, and its unit's number or None."""

    code: bytes
    number: Fraction
    unit: int | None


def numbers(message: bytes) -> set[Number]:
    """Return every number that a Data-Notification may say; raises CompactError."""
    at = 6 if message[5] == 9 else 5
    at += 13 if message[5] == 25 else 1 + message[at]
    body, end = _node(message, at)
    assert message[0] == 0x0F
    assert end == len(message)
    found: set[Number] = set()
    _pairs(body, found)
    _list(body, found)
    return found


def _node(data: bytes, at: int) -> tuple[Node, int]:
    tag, at = data[at], at + 1
    if tag in (1, 2):
        count, at = _length(data, at)
        nodes = []
        for _ in range(count):
            node, at = _node(data, at)
            nodes.append(node)
        return Node(tag, nodes), at
    if tag in _FORMS:
        end = at + struct.calcsize(_FORMS[tag])
        return Node(tag, struct.unpack(_FORMS[tag], data[at:end])[0]), end
    if tag == 0:
        return Node(tag, None), at
    if tag in _SIZES:
        return Node(tag, data[at : at + _SIZES[tag]]), at + _SIZES[tag]
    count, at = _length(data, at)
    size = (count + 7) // 8 if tag == 4 else count
    if tag == 19:
        raise CompactError(f"tag {tag} is not known here")
    return Node(tag, data[at : at + size]), at + size


def _length(data: bytes, at: int) -> tuple[int, int]:
    more = data[at] & 0x7F if data[at] & 0x80 else 0
    return int.from_bytes(data[at + 1 : at + 1 + more]) if more else data[at], at + 1 + more


def _pairs(node: Node, found: set[Number]) -> None:
    """Take each code of `node` with the value behind it, and with its scaler and unit."""
    nodes = node.value if node.tag in (1, 2) else []
    for n, each in enumerate(nodes):
        _pairs(each, found)
        if each.tag == 9 and len(each.value) == 6 and n + 1 < len(nodes):
            _take(each.value, nodes[n + 1], nodes[n + 2] if n + 2 < len(nodes) else None, found)


def _list(body: Node, found: set[Number]) -> None:
    """Take the values of an object list, each with the scaler and unit of the same object."""
    if body.tag != 2 or not body.value or body.value[0].tag != 1:
        return
    entries = [each.value for each in body.value[0].value if each.tag in (1, 2)]
    if any(len(entry) != 4 or entry[1].tag != 9 for entry in entries):
        return
    values = body.value[len(body.value) - len(entries) :]
    for entry, value in zip(entries, values, strict=False):
        others = [None] + [
            each
            for other, each in zip(entries, values, strict=False)
            if other[1].value == entry[1].value and other[2].value == 3
        ]
        for each in others:
            _take(entry[1].value, value, each, found)


def _take(code: bytes, value: Node, scale: Node | None, found: set[Number]) -> None:
    if value.tag not in _FORMS or value.value != value.value or abs(value.value) == float("inf"):
        return
    raw, power, unit = Fraction(value.value), 0, None
    if scale and scale.tag in (1, 2) and [each.tag for each in scale.value] == [15, 22]:
        power, unit = scale.value[0].value, scale.value[1].value
    exact = raw * Fraction(10) ** power
    found.add(Number(code, exact / 3600 if unit == _JOULES else exact, unit))
