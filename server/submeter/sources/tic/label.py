"""The data of a TIC group, checked against the form that the source map gives its label."""

import re
import string

from submeter.pointmap.tic_label import TicLabel
from submeter.sources.tic.decoder import Group

_DIGITS = re.compile(r"[0-9]+")


def fits(group: Group, label: TicLabel) -> bool:
    """Tell whether `group` has the form of `label`.

    The checksum has six bits only, so a damaged group passes it once in 64 times; most of those
    fail here.
    """
    if (group.horodate is not None) != label.horodate:
        return False
    if label.digits:
        digits = len(group.data) in label.digits and bool(_DIGITS.fullmatch(group.data))
        return digits and (label.largest is None or int(group.data) <= label.largest)
    if label.hex:
        return len(group.data) == label.hex and all(c in string.hexdigits for c in group.data)
    return len(group.data) <= (label.text or 0)


def number(group: Group, label: TicLabel) -> int:
    """Return the number that a group which fits says: decimal, or hexadecimal for registers."""
    return int(group.data, 16 if label.hex else 10)
