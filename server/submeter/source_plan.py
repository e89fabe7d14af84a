"""From an entry of the configuration to a source: its port, its maps and its keys, all checked."""

import os
import time

from submeter import count_file, yamlfile
from submeter.board_plan import BoardPlan
from submeter.config import Loaded, MeterEntry, SourceEntry
from submeter.pointmap import meter_map, source_map
from submeter.pulse_output.settings import PulseOutputSettings
from submeter.source_place import Place, Ports, port_name
from submeter.sources.board.board_line import BoardLine
from submeter.sources.dlms.settings import DlmsSettings
from submeter.sources.dlms.source import DlmsSource
from submeter.sources.mbus.settings import MbusSettings
from submeter.sources.mbus.source import MbusSource
from submeter.sources.modbus_meter import source as modbus_source
from submeter.sources.modbus_meter.settings import ModbusMeterSettings
from submeter.sources.modbus_meter.source import ModbusSource
from submeter.sources.optical.settings import OpticalSettings
from submeter.sources.optical.source import OpticalSource
from submeter.sources.port import Line, Rfc2217, Spec
from submeter.sources.pulse import source as pulse_source
from submeter.sources.pulse.settings import BoardInput, GpioInput, PulseSettings
from submeter.sources.pulse.source import PulseSource
from submeter.sources.rp2040 import calibration_file
from submeter.sources.rp2040 import source as clamp_source
from submeter.sources.rp2040.board import Board
from submeter.sources.rp2040.calibration_file import CalibrationFile
from submeter.sources.rp2040.settings import Rp2040Settings
from submeter.sources.rp2040.source import Rp2040Source
from submeter.sources.rp2040.wiring import wirings
from submeter.sources.shared_line import SharedLine
from submeter.sources.simulated.settings import SimulatedSettings
from submeter.sources.simulated.source import SimulatedSource
from submeter.sources.source import Source
from submeter.sources.tic.decoder import Mode
from submeter.sources.tic.settings import TicSettings
from submeter.sources.tic.source import TicSource


