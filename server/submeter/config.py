"""The configuration file: its model, its overrides, and what must agree within it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from submeter import unsaid, yamlfile
from submeter.bacnet.settings import BacnetSettings, MeterInBacnet
from submeter.errors import ConfigError
from submeter.meter import expression
from submeter.meter.access_settings import AccessSettings
from submeter.meter.addresses import ADDRESS
from submeter.meter.alarm_settings import AlarmSettings, MidCertificate, Rating
from submeter.meter.cross_check_settings import CrossCheckSettings
from submeter.meter.demand_settings import DemandSettings
from submeter.modbus.settings import ModbusSettings
from submeter.pointmap.meter_file import IdentityTexts, WhenStaleKey
from submeter.pulse_output.settings import PulseOutputSettings
from submeter.sources.dlms.settings import DlmsSettings
from submeter.sources.mbus.settings import MbusSettings
from submeter.sources.modbus_meter.settings import ModbusMeterSettings
from submeter.sources.optical.settings import OpticalSettings
from submeter.sources.pulse.settings import PulseSettings
from submeter.sources.rp2040.settings import Rp2040Settings
from submeter.sources.simulated.settings import SimulatedSettings
from submeter.sources.tic.settings import TicSettings

SourceSettings = (
    TicSettings
    | DlmsSettings
    | OpticalSettings
    | MbusSettings
    | ModbusMeterSettings
    | PulseSettings
    | Rp2040Settings
    | SimulatedSettings
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class StoreSettings(_Strict):
    """Where indexes and history are kept."""

    path: str = Field(
        default="data/submeter.db",
        pattern=r"^[^\x00-\x1f]+$",
        description="Relative to the folder of the configuration",
    )
    commit: float = Field(
        default=16.0, ge=1, le=3600, description="Seconds between commits of the indexes"
    )
    sample: int = Field(default=60, ge=10, le=3600, description="Seconds between samples")
    retention: int = Field(default=100, ge=1, le=36_500, description="Days that samples are kept")


class HttpSettings(_Strict):
    """The HTTP face."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)


class SourceEntry(_Strict):
    """One source: the kind as the key, its settings below it."""

    name: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        max_length=40,
        description="Among the sources of its meter; default: its kind",
    )
    tic: TicSettings | None = None
    dlms: DlmsSettings | None = Field(default=None, description="Listens to what a meter pushes")
    optical: OpticalSettings | None = Field(default=None, description="Asks at an optical port")
    mbus: MbusSettings | None = None
    modbus: ModbusMeterSettings | None = Field(
        default=None, description="Reads a meter that speaks Modbus"
    )
    pulse: PulseSettings | None = None
    rp2040: Rp2040Settings | None = Field(default=None, description="Clamps at an RP2040 board")
    simulated: SimulatedSettings | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "SourceEntry":
        if len(self.model_fields_set - {"name"}) != 1 or self.settings is None:
            kinds = ", ".join(self._kinds())
            raise ValueError(f"a source has one kind with its settings below; kinds: {kinds}")
        return self

    @classmethod
    def _kinds(cls) -> list[str]:
        return [field for field in cls.model_fields if field != "name"]

    @property
    def kind(self) -> str:
        """The key of the one kind that is given."""
        return next(kind for kind in self._kinds() if getattr(self, kind) is not None)

    @property
    def called(self) -> str:
        """The name of the source within its meter."""
        return self.name or self.kind

    @property
    def is_certifiable(self) -> bool:
        """Whether it can have a certificate: no simulation, no recording and no clamps have."""
        board = self.pulse.board if self.pulse else None
        port = board.port if board else getattr(self.settings, "port", None) or ""
        measures = self.simulated is None and self.rp2040 is None
        return measures and not port.startswith(("replay:", "simulated:"))

    @property
    def settings(self) -> SourceSettings | None:
        """The settings of the one kind that is given."""
        kinds = (getattr(self, kind) for kind in self._kinds())
        return next((each for each in kinds if each is not None), None)


