"""The register list of a meter map: its entries, checked and turned into registers."""

import math
from collections.abc import Iterator
from fractions import Fraction

from submeter import yamlfile
from submeter.pointmap import address, register_content, unrolled
from submeter.pointmap.lookup import Lookup
from submeter.pointmap.meter_file import Invalid, ModbusEntries, RegisterEntry
from submeter.pointmap.register import (
    WORDS,
    Absent,
    Constant,
    Content,
    Flags,
    Identity,
    Quantity,
    Register,
    RegisterType,
    Text,
    UnlockCode,
)

Placed = tuple[yamlfile.Loc, Register]
"""A register, and where its entry stands in the file."""

MOST_TENS = 30
"""The largest power of ten, up or down, that a constant may scale by."""
TYPES: tuple[RegisterType, ...] = (*WORDS, "string")

_FORM = {"at", "type", "order", "count", "note"}  # what every content may have
_NUMBER = {"unit", "scale", "offset", "invalid", "unmarked"}
_STRING = {"words", "chars"}
_OPTIONS: dict[str, set[str]] = {
    "point": _NUMBER | {"codes", "reactive", "factor", "access", "series"},
    "sum": _NUMBER,
    "mean": _NUMBER,
    "product": _NUMBER,
    "constant": {"unit", "scale", "offset", "accept"},
    "text": _STRING | {"accept"},
    "identity": _STRING | {"invalid"},
    "flags": set(),
    "absent": _NUMBER | _STRING,
    "unlock": _STRING,
}
_WRITTEN = ("configuration", "command")
_WRITERS = {address.Table.COIL: (5, 15), address.Table.HOLDING: (6, 16, 22, 23)}  # functions


def read(modbus: ModbusEntries, lookup: Lookup) -> list[Placed]:
    """Return the registers of the map; `lookup` has the faults of those that are left out."""
    return list(_Entries(modbus, lookup).read())


