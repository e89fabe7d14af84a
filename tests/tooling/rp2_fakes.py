"""The modules of MicroPython that touch hardware, made of notes: what was done, in order."""

import importlib
import sys
import types
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from tooling.firmware import FOLDER

ROOM = 0x2000_1230
"""Where a buffer is: at no round address."""
NAMES = ("machine", "rp2", "uctypes", "time", "select", "micropython")
READY = 1 << 8


class Registers:
    """mem32: `values` are read, a callable among them is asked each time; writes are noted."""

    def __init__(self, notes: list[tuple[Any, ...]]) -> None:
        self.values: dict[int, int | Callable[[], int]] = {0x4004C000: READY}
        self._notes = notes

    def __getitem__(self, address: int) -> int:
        value = self.values.get(address, 0)
        return value() if callable(value) else value

    def __setitem__(self, address: int, value: int) -> None:
        self._notes.append(("write", address, value))
        if address not in (0x4004C000, 0x4004C008):
            self.values[address] = value


class Dma:
    """A channel; pack_ctrl returns its fields, so that they can be looked at."""

    def __init__(self, board: "FakeBoard") -> None:
        self.notes = board.notes
        self.channel = 3 + board.channels
        board.channels += 1

    @property
    def ctrl(self) -> int:
        return 0

    @ctrl.setter
    def ctrl(self, value: int) -> None:
        self.notes.append(("ctrl", self.channel, value))

    def pack_ctrl(self, **fields: int) -> dict[str, int]:
        return fields

    def config(self, **told: object) -> None:
        self.notes.append(("config", self.channel, told))

    def active(self, wanted: int) -> None:
        self.notes.append(("active", self.channel, wanted))

    def close(self) -> None:
        self.notes.append(("close", self.channel))


class Pin:
    """A pin that is open until `levels` says otherwise."""

    IN, OUT, PULL_UP, IRQ_FALLING, IRQ_RISING = range(5)
    levels: dict[int, int]
    handlers: dict[int, Any]

    def __init__(self, number: int, mode: int = IN, pull: int = 0) -> None:
        self.number = number

    def value(self, new: int | None = None) -> int:
        if new is not None:
            self.levels[self.number] = new
        return self.levels.get(self.number, 1)

    def irq(self, handler: Any, **how: object) -> None:
        self.handlers[self.number] = handler
        assert handler is None or how["hard"] is True

    def change(self, level: int) -> None:
        self.levels[self.number] = level
        self.handlers[self.number](self)


class FakeBoard:
    """What the modules are made of: `notes` of what was done, `mem32`, the time, the pins."""

    def __init__(self) -> None:
        self.notes: list[tuple[Any, ...]] = []
        self._loaded: dict[str, types.ModuleType] = {}
        self.mem32 = Registers(self.notes)
        self.channels = 0
        self.us = 0
        self.cause = 1
        self.pin: Any = type("Pin", (Pin,), {"levels": {}, "handlers": {}})

    def note(self, *what: object) -> None:
        self.notes.append(what)

    def wait(self, ms: int) -> None:
        self.note("sleep", ms)
        self.us += 1000 * ms

    def load(self, name: str) -> Any:
        """Return a module of the firmware as it is on this board."""
        told = self._modules()
        with patch.dict(sys.modules), patch.object(sys, "path", [str(FOLDER), *sys.path]):
            for each in [each for each in sys.modules if _is_firmware(each)]:
                del sys.modules[each]
            # The time, too, is another one while they are imported only.
            sys.modules.update(told | self._loaded)
            module = importlib.import_module(name)
            self._loaded = {key: each for key, each in sys.modules.items() if _is_firmware(key)}
        return module

    def replace(self, name: str, module: types.ModuleType) -> None:
        """Let the firmware have `module` as its module `name`."""
        self._loaded[name] = module

    def _modules(self) -> dict[str, types.ModuleType]:
        told = {name: types.ModuleType(name) for name in NAMES}
        told["machine"].__dict__.update(
            mem32=self.mem32, Pin=self.pin, ADC=lambda pin: self.note("adc", pin.number),
            WDT=self._dog, PWRON_RESET=1, WDT_RESET=3, reset_cause=lambda: self.cause,
            unique_id=lambda: bytes.fromhex("e66038b713000001"),
            reset=lambda: self.note("reset"), bootloader=lambda: self.note("bootloader"),
            disable_irq=lambda: 7, enable_irq=lambda state: self.note("irq", state),
        )  # fmt: skip
        told["rp2"].__dict__["DMA"] = lambda: Dma(self)
        told["uctypes"].__dict__.update(
            addressof=lambda _: ROOM,
            bytearray_at=lambda address, size: (address, size),
        )
        told["time"].__dict__.update(
            ticks_us=lambda: self.us & 0x3FFFFFFF, ticks_ms=lambda: self.us // 1000,
            ticks_diff=lambda a, b: (a - b + 0x20000000 & 0x3FFFFFFF) - 0x20000000,
            sleep_ms=self.wait, sleep=lambda seconds: self.wait(1000 * seconds),
        )  # fmt: skip
        told["select"].__dict__.update(POLLIN=1, POLLOUT=4, poll=lambda: None)
        told["micropython"].__dict__.update(
            const=lambda value: value, viper=lambda function: function,
            native=lambda function: function, kbd_intr=lambda key: self.note("kbd_intr", key),
        )  # fmt: skip
        return told

    def _dog(self, timeout: int) -> types.SimpleNamespace:
        self.note("watchdog", timeout)
        return types.SimpleNamespace(feed=lambda: self.note("feed"))


def _is_firmware(name: str) -> bool:
    return name.split(".")[0] in ("core", "hal_rp2", "main")
