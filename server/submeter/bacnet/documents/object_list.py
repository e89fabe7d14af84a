"""The object list of a device, as a page for people."""

from collections.abc import Iterable, Sequence

from submeter.bacnet.documents.listed import Listed
from submeter.bacnet.documents.markdown import table

_HEADINGS = (
    "object",
    "instance",
    "name",
    "unit",
    "range or states",
    "COV",
    "access",
    "description",
)


def markdown(objects: Iterable[Listed]) -> str:
    """Return the objects as a Markdown table."""
    return table(_HEADINGS, map(_row, objects))


def _row(each: Listed) -> Sequence[str]:
    return (
        each.type_name,
        str(each.instance),
        each.name,
        each.unit_name,
        _values(each),
        _cov(each),
        "R/W" if each.settable else "R",
        each.description,
    )


def _values(each: Listed) -> str:
    if each.states:
        first = 0 if each.type_name.startswith("binary") else 1
        return ", ".join(f"{number} = {text}" for number, text in enumerate(each.states, first))
    if each.maximum is None:
        return ""
    least = "" if each.minimum is None else f"{each.minimum:.15g}"
    return f"{least or 0} to {each.maximum:.15g}"


def _cov(each: Listed) -> str:
    if not each.cov:
        return "by property"
    return "any change" if not each.increment else f"{each.increment:.6g}"