class _Entries:
    def __init__(self, modbus: ModbusEntries, lookup: Lookup) -> None:
        self._modbus = modbus
        self._lookup = lookup

    def read(self) -> Iterator[Placed]:
        entries, loc = self._modbus.registers, ("modbus", "registers")
        for place, entry in unrolled.each(entries, unrolled.registers, loc, self._lookup):
            content = register_content.read(entry, place, self._lookup)
            at = self._lookup.address(entry.at, (*place, "at"))
            before = len(self._lookup.faults)
            if content is None or at is None:
                continue
            self._options(entry, place)
            self._place(entry, content, at, place)
            if len(self._lookup.faults) == before:
                register = self._register(entry, content, at, place)
                self._fits(register, place)
                if len(self._lookup.faults) == before:
                    yield place, register

    def _register(
        self, entry: RegisterEntry, content: Content, at: address.Address, loc: yamlfile.Loc
    ) -> Register:
        unit, power = self._unit(entry, content, (*loc, "unit"))
        return Register(
            at=entry.at,
            table=at.table,
            wire=at.wire,
            words=entry.length,
            type=entry.type,
            content=content,
            unit=unit,
            power=power,
            scale=self._scale(entry.scale, (*loc, "scale")),
            offset=self._fraction(entry.offset, (*loc, "offset")),
            codes=entry.codes,
            order=entry.order or self._modbus.order,
            invalid=_invalid(entry, self._modbus.invalid),
            count=entry.count,
            chars=entry.chars,
            writable=self._writable(entry, content, at.table),
            unmarked=entry.unmarked,
            note=entry.note,
            scaled_by=entry.scale if isinstance(entry.scale, str) else None,
            accept=tuple(entry.accept),
            place=self._lookup.place(loc),
        )

    def _options(self, entry: RegisterEntry, loc: yamlfile.Loc) -> None:
        """Find keys that do not go with the content, nor with each other."""
        (kind,) = register_content.kind(entry)
        for key in sorted(entry.model_fields_set - _FORM - _OPTIONS[kind] - {kind}):
            self._fault((*loc, key), f"'{key}' does not go with '{kind}'; remove it")
        self._accepted(entry, kind, loc)
        if entry.codes and entry.model_fields_set & {"scale", "offset"}:
            message = "codes are what stands on the wire; remove 'scale' and 'offset'"
            self._fault((*loc, "codes"), message)

    def _accepted(self, entry: RegisterEntry, kind: str, loc: yamlfile.Loc) -> None:
        wanted, words = (str, "texts") if kind == "text" else (int, "whole numbers")
        if any(not isinstance(each, wanted) for each in entry.accept):
            self._fault((*loc, "accept"), f"a {kind} is compared with {words}; write those")

    def _place(
        self, entry: RegisterEntry, content: Content, at: address.Address, loc: yamlfile.Loc
    ) -> None:
        """Find a form that the table does not have, or an end beyond that of the table."""
        if at.table.bits:
            self._bit(entry, content, at.table, loc)
            return
        if not entry.type:
            self._fault(loc, f"a {at.table} needs a type; write one of {', '.join(TYPES)}")
            return
        self._length(entry, loc)
        self._content_type(entry.type, content, loc)
        if isinstance(content, UnlockCode) and entry.count is not None:
            self._fault(
                (*loc, "count"), "no write reaches what one read alone sees; remove 'count'"
            )
        if isinstance(content, UnlockCode) and not self._takes_writes(at.table):
            message = "the unlock code needs a holding register, and a function that writes it"
            self._fault((*loc, "at"), f"nothing is written to {at.table}s here; {message}")
        words = entry.length
        if entry.count is not None and entry.count < words:
            message = f"a read of {entry.count} does not see the {words} registers of the value"
            self._fault((*loc, "count"), f"{message}; raise 'count'")
        if at.wire + max(words, entry.count or 0) > address.ADDRESSES:
            end = f"ends beyond {address.ADDRESSES}"
            self._fault((*loc, "at"), f"{entry.type} at {entry.at} {end}; lower the address")

    def _bit(
        self, entry: RegisterEntry, content: Content, table: address.Table, loc: yamlfile.Loc
    ) -> None:
        for key in sorted(entry.model_fields_set & _NOT_OF_BITS):
            self._fault((*loc, key), f"a {table} is one bit; remove '{key}'")
        match content:
            case Quantity("point", ((point, _),)):
                if len(point.states) != 2:
                    message = f"{point.name} is no two-state point; give it registers"
                    self._fault((*loc, "at"), message)
            case Absent():
                pass
            case _:
                name = register_content.title(content)
                self._fault((*loc, "at"), f"a {table} holds a two-state point, not {name}")

    def _length(self, entry: RegisterEntry, loc: yamlfile.Loc) -> None:
        if entry.type == "string":
            if entry.words is None:
                self._fault(loc, "a string needs its length in registers; add 'words'")
            if entry.unmarked:
                self._fault((*loc, "unmarked"), "an unknown string is empty; remove 'unmarked'")
            return
        (kind,) = register_content.kind(entry)
        for key in sorted(entry.model_fields_set & _STRING & _OPTIONS[kind]):
            self._fault((*loc, key), f"'{key}' goes with strings; remove it")

    def _content_type(self, type_: RegisterType, content: Content, loc: yamlfile.Loc) -> None:
        """Find a type that cannot hold what the content is."""
        match content:
            case Text():
                possible: tuple[RegisterType, ...] = ("string",)
            case Identity() | UnlockCode():
                possible = ("string", *_INTEGERS)
            case Flags():
                possible = ("bits",)
            case Absent():
                return
            case _:
                possible = (*_INTEGERS, "float32", "float64")
        if type_ not in possible:
            name = register_content.title(content)
            message = f"{type_} cannot hold {name}; write {', '.join(possible)}"
            self._fault((*loc, "type"), message)

    def _unit(
        self, entry: RegisterEntry, content: Content, loc: yamlfile.Loc
    ) -> tuple[str | None, int]:
        if not isinstance(content, Quantity):
            return entry.unit, 0
        if content.how == "product":
            return self._lookup.product_unit(entry.unit, loc)
        return self._lookup.unit(entry.unit, content.terms[0].point, loc)

    def _scale(self, scale: int | float | str, loc: yamlfile.Loc) -> Fraction:
        if isinstance(scale, str):
            return self._power_of_ten(scale, loc)
        if scale == 0:
            self._fault(loc, "a scale of 0 leaves nothing of the value; write another")
        return self._fraction(scale, loc) or Fraction(1)

    def _power_of_ten(self, name: str, loc: yamlfile.Loc) -> Fraction:
        constant = self._lookup.constant(name, loc)
        if constant is None:
            return Fraction(1)
        if not isinstance(constant, int) or abs(constant) > MOST_TENS:
            limits = f"a whole number from -{MOST_TENS} to {MOST_TENS}"
            self._fault(loc, f"the constant {name} = {constant} is no power of ten; use {limits}")
            return Fraction(1)
        return Fraction(10) ** constant

    def _fraction(self, number: int | float, loc: yamlfile.Loc) -> Fraction:
        """Return the decimal number as it was written, exactly."""
        if not math.isfinite(number):
            self._fault(loc, "this is no finite number; write fewer digits")
            return Fraction(0)
        return Fraction(str(number))

    def _fits(self, register: Register, loc: yamlfile.Loc) -> None:
        """Find patterns, codes and constants that the type cannot hold."""
        if register.invalid >= 1 << 16 * register.words:
            digits = f"0x{register.invalid:X}"
            self._fault((*loc, "invalid"), f"{digits} is no pattern of {register.type}")
        if register.codes is not None:
            self._codes(register, loc)
        if isinstance(register.content, Constant):
            value = register.content.value
            where = (*loc, "constant")
            raw = (self._fraction(value, where) - register.offset) / register.scale
            if not _holds(register.type, raw):
                self._fault(where, f"{value} does not fit into {register.type}")
            elif raw.denominator != 1 and register.type not in ("float32", "float64"):
                message = f"{value} is no whole number of {register.scale}; give it another scale"
                self._fault(where, message)

    def _codes(self, register: Register, loc: yamlfile.Loc) -> None:
        codes, point = register.codes or {}, register.point
        if point is None or not point.states:
            name = register_content.title(register.content)
            self._fault((*loc, "codes"), f"{name} has no states; remove 'codes'")
            return
        for value, code in codes.items():
            place = (*loc, "codes", value)
            if value not in point.states:
                known = ", ".join(map(str, point.states))
                self._fault(place, f"{value} is no state of {point.name}; it has {known}")
            elif list(codes.values()).count(code) > 1:
                self._fault(place, f"the code {code} stands twice; a poller cannot tell them apart")
            elif not _holds(register.type, Fraction(code)):
                self._fault(place, f"{code} does not fit into {register.type}")
            elif (
                register.type in _INTEGERS and code % (1 << 16 * register.words) == register.invalid
            ):
                self._fault(place, f"{code} is the pattern of an unknown value; set 'invalid'")

    def _writable(self, entry: RegisterEntry, content: Content, table: address.Table) -> bool:
        """Tell whether a write reaches a point, or the unlock code."""
        if not self._takes_writes(table) or entry.count is not None or entry.access == "R":
            return False
        match content:
            case UnlockCode():
                return True
            case Quantity("point", ((point, _),)):
                return point.group in _WRITTEN and point.access != "R"
            case _:
                return False

    def _takes_writes(self, table: address.Table) -> bool:
        if table is address.Table.INPUT and self._modbus.shared:
            table = address.Table.HOLDING
        functions = self._modbus.functions
        return any(functions is None or each in functions for each in _WRITERS.get(table, ()))

    def _fault(self, loc: yamlfile.Loc, message: str) -> None:
        self._lookup.fault(loc, message)


