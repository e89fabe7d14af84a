"""What stands in one register or bit: a number that is encoded whenever its points change."""

from collections.abc import Callable, Sequence
from typing import Protocol

from submeter.modbus.exceptions import DEVICE_FAILURE
from submeter.modbus.tables import Bits, Registers
from submeter.pointmap.register import Factor, Flags, Quantity, Register
from submeter.pointmap.register_codec import Number, encoder

LOST = 0x01
"""Instead of a code: a value that was known and is not, where the map has no refusal for it.

It reads as its pattern; where the imitated meter has none, a read is refused."""
Misfit = Callable[[Register, bool], None]
"""Told when a value begins not to fit its register (True), and when it ends."""


class Cell(Protocol):
    """A place in a table that shows a number."""

    def show(self, number: Number | None, code: int) -> None:
        """Put `number`; None is unknown, and a read of it is refused with `code`.

        No read is with 0, and one of LOST only where an unknown value has no pattern.
        """


class Shown:
    """What a poller may see of a point now.

    `number` is None when nothing is; what a read is then refused with is in `code`, see `Cell`.
    `valid` says that it is the present value rather than the last one, and fits: `misfits` counts
    the registers of the point itself that cannot hold it. `own` are the places of the point itself,
    `joint` those that it has a part in.
    """

    __slots__ = ("code", "joint", "last_state", "misfits", "number", "own", "valid", "validity")

    def __init__(self, last_state: int | None) -> None:
        self.number: Number | None = None
        self.code = -1  # none of the codes: whatever comes first is news
        self.valid = False
        self.misfits = 0
        self.last_state = last_state
        self.own: tuple[Cell, ...] = ()
        self.joint: tuple[Joint, ...] = ()
        self.validity: tuple[Bits, int] | None = None

    @property
    def on(self) -> bool:
        """Whether the point is in its last state; an unknown one is not."""
        return self.number is not None and self.number == self.last_state


class RegisterCell:
    """The registers of a number at `place` of `table`."""

    __slots__ = ("_code", "_encode", "_misfit", "_misfits", "_place", "_register", "_table")

    def __init__(self, register: Register, table: Registers, misfit: Misfit) -> None:
        self._register = register
        self._table = table
        start = 2 * table.place(register.wire, register.count)
        self._place = slice(start, start + 2 * register.words)
        self._encode = encoder(register)
        self._misfit = misfit
        self._misfits = False
        self._code = 0

    def show(self, number: Number | None, code: int) -> None:
        """Put the bytes of `number`, or the invalid pattern."""
        data, misfits = self._encode(number)
        self._table.put(self._place, data)
        if misfits is not self._misfits:
            self._misfits = misfits
            self._misfit(self._register, misfits)
        if code == LOST or misfits:
            code = DEVICE_FAILURE if self._register.unmarked else 0
        if code != self._code:
            self._code = code
            self._table.deny(self._place.start // 2, self._register.words, code)


class BitCell:
    """The bit at `wire` of `bits`: 1 while the number is `on`."""

    __slots__ = ("_bits", "_code", "_on", "_wire")

    def __init__(self, bits: Bits, wire: int, on: int) -> None:
        self._bits = bits
        self._wire = wire
        self._on = on
        self._code = 0

    def show(self, number: Number | None, code: int) -> None:
        """Put the bit; an unknown one is 0."""
        self._bits.put(self._wire, number is not None and number == self._on)
        if code == LOST:
            code = 0
        if code != self._code:
            self._code = code
            self._bits.deny(self._wire, code)


class Joint(Protocol):
    """A place that several points make up."""

    def refresh(self) -> None:
        """Put the number that the points make now."""


class Combination:
    """A sum, mean, product or power factor with its load, unknown while one of its terms is."""

    __slots__ = ("_cell", "_factor", "_how", "_signs", "_terms")

    def __init__(self, quantity: Quantity, shown: Sequence[Shown], cell: Cell) -> None:
        """Take what is shown of the terms, in their order, and then of `quantity.reactive`."""
        self._how = quantity.how
        self._signs = [term.sign for term in quantity.terms]
        self._factor = quantity.factor
        self._terms = tuple(shown)
        self._cell = cell

    def refresh(self) -> None:
        """Put the present number."""
        numbers = [term.number for term in self._terms]
        known = [number for number in numbers if number is not None]
        if len(known) == len(numbers):
            self._cell.show(self._combined(known), 0)
        else:
            unknown = (term.code for term in self._terms if term.number is None)
            self._cell.show(None, max(unknown))

    def _combined(self, numbers: list[Number]) -> Number:
        terms = [sign * number for sign, number in zip(self._signs, numbers, strict=False)]
        if self._how == "sum":
            return sum(terms)
        if self._how == "mean":
            return sum(terms) / len(terms)
        number = terms[0] if self._how == "point" else terms[0] * terms[1]
        return number if self._factor is None else _as_written(number, numbers[-1], self._factor)


class FlagsCell:
    """Two-state points as the bits of one register; unknown ones are 0."""

    __slots__ = ("_cell", "_shown")

    def __init__(self, flags: Flags, shown: Sequence[Shown], cell: Cell) -> None:
        """Take what is shown of the points, in the order of `flags.points`."""
        self._shown = tuple(zip(flags.points, shown, strict=True))
        self._cell = cell

    def refresh(self) -> None:
        """Put the present bits."""
        self._cell.show(sum(shown.on << bit for bit, shown in self._shown), 0)


def _as_written(number: Number, reactive: Number, factor: Factor) -> Number:
    """Return the power factor `number` as `factor` says; see `Quantity`."""
    if factor == "four-quadrant":
        if reactive >= 0:
            return number
        return 2 - number if number >= 0 else -2 - number
    negative = reactive > 0 if factor == "inductive-negative" else reactive < 0
    return 0 - abs(number) if negative else abs(number)
