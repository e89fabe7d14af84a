"""Small meters for a serial line: every register holds its own address plus an amount."""

from collections.abc import Callable, Sequence

from modbus.wire import place, register, small_map
from submeter.errors import Refusal
from submeter.meter.access import Who
from submeter.meter.door import Wish
from submeter.meter.instant import Instant
from submeter.modbus.identification import Identification
from submeter.modbus.image import Image
from submeter.modbus.unit import Unit
from submeter.pointmap.address import Table
from submeter.pointmap.register import Constant, UnlockCode

SETTING = 200  # the address of the register that can be written
CODE = 210  # and of that for the unlock code, four registers
WRITTEN = "Display_Backlight_Timeout"


class Door:
    """Notes what is written; `then` is what it does after that."""

    def __init__(self) -> None:
        self.written: list[int | float] = []
        self.then: Callable[[], None] | None = None

    def write_all(self, wishes: Sequence[Wish], who: Who, now: Instant) -> None:
        self.written += [value for _, value in wishes]
        if self.then:
            self.then()

    def refuse(self, what: str, value: object, reason: Refusal, who: Who, now: Instant) -> None:
        pass


class Lock:
    """Lets everybody write; `work` is what an unlock code costs."""

    def __init__(self, work: Callable[[], bool] = lambda: True) -> None:
        self.work = work
        self.concluded: list[bool] = []

    def is_open(self, who: Who) -> bool:
        return True

    def attempt(self, who: Who, code: str, now: Instant) -> Callable[[], bool] | None:
        return self.work

    def conclude(self, who: Who, right: bool, now: Instant) -> None:
        self.concluded.append(right)

    def lock(self, who: Who, now: Instant) -> None:
        pass


def meter(plus: int = 0, door: Door | None = None, lock: Lock | None = None) -> Unit:
    """Return a meter with registers 0 to 124, a setting and an unlock code."""
    registers = [
        place(Constant(number + plus), table, number, "uint16")
        for number in range(125)
        for table in (Table.HOLDING, Table.INPUT)
    ]
    registers.append(register(WRITTEN, Table.HOLDING, SETTING, "uint16", writable=True))
    registers.append(
        place(UnlockCode(), Table.HOLDING, CODE, "string", words=4, writable=True, invalid=0)
    )
    unit = Unit(Image(small_map(registers)), Identification())
    unit.door, unit.lock = door or Door(), lock or Lock()
    return unit
