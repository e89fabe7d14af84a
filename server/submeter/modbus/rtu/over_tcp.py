"""RTU over TCP: the frames of a serial line, as serial device servers carry them."""

from collections.abc import Mapping

from submeter.modbus.diagnostics import Line
from submeter.modbus.listening import Listener
from submeter.modbus.rtu.stream import Streams
from submeter.modbus.settings import RtuTcpSettings
from submeter.modbus.unit import Unit


class ModbusRtuTcpFace(Listener):
    """Answers RTU frames over TCP for `units`, by their ids 1 to 247 as on a serial line.

    `line` has the units, which may change while the face runs, and what is counted.
    """

    def __init__(self, settings: RtuTcpSettings, units: Mapping[int, Unit]) -> None:
        self.line = Line(units, "modbus.rtu_tcp", guarded=True)
        super().__init__("modbus.rtu_tcp", settings, Streams(self.line))

    def set_units(self, units: Mapping[int, Unit]) -> None:
        """Answer for `units` and nobody else."""
        self.line.replace(units)
