"""EDE 2.3: the object lists that front ends import, with their three companion files.

Engineering Data Exchange of the BACnet Interest Group Europe: tables with semicolons, CRLF, UTF-8.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from submeter.bacnet.documents.listed import Listed

_MANDATORY = 5
_FORMULAS = ("=", "+", "-", "@")
_COLUMNS = (
    "# keyname",
    "device obj.-instance",
    "object-name",
    "object-type",
    "object-instance",
    "description",
    "present-value-default",
    "min-present-value",
    "max-present-value",
    "settable",
    "supports COV",
    "hi-limit",
    "low-limit",
    "state-text-reference",
    "unit-code",
    "vendor-specific-address",
    "notification-class",
)


def files(project: str, author: str, changed: date, objects: Sequence[Listed]) -> dict[str, str]:
    """Return the text of the four files by their names, for a project called `project`."""
    states = _state_texts(objects)
    return {
        f"{project}_EDE.csv": _ede(project, author, changed, objects, states),
        f"{project}_StateTexts.csv": _states(states),
        f"{project}_Units.csv": _table(("#Code", "Unit Text"), _units(objects)),
        f"{project}_ObjTypes.csv": _table(("#Code", "Object Type"), _types(objects)),
    }


def _ede(
    project: str,
    author: str,
    changed: date,
    objects: Sequence[Listed],
    states: dict[tuple[str, ...], int],
) -> str:
    head: list[Sequence[Any]] = [
        ("# Engineering-Data-Exchange - B.I.G.-EU",),
        ("PROJECT_NAME", _safe(project)),
        ("VERSION_OF_REFERENCEFILE", 1),
        ("TIMESTAMP_OF_LAST_CHANGE", f"{changed:%d.%m.%Y}"),
        ("AUTHOR_OF_LAST_CHANGE", _safe(author)),
        ("VERSION_OF_LAYOUT", "2.3"),
        ("#mandatory", *_needs()),
        _COLUMNS,
    ]
    return _text([*head, *(_row(each, states) for each in objects)])


def _needs() -> Iterable[str]:
    """Return what the columns after the first are, as the line above their names says it."""
    optional = len(_COLUMNS) - _MANDATORY
    return [*("mandatory",) * (_MANDATORY - 1), *("optional",) * optional]


def _row(each: Listed, states: dict[tuple[str, ...], int]) -> Sequence[Any]:
    return (
        _safe(f"{each.device}.{each.name}"),
        each.device,
        _safe(each.name),
        each.type,
        each.instance,
        _safe(each.description),
        "",
        _number(each.minimum),
        _number(each.maximum),
        "Y" if each.settable else "N",
        "Y" if each.cov else "N",
        "",
        "",
        states.get(each.states, ""),
        "" if each.unit is None else each.unit,
        str(each.registers),
        "" if each.notification_class is None else each.notification_class,
    )


def _safe(text: str) -> str:
    """Return `text` as one line that a spreadsheet takes for a text, not for a formula."""
    one = " ".join(text.splitlines())
    return f" {one}" if one.startswith(_FORMULAS) else one


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.15g}"


def _state_texts(objects: Sequence[Listed]) -> dict[tuple[str, ...], int]:
    """Return a number from 1 on for each list of state texts."""
    distinct = dict.fromkeys(each.states for each in objects if each.states)
    return {texts: number for number, texts in enumerate(distinct, 1)}


def _states(states: dict[tuple[str, ...], int]) -> str:
    most = max((len(texts) for texts in states), default=2)
    names = ["Text 1 or Inactive-Text", "Text 2 or Active-Text"]
    names += [f"Text {number}" for number in range(3, most + 1)]
    rows = [(number, *map(_safe, texts)) for texts, number in states.items()]
    return _table(("#Reference Number", *names), rows)


def _units(objects: Sequence[Listed]) -> list[tuple[int, str]]:
    return sorted({(each.unit, each.unit_name) for each in objects if each.unit is not None})


def _types(objects: Sequence[Listed]) -> list[tuple[int, str]]:
    return sorted({(each.type, each.type_name) for each in objects})


def _table(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    return _text([heading, *rows])


def _text(rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(rows)
    return out.getvalue()
