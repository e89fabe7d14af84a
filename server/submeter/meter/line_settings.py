"""The settings of a serial line, which all the meters on it share: baud rate and character format.

Each meter shows them as its own; a change in one of them is a change for all.
"""

from collections.abc import Callable, Mapping
from functools import partial

from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.settings import Number, Settings

BAUDRATE, FORMAT = "Modbus_Baudrate", "Modbus_Character_Format"
FORMATS = ("8E1", "8O1", "8N1", "8N2")
"""Data bits, parity and stop bits, by the value of FORMAT."""

Change = Callable[[int, str], None]


def share(meters: Mapping[str, Settings], change: Change, audit: Audit) -> None:
    """Keep the line of `meters`, which are by name, the same in all of them from now on.

    `change` is told baud rate and character format, now and whenever they change. Of meters that
    remember different ones the first prevails. What follows is told to `audit` once for all.
    """
    _Line(meters, change, audit)


class _Line:
    """What the meters of one line are told last."""

    def __init__(self, meters: Mapping[str, Settings], change: Change, audit: Audit) -> None:
        self._meters = meters
        self._change = change
        self._audit = audit
        self._told: tuple[int, str] | None = None
        self._following = False
        for name in (BAUDRATE, FORMAT):
            stored = [each for each in meters.values() if each.origin(name) == "stored"]
            if stored:
                self._follow(stored[0], name)
        self._tell()
        for settings in meters.values():
            settings.subscribe(partial(self._on_setting, settings))

    def _on_setting(self, changed: Settings, name: str, value: Number) -> None:
        if name in (BAUDRATE, FORMAT) and not self._following:
            self._follow(changed, name)
            self._tell()

    def _follow(self, leader: Settings, name: str) -> None:
        """Give every meter the value of `leader`, or reset it as that one was."""
        value, stored = leader.value(name), leader.origin(name) == "stored"
        self._following = True
        try:
            for settings in self._meters.values():
                if settings.value(name) in (value, None):
                    continue
                if stored:
                    settings.set(name, value)
                else:
                    settings.reset(name)
        finally:
            self._following = False

    def _tell(self) -> None:
        each = next(iter(self._meters.values()))
        baudrate, form = each.value(BAUDRATE), each.value(FORMAT)
        if baudrate is None or form is None:
            return
        line = int(baudrate), FORMATS[int(form)]
        if line == self._told:
            return
        if self._told:
            self._audit.note("line_changed", at=Instant.now(), baudrate=line[0], format=line[1])
        self._change(*line)
        self._told = line
