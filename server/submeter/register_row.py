"""One line of a register list: a register, in the words of a manual."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from submeter.meter.point import Point
from submeter.pointmap.address import Address, Table
from submeter.pointmap.meter_file import WhenStale
from submeter.pointmap.meter_map import MeterMap, Register
from submeter.pointmap.register import (
    Absent,
    Constant,
    Factor,
    Flags,
    Identity,
    Quantity,
    Text,
    UnlockCode,
)
from submeter.pointmap.register_codec import encode, encode_text
from submeter.pointmap.register_content import title
from submeter.register_notes import FALLBACKS

LONGEST = 8
"""Registers that an example shows; a text may have many more."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list; `wire` is the address in a request, which counts from 0."""

    table: str
    address: str
    wire: int
    functions: str
    count: int
    type: str
    scale: str
    unit: str
    access: str
    invalid: str
    example: str
    point: str
    description: str


def row_of(meter_map: MeterMap, register: Register) -> Row:
    """Return the line of `register`, which stands in `meter_map`."""
    invalid = _invalid(register)
    return Row(
        table=register.table.value,
        address=register.at,
        wire=register.wire,
        functions=_functions(meter_map, register.table),
        count=register.words,
        type=_type(register),
        scale=_scale(register),
        unit=register.unit or "",
        access=_access(register),
        invalid=invalid,
        example=_example(register),
        point=title(register.content) if isinstance(register.content, Quantity) else "",
        description="; ".join(_descriptions(register, invalid, meter_map.when_stale)),
    )


def validity_row(meter_map: MeterMap, first: Address, number: int, point: Point) -> Row:
    """Return the line of the validity bit of `point`, which is `number` bits after `first`."""
    prefix = "DI" if first.table is Table.DISCRETE else "Coil"
    wire = first.wire + number
    return Row(
        table=first.table.value,
        address=f"{prefix} {wire + 1}",
        wire=wire,
        functions=_functions(meter_map, first.table),
        count=1,
        type="bit",
        scale="",
        unit="",
        access="R",
        invalid="0",
        example="1 = known",
        point=point.name,
        description=f"Validity of {point.name}",
    )


def _functions(meter_map: MeterMap, table: Table) -> str:
    """Return the functions that read the table, as `3, 4`."""
    return ", ".join(map(str, meter_map.readers(table)))


def _type(register: Register) -> str:
    """Return the type, with the order where that is not plainly most significant first."""
    if register.type is None:
        return "bit"
    words_only = register.words == 1 or register.type == "string"
    plain = register.order == "ABCD" or (register.order == "CDAB" and words_only)
    order = "" if plain else f" {register.order}"
    single = register.type == "string" and register.chars == 1
    return f"{register.type}{order}{', 1 character a register' if single else ''}"


def _scale(register: Register) -> str:
    parts = [_decimal(register.scale)] if register.scale != 1 else []
    if register.offset:
        parts.append(f"offset {_decimal(register.offset)}")
    return ", ".join(parts)


def _decimal(number: Fraction) -> str:
    return f"{Decimal(number.numerator) / Decimal(number.denominator):f}"


def _access(register: Register) -> str:
    if not register.writable:
        return "R"
    return register.point.access if register.point else "W"


def _invalid(register: Register) -> str:
    """Return what an unknown number reads as; nothing where there is none."""
    match register.content:
        case Constant() | Text() | UnlockCode():
            return ""
        case _ if register.type == "string":
            return ""
    return "0" if register.type is None else _hex(encode(None, register)[0])


def _example(register: Register) -> str:
    """Return a typical value and what it reads as."""
    match register.content:
        case Quantity(_, terms) if register.type is None:
            return f"1 = {list(terms[0].point.states.values())[-1]}"
        case Quantity() as content:
            for number, shown in _typical(content):
                data, misfit = encode(number, register)
                if not misfit:
                    return f"{shown} = {_hex(data)}"
        case Constant(value):
            return f"{value} = {_hex(encode(value, register)[0])}"
        case Text(text):
            return f"'{text}' = {_hex(encode_text(text, register))}"
        case Flags(points):
            bit = min(points)
            return f"{points[bit].name} = {_hex(encode(1 << bit, register)[0])}"
    return ""


def _typical(content: Quantity) -> Iterator[tuple[int | float, str]]:
    """Give numbers as in a reading, ever smaller ones, and how people write them."""
    point = content.terms[0].point
    if point.kind == "timestamp":
        yield 1_767_225_600, "2026-01-01 00:00:00 UTC"
    elif point.states:
        yield from point.states.items()
    elif point.kind == "index":
        for wh in (12_345_678, 12_345, 12):
            yield wh * 1000, f"{wh / 1000} {point.unit}"
    elif content.how == "product":
        yield 2300.0, "2300 VA"
    else:
        middle = (point.range.min + point.range.max) / 2 if point.range else 1.0
        for number in (middle or 0.5, (middle or 0.5) / 1000):
            yield number, f"{number:g} {point.unit or ''}".strip()


_FACTORS: dict[Factor, str] = {
    "four-quadrant": "2 - x (or -2 - x) while capacitive, which is while {} is negative",
    "inductive-negative": "negative while inductive, which is while {} is positive",
    "capacitive-negative": "negative while capacitive, which is while {} is negative",
}


def _descriptions(register: Register, invalid: str, when_stale: WhenStale) -> Iterator[str]:
    match register.content:
        case Quantity(how, terms, reactive, factor):
            yield from _quantity(register, terms[0].point) if how == "point" else [how.capitalize()]
            if reactive and factor:
                yield _FACTORS[factor].format(reactive.name)
        case Constant(value, name):
            yield f"Always {value}" + (f", the constant {name}" if name else "")
        case Text(text):
            yield f"Always '{text}'"
        case Identity(field):
            yield f"Identity: {field.replace('_', ' ')}"
        case Flags(points):
            for bit, point in sorted(points.items()):
                yield f"bit {bit} = {point.name}"
        case Absent(description):
            yield description
            fallback = when_stale.absent
            always = f"always reads {invalid or 'as an empty text'}"
            known = fallback in ("invalid", "last")  # there never was a last value
            yield f"not available: {always if known else f'it {FALLBACKS[fallback]}'}"
        case UnlockCode():
            form = "text" if register.type == "string" else "a number"
            yield f"The unlock code, as {form}"
            yield "0 ends the lease"
    if register.unmarked:
        yield (
            "a program takes it for a number"
            if isinstance(register.content, Absent)
            else "exception 04 while it is lost; a program would take the pattern of one that is "
            f"never there, {invalid}, for a number"
        )
    if register.note:
        yield register.note
    if register.count is not None:
        yield f"seen only by a read of exactly {register.count} from here"


def _quantity(register: Register, point: Point) -> Iterator[str]:
    yield point.description
    if register.codes is not None:
        named = ((code, point.states[value]) for value, code in register.codes.items())
    elif point.unit is None:
        named = ((key, text) for key, text in point.states.items())
    else:
        return
    if states := ", ".join(f"{key} = {text}" for key, text in named):
        yield states


def _hex(data: bytes) -> str:
    shown = data[: 2 * LONGEST].hex(" ", 2).upper()
    return shown if len(data) <= 2 * LONGEST else f"{shown} ..."
