"""What stands in a register: the content that an entry of a meter map names."""

from submeter import yamlfile
from submeter.meter.point import Point
from submeter.pointmap.lookup import Lookup, is_power_factor
from submeter.pointmap.meter_file import IdentityTexts, RegisterEntry
from submeter.pointmap.register import (
    Absent,
    Constant,
    Content,
    Flags,
    How,
    Identity,
    Quantity,
    Term,
    Text,
    UnlockCode,
)

KINDS = (
    "point",
    "sum",
    "mean",
    "product",
    "constant",
    "text",
    "identity",
    "flags",
    "absent",
    "unlock",
)
"""The keys of an entry that say what stands there: exactly one of them."""
IDENTITY = (*IdentityTexts.model_fields, "application")
"""The texts of a meter's identity (V1.1b3, 6.21)."""
_ADDED = ("index", "analog")  # kinds of points that can be added up
_LAST_BIT = 15


def kind(entry: RegisterEntry) -> list[str]:
    """Return the content keys that `entry` has; one, if it is right."""
    return [key for key in KINDS if getattr(entry, key) is not None]


def read(entry: RegisterEntry, loc: yamlfile.Loc, lookup: Lookup) -> Content | None:
    """Return the content of the entry at `loc`; None after a fault."""
    named = kind(entry)
    if len(named) != 1:
        found = f"not {' and '.join(named)}; remove one" if named else "add one"
        lookup.fault(loc, f"an entry has exactly one of {', '.join(KINDS)}; {found}")
        return None
    place = (*loc, named[0])
    match named[0]:
        case "point":
            return _point(entry, loc, lookup)
        case "sum" | "mean" | "product" as how:
            return _combined(how, getattr(entry, how), place, lookup)
        case "constant":
            return _constant(entry.constant, place, lookup)
        case "text":
            return _text(entry, place, lookup)
        case "identity":
            return _identity(entry.identity or "", place, lookup)
        case "flags":
            return _flags(entry.flags or {}, place, lookup)
        case "absent":
            return Absent(entry.absent or "")
        case _:
            return UnlockCode()


def title(content: Content) -> str:
    """Return a few words for what stands there, as `Current_L1 + Current_L2`."""
    match content:
        case Quantity(how, terms):
            return _formula(how, terms)
        case Constant(value, name):
            return f"{name} = {value}" if name else f"{value}"
        case Text(text):
            return f"'{text}'"
        case Identity(field):
            return f"identity: {field}"
        case Flags(points):
            return ", ".join(point.name for point in points.values())
        case Absent(description):
            return description
        case UnlockCode():
            return "unlock code"


def _formula(how: How, terms: tuple[Term, ...]) -> str:
    names = [term.point.name for term in terms]
    if how == "mean":
        return f"mean of {', '.join(names)}"
    if how == "product":
        return " x ".join(names)
    signed = [f"{'+' if term.sign > 0 else '-'} {term.point.name}" for term in terms]
    return " ".join(signed).removeprefix("+ ")


def _point(entry: RegisterEntry, loc: yamlfile.Loc, lookup: Lookup) -> Quantity | None:
    point = lookup.point(entry.point or "", (*loc, "point"))
    if point is None:
        return None
    if entry.reactive is None and entry.factor is None:
        return Quantity("point", (Term(point),))
    return _power_factor(point, entry, loc, lookup)


def _power_factor(
    point: Point, entry: RegisterEntry, loc: yamlfile.Loc, lookup: Lookup
) -> Quantity | None:
    """Return a power factor whose sign or range depends on a reactive power."""
    if entry.reactive is None or entry.factor is None:
        there, missing = ("factor", "reactive") if entry.factor else ("reactive", "factor")
        lookup.fault((*loc, there), f"'{there}' needs '{missing}' beside it; add it")
        return None
    reactive = lookup.point(entry.reactive, (*loc, "reactive"))
    if reactive is None:
        return None
    if not is_power_factor(point) or reactive.unit != "kvar":
        message = "'reactive' names the reactive power that goes with a power factor"
        lookup.fault((*loc, "reactive"), f"{message}, not {reactive.name} with {point.name}")
        return None
    return Quantity("point", (Term(point),), reactive, entry.factor)


def _combined(how: How, names: list[str], loc: yamlfile.Loc, lookup: Lookup) -> Quantity | None:
    if not names:
        lookup.fault(loc, f"a {how} of nothing; name points")
        return None
    terms = []
    for index, name in enumerate(names):
        sign = -1 if how == "sum" and name.startswith("-") else 1
        point = lookup.point(name.removeprefix("-") if sign < 0 else name, (*loc, index))
        if point:
            terms.append(Term(point, sign))
    if len(terms) < len(names):
        return None
    members = [term.point for term in terms]
    problem = _product_problem(members) if how == "product" else _addition_problem(how, members)
    if problem:
        lookup.fault(loc, problem)
        return None
    return Quantity(how, tuple(terms))


def _product_problem(members: list[Point]) -> str | None:
    if sorted(str(point.unit) for point in members) == ["A", "V"]:
        return None
    return "a product is of one voltage and one current; name two such points"


def _addition_problem(how: How, members: list[Point]) -> str | None:
    first = members[0]
    if how == "mean" and first.kind == "index":
        return f"{first.name} is an energy, which is exact and has no mean; write a sum"
    for point in members:
        if point.kind not in _ADDED:
            return f"{point.name} is of the kind {point.kind}; a {how} is of numbers with a unit"
        if (point.kind, point.unit) != (first.kind, first.unit):
            units = f"{first.name} is in {first.unit}, {point.name} in {point.unit}"
            return f"{units}; a {how} is of points in one unit"
    return None


def _constant(
    value: int | float | str | None, loc: yamlfile.Loc, lookup: Lookup
) -> Constant | None:
    if isinstance(value, str):
        number = lookup.constant(value, loc)
        return None if number is None else Constant(number, value)
    return None if value is None else Constant(value)


def _text(entry: RegisterEntry, loc: yamlfile.Loc, lookup: Lookup) -> Text | None:
    text = entry.text or ""
    if not text.isascii() or not text.isprintable():
        lookup.fault(loc, "only ASCII characters fit into registers; write others out")
        return None
    if entry.words and len(text) > entry.words * entry.chars:
        room = entry.words * entry.chars
        lookup.fault(loc, f"{len(text)} characters where {room} fit; shorten it or raise 'words'")
        return None
    return Text(text)


def _identity(field: str, loc: yamlfile.Loc, lookup: Lookup) -> Identity | None:
    if field not in IDENTITY:
        lookup.fault(loc, f"unknown text '{field}'; {yamlfile.suggest(field, list(IDENTITY))}")
        return None
    return Identity(field)


def _flags(names: dict[int, str], loc: yamlfile.Loc, lookup: Lookup) -> Flags | None:
    bits = {}
    for bit, name in names.items():
        place = (*loc, bit)
        point = lookup.point(name, place)
        if not 0 <= bit <= _LAST_BIT:
            lookup.fault(place, f"bit {bit} is none of a register; bits are 0 to {_LAST_BIT}")
        elif point and len(point.states) != 2:
            lookup.fault(place, f"{point.name} is no two-state point; a bit needs one")
        elif point:
            bits[bit] = point
    return Flags(bits) if len(bits) == len(names) else None
