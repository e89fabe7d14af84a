"""The wire image of one meter: what its Modbus tables read as, ready to be sliced."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from submeter.meter.instant import Instant
from submeter.meter.point import Point
from submeter.meter.reading import Quality, Reading
from submeter.modbus import layout
from submeter.modbus.cells import (
    LOST,
    BitCell,
    Cell,
    Combination,
    FlagsCell,
    Joint,
    RegisterCell,
    Shown,
)
from submeter.modbus.exceptions import DEVICE_FAILURE, NO_SUCH_UNIT, SILENCE
from submeter.modbus.identification import Identification
from submeter.modbus.tables import MOST_BITS, MOST_REGISTERS, Alone, Bits, Registers
from submeter.modbus.told_once import ToldOnce
from submeter.pointmap.address import Table
from submeter.pointmap.meter_file import Fallback, WhenStale
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.register import (
    Absent,
    Constant,
    Content,
    Flags,
    Identity,
    Quantity,
    Register,
    Term,
    Text,
    UnlockCode,
)
from submeter.pointmap.register_codec import Number, encode_text

_CODES: dict[Fallback, int] = {
    "invalid": 0,
    "last": 0,
    "failure": DEVICE_FAILURE,
    "no-answer": NO_SUCH_UNIT,
    "silence": SILENCE,
}
_OURS = Identification()
_MOST_DIGITS = 400  # more than any type can hold


class Image:
    """What a poller reads of one meter, as `meter_map` lays it out.

    Everything is unknown until `apply` says otherwise: validity bits read as 0, values as
    `when_stale` says (the map's own, if it is None). `blocks` has the tables by the function that
    reads them; with `meter_map.shared` functions 3 and 4 read the same. `saturated` counts how
    often a value began not to fit its register; the log tells of one that comes and goes only once.
    """

    def __init__(
        self,
        meter_map: MeterMap,
        identification: Identification = _OURS,
        when_stale: WhenStale | None = None,
        clock: Callable[[], Instant] = Instant.now,
    ) -> None:
        self.saturated = 0
        self._misfits = ToldOnce("saturated", "saturated_end", clock)
        self._map = meter_map
        self._identification = identification
        fallbacks = when_stale or meter_map.when_stale
        self._fallbacks: dict[Quality, Fallback] = {
            Quality.STALE: fallbacks.stale,
            Quality.FAILED: fallbacks.failed,
            Quality.ABSENT: fallbacks.absent,
        }
        self._shown: dict[str, Shown] = {}
        self._words = {table: _registers(meter_map, table) for table in _WORD_TABLES}
        if meter_map.shared:
            self._words[Table.INPUT] = self._words[Table.HOLDING]
        self._bits = {table: Bits(_layout(meter_map, (table,))) for table in _BIT_TABLES}
        self.blocks: dict[int, Registers | Bits] = {
            table.function: block for table, block in (self._words | self._bits).items()
        }
        for register in meter_map.registers:
            self._stand(register)
        self._status = [self._of(point) for point in meter_map.status]
        if meter_map.validity:
            bits, first = self._bits[meter_map.validity.table], meter_map.validity.wire
            for point in meter_map.points:
                self._of(point).validity = (bits, first + meter_map.bits[point.name])
        self.apply(dict.fromkeys(self._shown, _UNKNOWN))

    def apply(self, readings: Mapping[str, Reading]) -> None:
        """Encode `readings`; all of them become visible together.

        A reading that is not known, see `known`, reads as `when_stale` says. Points without a
        place in the map are passed over.
        """
        every = self._shown
        joint: dict[Joint, None] = {}
        for name, reading in readings.items():
            shown = every.get(name)
            if shown is None:
                continue
            good = known(reading)
            number, code = (reading.value, 0) if good else self._instead(shown, reading)
            if number != shown.number or code != shown.code:
                shown.number, shown.code = number, code
                for cell in shown.own:
                    cell.show(number, code)
                if shown.joint:
                    joint.update(dict.fromkeys(shown.joint))
            valid = good and not shown.misfits
            if valid is not shown.valid:
                shown.valid = valid
                if shown.validity:
                    bits, wire = shown.validity
                    bits.put(wire, valid)
        for each in joint:
            each.refresh()
        for block in self.blocks.values():
            block.publish()
        self._misfits.tick()

    @property
    def status(self) -> int:
        """The data of function 7 (V1.1b3, 6.7): bit n is 1 while status point n is in alarm."""
        return sum(shown.on << bit for bit, shown in enumerate(self._status))

    def register_at(self, table: Table, address: int) -> Register | None:
        """Return the register that `address` belongs to, None in a hole.

        With a shared map functions 3 and 4 find the same. What only a read of a certain count sees
        is not found.
        """
        return self._places.get((self._one(table), address))

    @cached_property
    def _places(self) -> dict[tuple[Table, int], Register]:
        # Made by the first write; most meters see none.
        return {
            (self._one(register.table), register.wire + n): register
            for register in self._map.registers
            if register.count is None
            for n in range(register.words)
        }

    def _one(self, table: Table) -> Table:
        """Return the table that stands for `table`: both of registers are one if shared."""
        return Table.HOLDING if self._map.shared and table is Table.INPUT else table

    def _instead(self, shown: Shown, reading: Reading) -> tuple[Number | None, int]:
        """Return the number in place of one that is not known, and the code of a refusal."""
        fallback = self._fallbacks.get(reading.quality, self._fallbacks[Quality.FAILED])
        lost = 0 if reading.quality is Quality.ABSENT else LOST
        if fallback != "last":
            return None, _CODES[fallback] or lost
        last = reading.value
        if last is None or (isinstance(last, float) and not math.isfinite(last)):
            last = shown.number
        return last, lost if last is None else 0

    def _of(self, point: Point) -> Shown:
        """Return what is shown of `point`."""
        shown = self._shown.get(point.name)
        if shown is None:
            last_state = list(point.states)[-1] if point.states else None
            shown = self._shown[point.name] = Shown(last_state)
        return shown

    def _stand(self, register: Register) -> None:
        """Put what never changes in `register`, and let its points show the rest."""
        content = register.content
        if isinstance(content, UnlockCode):
            return  # zeros
        if isinstance(content, Text) or (
            isinstance(content, Identity) and register.type == "string"
        ):
            self._write(register, self._text(content))
            return
        cell = self._cell(register)
        if point := _alone(content):
            shown = self._of(point)
            shown.own = (*shown.own, cell)
            return
        match content:
            case Quantity():
                parts = [self._of(point) for point in register.points]
                self._join(parts, Combination(content, parts, cell))
            case Flags():
                parts = [self._of(point) for point in register.points]
                self._join(parts, FlagsCell(content, parts, cell))
            case Constant():
                cell.show(content.value, 0)
            case Identity():
                cell.show(_number(self._text(content), content.field), 0)
            case Absent():
                cell.show(None, _CODES[self._fallbacks[Quality.ABSENT]])

    def _join(self, parts: Iterable[Shown], joint: Joint) -> None:
        for shown in dict.fromkeys(parts):
            shown.joint = (*shown.joint, joint)

    def _cell(self, register: Register) -> Cell:
        if register.type is not None:
            return RegisterCell(register, self._words[register.table], self._misfit)
        point = register.point
        last_state = self._of(point).last_state if point else None
        return BitCell(
            self._bits[register.table], register.wire, 1 if last_state is None else last_state
        )

    def _text(self, content: Text | Identity) -> str:
        if isinstance(content, Text):
            return content.text
        text: str = getattr(self._identification, content.field)
        return text

    def _write(self, register: Register, text: str) -> None:
        table = self._words[register.table]
        start = 2 * table.place(register.wire, register.count)
        table.put(slice(start, start + 2 * register.words), encode_text(text, register))

    def _misfit(self, register: Register, begins: bool) -> None:
        """Count and tell that a value begins or ends not to fit; its point alone is not valid."""
        self.saturated += begins
        if point := _alone(register.content):
            self._of(point).misfits += 1 if begins else -1
        meter = self._identification.application
        names = "+".join(point.name for point in register.points)
        where = f"meter={meter} at={register.at} type={register.type} point={names}"
        self._misfits.change(where, begins)


def known(reading: Reading) -> bool:
    """Tell whether `reading` may be served: its quality is good and its value a finite number."""
    if not reading.quality.good or reading.value is None:
        return False
    return isinstance(reading.value, int) or math.isfinite(reading.value)


_UNKNOWN = Reading(None, Quality.STALE)
_WORD_TABLES = (Table.HOLDING, Table.INPUT)
_BIT_TABLES = (Table.COIL, Table.DISCRETE)


def _alone(content: Content) -> Point | None:
    """Return the point whose number is all of `content`, None for any other content."""
    match content:
        case Quantity("point", (Term(point, 1),), None):
            return point
        case _:
            return None


def _number(text: str, field: str) -> int:
    """Return the text of an identity as a number, 0 if it has no digits.

    Its decimal digits; those of a revision with two for every part after the first, of three parts
    at most, so that a later one is larger: 0.1.0 is 100, 1.12.3 is 11203.
    """
    parts = re.findall("[0-9]+", text)
    if field == "revision":
        first, *rest = parts[:3] or ["0"]
        parts = [first, *(part.zfill(2) for part in rest)]
    return int("".join(parts)[:_MOST_DIGITS] or "0")


def _registers(meter_map: MeterMap, table: Table) -> Registers:
    """Return the table of registers; if shared, with those of the other."""
    tables = _WORD_TABLES if meter_map.shared else (table,)
    alone = [
        Alone(register.wire, register.count, register.words)
        for register in meter_map.registers
        if register.table in tables and register.count is not None
    ]
    return Registers(_layout(meter_map, tables), alone)


def _layout(meter_map: MeterMap, tables: tuple[Table, ...]) -> layout.Layout:
    """Return where `tables` have values: those of the map and its validity bits."""
    places = [
        (register.wire, register.words)
        for register in meter_map.registers
        if register.table in tables and register.count is None
    ]
    if meter_map.validity and meter_map.validity.table in tables:
        places.extend((meter_map.validity.wire + n, 1) for n in range(len(meter_map.bits)))
    most = MOST_BITS if tables[0].bits else MOST_REGISTERS
    return layout.shared(tuple(places), most, meter_map.holes, meter_map.clipped)