class MeterEntry(_Strict):
    """One virtual submeter."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=40)
    unit_id: int = Field(ge=1, le=247, description="Modbus unit id")
    map: str = Field(default="standard", description="Meter map, a file of pointmaps/meters/")
    constants: dict[str, int | float] = Field(
        default_factory=dict, description="Instead of constants of the map, such as A_SF: -1"
    )
    identity: IdentityTexts = Field(
        default=IdentityTexts(), description="Instead of the texts that the map gives"
    )
    when_stale: WhenStaleKey | None = Field(
        default=None, description="Instead of what the map says; the same words"
    )
    sources: list[SourceEntry] = Field(
        default_factory=list, description="In the order in which they are preferred"
    )
    calculated: str | None = Field(
        default=None, description="Instead of sources: 'main - a - b', of other meters"
    )
    priority: dict[str, list[str]] = Field(
        default_factory=dict, description="Point -> names of sources, where the order differs"
    )
    return_after: float = Field(
        default=60.0, ge=0, le=86_400, description="Seconds that a lost source must be good again"
    )
    cross_check: CrossCheckSettings | None = None
    initial_index: dict[str, Annotated[int | float, Field(ge=0, le=1e9)]] = Field(
        default_factory=dict,
        description="Index point -> kWh or kvarh that it has at the first reading ever",
    )
    rating: Rating = Rating()
    demand: DemandSettings = DemandSettings()
    alarms: AlarmSettings = AlarmSettings()
    settings: dict[str, int | float] = Field(
        default_factory=dict, description="Configuration point -> value, while none is stored"
    )
    sealed: bool = Field(default=False, description="Freeze the CT ratings, and refuse an exchange")
    mid: MidCertificate | None = None
    pulse_output: PulseOutputSettings | None = Field(
        default=None, description="Drives a totaliser that counts pulses"
    )
    bacnet: MeterInBacnet = MeterInBacnet()


class Config(_Strict):
    """The whole configuration."""

    site: str = Field(min_length=1, description="Name of the site")
    maps: str | None = Field(
        default=None, description="A folder of own maps, with meters/ and sources/ in it"
    )
    store: StoreSettings = StoreSettings()
    meters: list[MeterEntry] = Field(min_length=1)
    access: AccessSettings = AccessSettings()
    modbus: ModbusSettings = ModbusSettings()
    bacnet: BacnetSettings | None = None
    http: HttpSettings = HttpSettings()


@dataclass(frozen=True)
class Loaded:
    """A configuration and the document it was read from, for messages with positions."""

    config: Config
    document: yamlfile.Document
    folder: Path
    path: Path
    overrides: tuple[str, ...] = ()

    @property
    def own_maps(self) -> tuple[Path, ...]:
        """The user's own folders of maps."""
        return (self.folder / self.config.maps,) if self.config.maps else ()

    @property
    def store_path(self) -> Path:
        """The file of the store."""
        return self.folder / self.config.store.path

    def again(self) -> "Loaded":
        """Read the file once more, as it is now, with the same overrides; raises ConfigError."""
        return load(self.path, self.overrides)

    def unused(self) -> list[str]:
        """Return a line for each accepted key whose part of the program does not exist yet."""
        keys = [key for key in ("http",) if key in self.document.data]
        return [f"'{key}' is accepted but not used yet" for key in keys]


def load(path: Path, overrides: Sequence[str] = ()) -> Loaded:
    """Read the configuration `path` with `--set` overrides `key=value`; raises ConfigError."""
    document = yamlfile.load(path)
    for override in overrides:
        document = _override(document, override)
    config = document.read_as(Config)
    faults = [document.fault(loc, message) for loc, message in _disagreements(config)]
    folder = path.resolve().parent
    if config.maps and not (folder / config.maps).is_dir():
        faults.append(document.fault(("maps",), f"there is no folder {folder / config.maps}"))
    if faults:
        raise ConfigError(*faults)
    return Loaded(config, document, folder, path, tuple(overrides))


def _override(document: yamlfile.Document, override: str) -> yamlfile.Document:
    key, equals, text = override.partition("=")
    steps = key.split(".")
    shown = f"{key}={unsaid.HIDDEN}" if unsaid.is_secret(steps) else unsaid.masked(override)
    if not equals or not all(steps) or len(steps) > yamlfile.DEEPEST:
        raise ConfigError(f"--set {shown}: write --set key=value, as modbus.tcp.port=5020")
    data = _replaced(document.data, steps, yamlfile.scalar(text), shown)
    places = document.overrides | {tuple(steps): f"--set {shown}"}
    marks = {loc: mark for loc, mark in document.marks.items() if loc[: len(steps)] != tuple(steps)}
    return yamlfile.Document(document.name, data, marks, places)