class SourcePlan:
    """Makes the sources of one configuration; those that share a line share it here too.

    What they are plugged in to need not be there if not `plugged`.
    """

    def __init__(self, loaded: Loaded, plugged: bool = True) -> None:
        self._loaded = loaded
        self._plugged = plugged
        self._lines: dict[str, tuple[SharedLine, str]] = {}  # by port: who named it first
        self._ports = Ports()
        self._boards = BoardPlan(self._ports)
        self._calibration = CalibrationFile(calibration_file.beside(loaded.store_path))
        self._contacts: dict[tuple[str, int], str] = {}  # chip or board, its line or input -> who
        if rtu := loaded.config.modbus.rtu:
            self._ports.note(rtu.port, "is modbus.rtu.port")

    def source(self, entry: MeterEntry, number: int, loc: yamlfile.Loc) -> Source:
        """Return the source `number` of `entry`, which stands at `loc`; raises ConfigError."""
        source = entry.sources[number]
        name = entry.name if len(entry.sources) == 1 else f"{entry.name}.{source.called}"
        place = Place(self._loaded, entry.name, (*loc, source.kind), self._plugged)
        match source.settings:
            case TicSettings() as tic:
                return self._tic(name, tic, place)
            case DlmsSettings() as dlms:
                spec = self._own(dlms.port, place, "port")
                loaded = place.map(dlms.map, "obis", dlms.options)
                return DlmsSource(name, spec, dlms, loaded, place.keys(dlms.keys))
            case OpticalSettings() as optical:
                spec = self._own(optical.port, place, "port")
                loaded = place.map(optical.map, "obis", optical.options)
                return OpticalSource(name, spec, optical, loaded, place.password(optical.keys))
            case MbusSettings() as mbus:
                line = self._shared(place.spec(mbus.port, "port"), mbus.line, place, "port")
                return MbusSource(name, line, mbus, place.map(mbus.map, "mbus", mbus.options))
            case ModbusMeterSettings() as modbus:
                return self._modbus(name, modbus, place)
            case PulseSettings() as pulse:
                return self._pulse(name, pulse, source.called, place)
            case Rp2040Settings() as clamps:
                return self._clamps(name, clamps, entry, place)
            case SimulatedSettings() as simulated:
                now = time.localtime()
                second_of_day = now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec
                return SimulatedSource(name, simulated, second_of_day)
            case None:
                raise AssertionError("the configuration model lets no empty source through")

    def _tic(self, name: str, settings: TicSettings, place: Place) -> TicSource:
        spec = self._own(settings.port, place, "port")
        maps = {}
        for mode in Mode:
            key = mode.value.replace("-", "_")
            maps[mode] = place.map(getattr(settings.maps, key), "tic", (), "maps", key)
        place.options(settings.options, list(maps.values()))
        for mode, each in maps.items():
            maps[mode] = place.load(each.name, settings.options)
        return TicSource(name, spec, settings, maps)

    def _modbus(self, name: str, settings: ModbusMeterSettings, place: Place) -> ModbusSource:
        key = "tcp" if settings.tcp else "port"
        try:
            spec = settings.spec(self._loaded.folder)
        except ValueError as error:
            raise place.error(str(error), key) from None
        place.check(spec, key)
        line = self._shared(spec, settings.line, place, key)
        path = place.file("meters", settings.map, "map")
        loaded = meter_map.read(path, place.constants(path, settings.constants))
        try:
            modbus_source.check(settings, loaded)
        except ValueError as error:
            raise place.error(str(error), "map") from None
        return ModbusSource(name, line, settings, loaded)

    def _pulse(self, name: str, settings: PulseSettings, called: str, place: Place) -> PulseSource:
        line, who = None, f"feeds meter '{place.meter}'"
        if settings.board:
            line = self._board(settings.board, place, who)
        if settings.gpio:
            self._gpio(settings.gpio, place, who, "gpio")
        tally = count_file.beside(self._loaded.store_path, place.meter, called, kind="counted")
        return PulseSource(name, settings, tally, line)

    def _board(self, wanted: BoardInput, place: Place, who: str) -> BoardLine:
        """Return the board with the input that is `wanted`, the same for all of its inputs."""
        spec = place.spec(wanted.port, "board", "port", board=True)
        contact = f"input {wanted.input} of {spec}"
        line = self._boards.line(spec, place, "board", "port")
        self._touch((port_name(spec), wanted.input), contact, who, place, "board", "input")
        return line

    def _clamps(
        self, name: str, settings: Rp2040Settings, entry: MeterEntry, place: Place
    ) -> Rp2040Source:
        try:
            clamp_source.check(settings, entry.settings)
        except ValueError as error:
            raise place.error(str(error), "clamp") from None
        boards: dict[str, Board] = {}
        if settings.boards:
            for phase, each in settings.boards.items():
                found = self._boards.board(each.board, each.port, place, "boards", phase)
                if found in boards.values():
                    message = "this board is that of another phase already; name another"
                    raise place.error(message, "boards", phase)
                boards[phase] = found
        else:
            boards[""] = self._boards.board(settings.board, settings.port, place)
        for key, wiring in wirings(settings).items():
            self._boards.agree(boards[key], settings, wiring, entry.settings, place)
        try:
            return Rp2040Source(name, boards, settings, self._calibration)
        except ValueError as error:
            raise place.error(str(error)) from None

    def output(self, entry: MeterEntry, loc: yamlfile.Loc) -> None:
        """Take the line of the pulse output of `entry`, which stands at `loc`.

        Raises ConfigError.
        """
        if entry.pulse_output:
            place = Place(self._loaded, entry.name, (*loc, "pulse_output"), self._plugged)
            self._gpio(entry.pulse_output, place, f"is the pulse output of meter '{entry.name}'")

    def _gpio(
        self, wanted: GpioInput | PulseOutputSettings, place: Place, who: str, *key: str
    ) -> None:
        """Take a line of a GPIO chip, which must be there, for `who` alone."""
        place.check_chip(wanted.chip, *key, "chip")
        contact = f"line {wanted.line} of {wanted.chip}"
        line = os.path.realpath(wanted.chip), wanted.line
        self._touch(line, contact, who, place, *key, "line")

    def _touch(
        self, contact: tuple[str, int], called: str, who: str, place: Place, *key: str
    ) -> None:
        if other := self._contacts.get(contact):
            raise place.error(f"{called} {other} already; name another", *key)
        self._contacts[contact] = who

    def _own(self, text: str, place: Place, *key: str) -> Spec:
        """Return the port that `text` names, which nothing else may open."""
        spec = place.spec(text, *key)
        self._ports.take(spec, place, *key)
        return spec

    def _shared(self, spec: Spec, line: Line, place: Place, key: str) -> SharedLine:
        """Return the line at `spec`, the same for all that name it with the same settings."""
        name = port_name(spec)
        kind = f"{place.loc[-1]} line at {line}{_way(spec)}"
        found = self._lines.get(name)
        if found is None:
            self._ports.take(spec, place, key)
            found = self._lines[name] = SharedLine(spec, line), kind
        elif found[1] != kind:
            message = f"{spec} is a {found[1]} of another source already; make both the same"
            raise place.error(message, key)
        return found[0]


def _way(spec: Spec) -> str:
    """Say how a server is spoken to: one that takes settings is not one that takes none."""
    return " by rfc2217" if isinstance(spec, Rfc2217) else ""


def max_age(loaded: Loaded, entry: SourceEntry) -> float:
    """Return the seconds after which a value of the source `entry` is stale."""

    def of(name: str) -> float:
        return source_map.load(name, (), loaded.own_maps).max_age

    match entry.settings:
        case TicSettings(maps=maps):
            return max(of(name) for name in maps.model_dump().values())
        case DlmsSettings(map=name):
            return of(name)
        case OpticalSettings(map=name) | MbusSettings(map=name) as settings:
            return settings.max_age(of(name))
        case ModbusMeterSettings() as settings:
            return settings.max_age
        case PulseSettings():
            return pulse_source.MAX_AGE
        case Rp2040Settings():
            return clamp_source.MAX_AGE
        case _:
            return SimulatedSource.max_age
