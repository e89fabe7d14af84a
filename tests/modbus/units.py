"""Units to ask: a small map of everything that a write can meet, and a door that keeps a list."""

from collections.abc import Callable, Sequence
from typing import Any

from modbus.wire import measured, place, register, small_map
from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.door import Wish
from submeter.meter.instant import Instant
from submeter.modbus.dispatch import answer
from submeter.modbus.identification import Identification
from submeter.modbus.image import Image
from submeter.modbus.unit import Answer, Peer, Unit
from submeter.pointmap.address import Table
from submeter.pointmap.register import Constant, UnlockCode

NOW = Instant(10.0, 1e9)
WHO = Who("modbus.tcp", "192.0.2.9")
PEER = Peer(WHO)
CODE = "482913"
INTERVAL, ADDRESS, BAUDRATE = "Demand_Interval", "Modbus_Address", "Modbus_Baudrate"
HOLDING, COIL = Table.HOLDING, Table.COIL

MAP = small_map(
    [
        register(INTERVAL, HOLDING, 0, "float32", writable=True),
        register(ADDRESS, HOLDING, 2, "uint16", writable=True),
        register(BAUDRATE, HOLDING, 3, "uint16", codes={9600: 0, 19200: 1}, writable=True),
        # a hole at 4
        register("Active_Power_Total", HOLDING, 5, "float32"),
        register("Overload_Threshold", HOLDING, 7, "int16", writable=True),
        register(INTERVAL, HOLDING, 8, "uint16", writable=True),
        place(Constant(7), HOLDING, 9, "uint16"),
        place(UnlockCode(), HOLDING, 20, "uint32", writable=True),
        place(UnlockCode(), HOLDING, 22, "string", words=4, writable=True),
        register(ADDRESS, HOLDING, 26, "uint16", writable=True),
        register("Voltage_L1_N", HOLDING, 2, "uint16", count=2),
        register("Display_Backlight_Timeout", HOLDING, 65535, "uint16", writable=True),
        register("Reset_Demand_Peak", COIL, 0, writable=True),
        register("Sync_Clock", COIL, 1, writable=True),
        register("Meter_Error", COIL, 2),
        # a hole at 3
    ],
    clipped="refuse",
)


class Door:
    """Takes every write, or refuses all with `reason`; keeps what it was told."""

    def __init__(self) -> None:
        self.reason: Refusal | None = None
        self.written: list[list[Wish]] = []
        self.refused: list[tuple[str, object, Refusal]] = []
        self.then: Callable[[], None] = lambda: None

    def write_all(self, wishes: Sequence[Wish], who: Who, now: Instant) -> None:
        if self.reason:
            raise WriteRefusedError(self.reason, "no")
        self.written.append(list(wishes))
        self.then()

    def refuse(self, what: str, value: object, reason: Refusal, who: Who, now: Instant) -> None:
        self.refused.append((what, value, reason))


class Lock:
    """Asks for CODE, or for none; keeps the codes that were tried and what was concluded."""

    def __init__(self) -> None:
        self.open = True
        self.reason: Refusal | None = None
        self.asks = True
        self.tried: list[str] = []
        self.concluded: list[bool] = []
        self.locked = 0

    def is_open(self, who: Who) -> bool:
        return self.open

    def attempt(self, who: Who, code: str, now: Instant) -> Callable[[], bool] | None:
        if self.reason:
            raise WriteRefusedError(self.reason, "no")
        self.tried.append(code)
        return (lambda: code == CODE) if self.asks else None

    def conclude(self, who: Who, right: bool, now: Instant) -> None:
        self.concluded.append(right)
        if not right:
            raise WriteRefusedError(Refusal.LOCKED, "no")

    def lock(self, who: Who, now: Instant) -> None:
        self.locked += 1


class Site:
    """A unit of MAP with its door and lock."""

    def __init__(self, **more: Any) -> None:
        self.door = Door()
        self.lock = Lock()
        self.image = Image(MAP)
        known = {INTERVAL: 15.0, ADDRESS: 0x12, BAUDRATE: 19200, "Voltage_L1_N": 230}
        self.image.apply({name: measured(number) for name, number in known.items()})
        fields = {"door": self.door, "lock": self.lock, **more}
        self.unit = Unit(self.image, Identification(), **fields)

    def ask(self, pdu: str | bytes, peer: Peer = PEER) -> Answer:
        """Return the answer to `pdu`, bytes or hexadecimal text."""
        request = bytes.fromhex(pdu) if isinstance(pdu, str) else pdu
        return answer(self.unit, request, peer, NOW)


def plain(image: Image) -> Unit:
    """Return a unit that nobody can write to."""
    return Unit(image, Identification())
