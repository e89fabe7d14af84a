"""The data of a TIC group, checked against the form that the source map gives its label."""

import re

from submeter.pointmap.tic_label import TicLabel
from submeter.sources.tic import horodate
from submeter.sources.tic.decoder import Group
from submeter.sources.translation.datum import Datum

_NO_DATE = "00/00/00 00:00:00"  # of what has not been yet, such as a period before the first


class Form:
    """The form of one label, ready for use.

    The checksum has six bits only, so a damaged group passes it once in 64 times; most of those
    break the form.
    """

    def __init__(self, label: TicLabel) -> None:
        self._label = label
        self._pattern = re.compile(_expression(label))

    def datum(self, group: Group) -> Datum | None:
        """Return what `group` says, None if it does not have the form."""
        label = self._label
        match = self._pattern.fullmatch(group.data)
        if match is None or (group.horodate is not None) != label.horodate:
            return None
        stamp = horodate.stamp(group.horodate) if group.horodate else None
        if label.date:
            return _dated(group.data)
        if label.is_text:
            return Datum(group.data, None, label.unit, stamp)
        number = int(match[1], 16 if label.hex else 10)
        if not _least(label) <= number <= _most(label):
            return None
        return Datum(group.data, number, match[2] if label.units else label.unit, stamp)


def _dated(data: str) -> Datum | None:
    if data == _NO_DATE:
        return Datum(data)
    stamp = horodate.legal_time(data)
    return stamp and Datum(data, stamp=stamp)


def _least(label: TicLabel) -> int:
    return 0 if label.smallest is None else label.smallest


def _most(label: TicLabel) -> int:
    return 10**18 if label.largest is None else label.largest


def _expression(label: TicLabel) -> str:
    """Return the regular expression of the data, with the number and its unit as groups."""
    if label.digits:
        return "(" + "|".join(f"[0-9]{{{digits}}}" for digits in label.digits) + ")"
    if label.upto:
        units = f"({'|'.join(map(re.escape, label.units))})" if label.units else ""
        return f"(0|[1-9][0-9]{{0,{label.upto - 1}}}){units}"
    if label.hex:
        return f"([0-9A-Fa-f]{{{label.hex}}})"
    if label.date:
        return "[0-9]{2}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
    most = f"(?=.{{0,{label.text}}}$)"
    return f"{most}(?:{label.pattern or '.*'})"