_SIGNED = {"reactive", "factor"}
_NOT_OF_BITS = {"type", "order", "count", *_NUMBER, *_STRING, *_SIGNED, "codes"}
_BITS: dict[RegisterType, int] = {"int16": 16, "int32": 32, "int64": 64}
_UNSIGNED: dict[RegisterType, int] = {"uint16": 16, "uint32": 32, "uint64": 64}
_INTEGERS: tuple[RegisterType, ...] = (*_BITS, *_UNSIGNED)
_FLOAT32_MAX = Fraction((1 << 24) - 1) * (1 << 104)


def _holds(type_: RegisterType | None, number: Fraction) -> bool:
    """Tell whether a number of the type can be `number`."""
    if type_ in _BITS:
        limit = 1 << _BITS[type_] - 1
        return -limit <= round(number) < limit
    if type_ in _UNSIGNED:
        return 0 <= round(number) < 1 << _UNSIGNED[type_]
    return type_ != "float32" or abs(number) <= _FLOAT32_MAX


def _invalid(entry: RegisterEntry, patterns: Invalid) -> int:
    """Return the pattern of an unknown value; that of bits and strings is zero."""
    if entry.invalid is not None:
        return entry.invalid
    pattern: int = getattr(patterns, entry.type, 0) if entry.type else 0
    return pattern
