"""A place in a Modbus table: where it is, what stands there, and how it is written on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, NamedTuple

from submeter.meter.point import Point
from submeter.pointmap import address

RegisterType = Literal[
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float32",
    "float64",
    "string",
    "bits",
]
Order = Literal["ABCD", "CDAB", "BADC", "DCBA"]
"""Words and bytes of a value; ABCD is most significant first, CDAB the low word first, BADC has the
bytes of each word swapped, DCBA both."""
How = Literal["point", "sum", "mean", "product"]
Factor = Literal["four-quadrant", "inductive-negative", "capacitive-negative"]
"""How a meter writes the power factor of inductive and of capacitive loads; see `Quantity`."""

WORDS: dict[RegisterType, int] = {
    "int16": 1,
    "uint16": 1,
    "bits": 1,
    "int32": 2,
    "uint32": 2,
    "float32": 2,
    "int64": 4,
    "uint64": 4,
    "float64": 4,
}
"""Registers that a value takes; a string says so itself."""


class Term(NamedTuple):
    """A point in a sum, and whether it is added (1) or taken away (-1)."""

    point: Point
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number made of readings: one point, or a sum, mean or product of several.

    It is known when all of them are. A power factor f has the sign of the active power, unless
    `reactive` names a reactive power and `factor` says what that changes:

    - four-quadrant (IEEE, as Schneider meters have it): while the reactive power is negative, the
      load capacitive, f >= 0 is written as 2 - f and a negative f as -2 - f;
    - inductive-negative: the absolute value of f, negative while the reactive power is positive;
    - capacitive-negative: the absolute value of f, negative while the reactive power is negative.

    `reactive` and `factor` stand together or not at all.
    """

    how: How
    terms: tuple[Term, ...]
    reactive: Point | None = None
    factor: Factor | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that never changes; `name` is its key in the map's `constants`, if it has one."""

    value: int | float
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A text that never changes."""

    text: str


@dataclass(frozen=True, slots=True)
class Identity:
    """A text of the meter's identity, by its name such as `serial`; as a number its digits."""

    field: str


@dataclass(frozen=True, slots=True)
class Flags:
    """Two-state points as the bits of one register, by bit number, 0 the least significant."""

    points: Mapping[int, Point]


@dataclass(frozen=True, slots=True)
class Absent:
    """A value that the imitated meter has and ours never: it always reads as unknown."""

    description: str


@dataclass(frozen=True, slots=True)
class UnlockCode:
    """Where a poller writes the unlock code; it reads as zeros."""


Content = Quantity | Constant | Text | Identity | Flags | Absent | UnlockCode


@dataclass(frozen=True, slots=True)
class Register:
    """One value in a Modbus table, `words` registers (or one bit) from wire address `wire` on.

    `type` is None for a bit of a bit table. A reading's number times 10**`power` is in `unit`;
    what is on the wire times `scale`, plus `offset`, is that value. `codes` are the numbers on the
    wire by the value of the point, where they have no rule. `invalid` is the pattern of an unknown
    value and of one that the type cannot hold, as an integer of the value before `order` applies.
    `count` is that of the only read, from `wire` on, that sees this value: such a value may lie
    over others. A string has `chars` characters in each register, one stands in the low byte.
    `writable` says that a write reaches the point (single points of configuration and command, and
    the unlock code). `unmarked` says that the imitated meter has no pattern for an unknown value
    here, so that its programs would take `invalid` for a number. `note` is for the register list.

    For those who read the real meter: `scaled_by` is the constant that `scale` is a power of ten
    of, `accept` are the numbers or texts (with wildcards) that stand here in every meter with these
    registers, none where that does not matter. `place` is `file:line` of the entry.
    """

    at: str
    table: address.Table
    wire: int
    words: int
    type: RegisterType | None
    content: Content
    unit: str | None = None
    power: int = 0
    scale: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)
    codes: Mapping[int, int] | None = None
    order: Order = "ABCD"
    invalid: int = 0
    count: int | None = None
    chars: Literal[1, 2] = 2
    writable: bool = False
    unmarked: bool = False
    note: str | None = None
    scaled_by: str | None = None
    accept: tuple[int | str, ...] = ()
    place: str = field(default="", compare=False)

    @property
    def point(self) -> Point | None:
        """The one point that stands here, None where it is another content or a sum."""
        if isinstance(self.content, Quantity) and self.content.how == "point":
            return self.content.terms[0].point
        return None

    @property
    def points(self) -> tuple[Point, ...]:
        """Every point that has a part in what stands here."""
        match self.content:
            case Quantity(_, terms, reactive):
                more = (reactive,) if reactive else ()
                return (*(term.point for term in terms), *more)
            case Flags(points):
                return tuple(points.values())
            case _:
                return ()
