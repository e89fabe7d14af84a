"""OBIS codes, A-B:C.D.E*F (IEC 62056-6-1).

A is the medium, B the channel, C the quantity, D how it was processed, E the tariff, F the billing
period, 255 for now.
"""

import functools
from typing import NamedTuple

from submeter.pointmap.obis_object import CODE

_LETTERS = {"C": 96, "F": 97, "L": 98, "P": 99}  # of text readouts, IEC 62056-6-1 annex A
_NOW = 255


class Code(NamedTuple):
    """The six values of a code; A and B are None where it does not give them."""

    a: int | None
    b: int | None
    c: int
    d: int
    e: int
    f: int


@functools.lru_cache(maxsize=1000)
def code(octets: bytes) -> str:
    """Return the code of a logical name of 6 octets: `1-0:1.8.0*255`."""
    a, b, c, d, e, f = octets
    return f"{a}-{b}:{c}.{d}.{e}*{f}"


def octets(text: str) -> bytes:
    """Return the 6 octets of a code, 1-0 where it does not give A and B; raises ValueError."""
    found = parse(text)
    if found is None:
        raise ValueError(f"'{text}' is no OBIS code")
    a = 1 if found.a is None else found.a
    return bytes([a, found.b or 0, *found[2:]])


def parse(text: str) -> Code | None:
    """Return the code that `text` is, None if it is none.

    A missing E is 0, the total, and a missing F is 255, now: a register of a past billing period
    is never the current one. C and D may be letters as in text readouts: `F.F`, `C.1.0`.
    """
    match = CODE.fullmatch(text)
    if match is None:
        return None
    a, b, c, d, e, f = match.group("a", "b", "c", "d", "e", "f")
    values = (
        None if a is None else int(a),
        None if b is None else int(b),
        _LETTERS.get(c) or int(c),
        _LETTERS.get(d) or int(d),
        int(e or 0),
        _NOW if f is None else int(f),
    )
    return Code(*values) if all(each is None or each <= 255 for each in values) else None


class Pattern:
    """The code of an object of a map; A and B count only if the map gives them.

    A code without A and B, as in text readouts, fits only a pattern without them.
    """

    def __init__(self, text: str) -> None:
        found = parse(text)
        if found is None:
            raise ValueError(f"'{text}' is no OBIS code")
        self._code = found

    @property
    def own(self) -> tuple[int, int, int, int]:
        """C to F, which are those of every code that matches."""
        return self._code[2:]

    def matches(self, text: str) -> bool:
        """Tell whether the code `text` is the object."""
        other = parse(text)
        if other is None or other[2:] != self._code[2:]:
            return False
        a, b = self._code[:2]
        return (a is None or a == other.a) and (b is None or b == other.b)
