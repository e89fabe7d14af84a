"""RTU over TCP: the frames of a serial line, as serial device servers carry them."""

from collections.abc import Mapping

from submeter.modbus.diagnostics import Line
from submeter.modbus.listening import Listener
from submeter.modbus.rtu.stream import Stream
from submeter.modbus.settings import RtuTcpSettings
from submeter.modbus.unit import Unit


class ModbusRtuTcpFace(Listener):
    """Answers RTU frames over TCP for `units`, by their ids 1 to 247 as on a serial line.

    `line` has the units, which may change while the face runs, and what is counted.
    """

    def __init__(self, settings: RtuTcpSettings, units: Mapping[int, Unit]) -> None:
        self.line = Line(dict(units))
        self._stream = Stream(self.line)
        super().__init__("modbus.rtu_tcp", settings, self._stream)

    @property
    def requests(self) -> int:
        """How many requests were answered, exceptions included."""
        return self._stream.requests

    @property
    def exceptions(self) -> int:
        """How many requests were answered with an exception."""
        return self._stream.exceptions

    @property
    def broken(self) -> int:
        """How many connections were closed because what came was not Modbus."""
        return self._stream.broken

    def readdress(self, old: int, new: int) -> None:
        """Let the unit `old` answer as `new`; if another unit has that id, both keep theirs."""
        units = self.line.units
        if old in units and new not in units:
            units[new] = units.pop(old)

    def set_units(self, units: Mapping[int, Unit]) -> None:
        """Answer for `units` and nobody else."""
        wanted = dict(units)
        self.line.units.clear()
        self.line.units.update(wanted)