def _replaced(data: Any, steps: list[str], value: Any, override: str) -> Any:
    """Return a copy of `data` with the value at `steps` replaced."""
    if not steps:
        return value
    head, rest = steps[0], steps[1:]
    shown = unsaid.masked(head)
    if isinstance(data, list):
        if not head.isdecimal() or len(head) > 6 or int(head) >= len(data):
            raise ConfigError(
                f"--set {override}: '{shown}' is no item; there are {len(data)}, from 0"
            )
        inner = _replaced(data[int(head)], rest, value, override)
        return [inner if index == int(head) else item for index, item in enumerate(data)]
    if data is not None and not isinstance(data, dict):
        raise ConfigError(f"--set {override}: there is nothing below the value before '{shown}'")
    return {**(data or {}), head: _replaced((data or {}).get(head), rest, value, override)}


def _disagreements(config: Config) -> Iterator[tuple[yamlfile.Loc, str]]:
    if not config.modbus.listens and config.bacnet is None:
        yield (), "nobody could read the meters: add 'modbus' with 'tcp', or 'bacnet'"
    names: dict[str, int] = {}
    units: dict[int, str] = {}
    for index, meter in enumerate(config.meters):
        if meter.name in names:
            yield ("meters", index, "name"), f"meter '{meter.name}' stands twice; rename one"
        if other := units.get(meter.unit_id):
            message = (
                f"unit_id {meter.unit_id} is meter '{other}' already; give '{meter.name}' another"
            )
            yield ("meters", index, "unit_id"), message
        yield from _origin_faults(meter, ("meters", index))
        names[meter.name] = index
        units[meter.unit_id] = meter.name
    yield from config.modbus.faults(list(names))
    yield from _address_faults(config)
    yield from _calculation_faults(config)


def _address_faults(config: Config) -> Iterator[tuple[yamlfile.Loc, str]]:
    """Find serial addresses that `settings` gives a meter although another one has them."""
    taken: dict[int | float, list[str]] = {}
    for meter in config.meters:
        taken.setdefault(meter.settings.get(ADDRESS, meter.unit_id), []).append(meter.name)
    for index, meter in enumerate(config.meters):
        if ADDRESS in meter.settings:
            address = meter.settings[ADDRESS]
            others = [name for name in taken[address] if name != meter.name]
            if others:
                message = f"{ADDRESS} {address:g} is that of meter '{others[0]}'; take another"
                yield ("meters", index, "settings", ADDRESS), message


def _origin_faults(meter: MeterEntry, loc: yamlfile.Loc) -> Iterator[tuple[yamlfile.Loc, str]]:
    """Find what is wrong with where the meter `meter` takes its values from."""
    if bool(meter.sources) == bool(meter.calculated):
        yield loc, f"meter '{meter.name}' has either 'sources' or 'calculated'; write one of them"
    called = [source.called for source in meter.sources]
    for number, name in enumerate(called):
        if name in called[:number]:
            message = f"meter '{meter.name}' has two sources called '{name}'; give one a 'name'"
            yield (*loc, "sources", number), message
    for point, preferred in meter.priority.items():
        for number, name in enumerate(preferred):
            if name not in called:
                message = f"no source of this meter is called '{name}'; {_hint(name, called)}"
                yield (*loc, "priority", point, number), message
            elif name in preferred[:number]:
                message = f"source '{name}' stands twice here; remove one"
                yield (*loc, "priority", point, number), message
    for number, name in enumerate(meter.cross_check.sources if meter.cross_check else ()):
        if name not in called:
            message = f"no source of this meter is called '{name}'; {_hint(name, called)}"
            yield (*loc, "cross_check", "sources", number), message
    if meter.mid and not (len(meter.sources) == 1 and meter.sources[0].is_certifiable):
        message = (
            f"a certificate is that of one instrument: remove 'mid', or give meter '{meter.name}' "
            "one source, which is neither simulated nor a recording nor clamps"
        )
        yield (*loc, "mid", "@key"), message


def _hint(name: str, known: list[str]) -> str:
    return yamlfile.suggest(name, known) if known else "it has none"


def _calculation_faults(config: Config) -> Iterator[tuple[yamlfile.Loc, str]]:
    """Find expressions that cannot be read, or that name meters that are not there."""
    plain = [meter.name for meter in config.meters if not meter.calculated]
    parsed = {}
    for index, meter in enumerate(config.meters):
        if meter.calculated:
            try:
                parsed[meter.name] = expression.parse(meter.calculated)
            except ValueError as error:
                yield ("meters", index, "calculated"), str(error)
    if len(parsed) + len(plain) < len(config.meters):
        return
    try:
        expression.order(parsed, plain)
    except ValueError as error:
        first = next(n for n, meter in enumerate(config.meters) if meter.calculated)
        yield ("meters", first, "calculated"), str(error)
