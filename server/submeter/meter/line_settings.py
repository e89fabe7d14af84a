"""The settings of a serial line, which all the meters on it share: baud rate and character format.

Each meter shows them as its own; a change in one of them is a change for all.
"""

from collections.abc import Callable, Mapping
from functools import partial

from submeter.meter.settings import Number, Settings

BAUDRATE, FORMAT = "Modbus_Baudrate", "Modbus_Character_Format"
FORMATS = ("8E1", "8O1", "8N1", "8N2")
"""Data bits, parity and stop bits, by the value of FORMAT."""

Change = Callable[[int, str], None]


class LineSettings:
    """Keeps the line of `meters`, which are by name, the same in all of them.

    `change` is told baud rate and character format, now and whenever they change. Of meters that
    remember different ones the first that was set by a poller prevails.
    """

    def __init__(self, meters: Mapping[str, Settings], change: Change) -> None:
        self._meters = meters
        self._change = change
        self._told: tuple[int, str] | None = None
        self._following = False
        for name in (BAUDRATE, FORMAT):
            leader = self._leader(name)
            if leader is not None:
                self._follow(leader, name)
        for settings in meters.values():
            settings.subscribe(partial(self._on_setting, settings))
        self._tell()

    def _leader(self, name: str) -> Settings | None:
        stored = (each for each in self._meters.values() if each.origin(name) == "stored")
        return next(stored, None)

    def _on_setting(self, changed: Settings, name: str, value: Number) -> None:
        if name in (BAUDRATE, FORMAT) and not self._following:
            self._follow(changed, name)
            self._tell()

    def _follow(self, leader: Settings, name: str) -> None:
        """Give every meter the value of `leader`."""
        value = leader.value(name)
        self._following = True
        try:
            for settings in self._meters.values():
                if settings.value(name) not in (value, None):
                    settings.set(name, value)
        finally:
            self._following = False

    def _tell(self) -> None:
        first = next(iter(self._meters.values()))
        baudrate, form = first.value(BAUDRATE), first.value(FORMAT)
        if baudrate is None or form is None:
            return
        line = int(baudrate), FORMATS[int(form)]
        if line != self._told:
            self._told = line
            self._change(*line)
