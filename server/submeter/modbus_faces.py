"""The Modbus faces of a configuration: the meters as units, and the listeners before them."""

from collections.abc import Callable, Sequence

from submeter import __version__, serial_number
from submeter.config import Loaded
from submeter.errors import ConfigError
from submeter.meter import line_settings
from submeter.meter.addresses import ADDRESS
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.settings import Number
from submeter.meter.writing import Lock
from submeter.modbus import tls
from submeter.modbus.counts import total
from submeter.modbus.gateway import Figures, Gateway, SerialFigures, SourceFigures
from submeter.modbus.identification import Identification
from submeter.modbus.image import Image
from submeter.modbus.listening import Listener
from submeter.modbus.rtu import line_port
from submeter.modbus.rtu.face import ModbusRtuFace
from submeter.modbus.rtu.over_tcp import ModbusRtuTcpFace
from submeter.modbus.settings import AUTO, GATEWAY, ModbusSettings
from submeter.modbus.tcp import ModbusTcpFace
from submeter.modbus.tls import Security
from submeter.modbus.unit import Unit
from submeter.restore import ServedMeter

Sources = Callable[[Instant], Sequence[SourceFigures]]
Face = Listener | ModbusRtuFace


def prove(loaded: Loaded) -> None:
    """Raise ConfigError for certificates and ports that the Modbus listeners could not use."""
    settings = loaded.config.modbus
    faults = []
    if settings.tls:
        found = tls.faults(settings.tls, loaded.folder)
        faults += [(("modbus", "tls", name), text) for name, text in found]
    if settings.rtu and (problem := line_port.complaint(settings.rtu.port)):
        faults.append((("modbus", "rtu", "port"), problem))
    if faults:
        raise ConfigError(*(loaded.document.fault(loc, message) for loc, message in faults))


def warnings(loaded: Loaded) -> list[str]:
    """Return what is no fault but should be known of the certificates, such as one that ends."""
    settings = loaded.config.modbus.tls
    return tls.warnings(settings, loaded.folder) if settings else []


class ModbusFaces:
    """The Modbus listeners of `loaded`, and the units of its meters by their names.

    `faces` are by the keys that configure them, `sources` says how the sources are. Raises
    ConfigError where certificates are not what they should be.
    """

    def __init__(
        self,
        loaded: Loaded,
        served: Sequence[ServedMeter],
        lock: Lock,
        audit: Audit,
        sources: Sources,
    ) -> None:
        self._start = Instant.now()
        self._served = served
        self._sources = sources
        self.units = {each.meter.name: _unit(loaded.config.site, each, lock) for each in served}
        self.faces: dict[str, Face] = {}
        self._network: list[Listener] = []
        self._serial: list[ModbusRtuFace | ModbusRtuTcpFace] = []
        asked = (loaded.config.modbus.unit_0, loaded.config.modbus.unit_255)
        self._gateway = Gateway(self._figures) if GATEWAY in asked else None
        self._make(loaded, audit)
        if self._serial:
            self._follow_settings()

    def refresh(self) -> None:
        """Show in the gateway's registers how everything is now; to be called once a second."""
        if self._gateway:
            self._gateway.refresh()

    def _make(self, loaded: Loaded, audit: Audit) -> None:
        settings = loaded.config.modbus
        units = self._units_on_tcp(settings)
        if settings.tcp:
            self._network.append(ModbusTcpFace("modbus.tcp", settings.tcp, units))
        if settings.tls:
            security = Security(settings.tls, loaded.folder, audit)
            self._network.append(ModbusTcpFace("modbus.tls", settings.tls, units, security))
        if settings.rtu:
            self.faces["modbus.rtu"] = rtu = ModbusRtuFace(settings.rtu, self._units_on_line())
            self._serial.append(rtu)
            meters = {each.meter.name: each.meter.settings for each in self._served}
            line_settings.share(meters, rtu.change_format, audit)
        if settings.rtu_tcp:
            face = ModbusRtuTcpFace(settings.rtu_tcp, self._units_on_line())
            self._network.append(face)
            self._serial.append(face)
        self.faces |= {face.key: face for face in self._network}

    def _units_on_tcp(self, settings: ModbusSettings) -> dict[int, Unit]:
        named = dict(self.units)
        if self._gateway:
            named[GATEWAY] = self._gateway.unit
        if len(self.units) == 1:
            named[AUTO] = next(iter(self.units.values()))
        units = {each.plan.entry.unit_id: self.units[each.meter.name] for each in self._served}
        for number, name in ((0, settings.unit_0), (255, settings.unit_255)):
            if name in named:
                units[number] = named[name]
        return units

    def _units_on_line(self) -> dict[int, Unit]:
        units = {}
        for each in self._served:
            address = each.meter.settings.value(ADDRESS)
            units[int(address or each.plan.entry.unit_id)] = self.units[each.meter.name]
        return units

    def _follow_settings(self) -> None:
        for each in self._served:
            each.meter.settings.subscribe(self._on_setting)

    def _on_setting(self, name: str, value: Number) -> None:
        if name == ADDRESS:
            for face in self._serial:
                face.set_units(self._units_on_line())

    def _figures(self) -> Figures:
        now = Instant.now()
        return Figures(
            version=__version__,
            uptime=now.mono - self._start.mono,
            meters=len(self._served),
            connections=total(each.counts for each in self.faces.values()),
            saturated=sum(unit.image.saturated for unit in self.units.values()),
            sources=self._sources(now),
            serial=self._serial_figures(),
        )

    def _serial_figures(self) -> SerialFigures | None:
        for face in self._serial:
            if isinstance(face, ModbusRtuFace):
                return SerialFigures(face.counts.broken, face.is_open, face.lost)
        return None


def _unit(site: str, each: ServedMeter, lock: Lock) -> Unit:
    entry, meter_map = each.plan.entry, each.plan.map
    given = entry.identity.model_dump(exclude_none=True)
    identification = Identification.of(
        meter_map.identity,
        given,
        application=entry.name,
        serial=serial_number.of(site, entry.name),
        revision=__version__,
    )
    image = Image(meter_map, identification, entry.when_stale)
    each.meter.subscribe(image.apply)
    return Unit(image, identification, meter_map.functions, each.meter, lock)
