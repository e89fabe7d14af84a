"""Units to be fuzzed: open, locked, known by another map, and with values that are not there."""

from collections.abc import Mapping
from dataclasses import replace

from modbus.wire import register
from submeter.meter import unlock_code
from submeter.meter.access import Access
from submeter.meter.access_settings import AccessSettings
from submeter.meter.audit import Audit
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality, Reading
from submeter.meter.setup import Setup
from submeter.modbus.identification import Identification
from submeter.modbus.image import Image
from submeter.modbus.unit import Unit
from submeter.pointmap import meter_map
from submeter.pointmap.address import Table
from submeter.pointmap.meter_file import WhenStale
from submeter.pointmap.meter_map import MeterMap
from tooling import meters
from tooling.fuzz import Maker
from tooling.fuzz_oracle import Oracle
from tooling.fuzz_reference import Reference
from tooling.known_meter import NUMBERS, SOME, STANDARD

OPEN, LOCKED, OTHER_MAP, UNKNOWN = 1, 2, 3, 4
SEALED = Setup(
    configured={"CT_Primary_Rating": 200, "CT_Secondary_Rating": 5, "Modbus_Address": 1},
    commands={"Sync_Clock": lambda who, now: "asked"},
    sealed=True,
)
SMALL = (  # settings of one register, and commands: this map has none
    register("Demand_Interval", Table.HOLDING, 0x2000, "uint16", writable=True),
    register("Display_Backlight_Timeout", Table.HOLDING, 0x2001, "uint16", writable=True),
    register("Reset_Demand_Peak", Table.COIL, 0, writable=True),
    register("Sync_Clock", Table.COIL, 2, writable=True),
)
NETWORKS = ["127.0.0.0/8", "serial"]
_MAY_MOVE = ("configuration", "command")
_SERIAL_NUMBER = "20261121"


class Site:
    """The units and their references, with a `locked` one or not.

    `moved` are readings that no write may move, and one did."""

    def __init__(self, locked: bool = True) -> None:
        self.audit = Audit()
        self.moved: list[str] = []
        self.references: dict[int, Reference] = {}
        self.units: dict[int, Unit] = {}
        opened = AccessSettings(networks=NETWORKS, unlock="none")
        by_code = AccessSettings(networks=NETWORKS, unlock=unlock_code.hashed("482913"))
        em340 = meter_map.load("carlo-gavazzi-em340")
        em340 = replace(em340, registers=em340.registers + SMALL)
        self._add(OPEN, STANDARD, opened)
        if locked:
            self._add(LOCKED, STANDARD, by_code)
        self._add(OTHER_MAP, em340, opened)
        self._add_unknown()
        self.oracle = Oracle(self.references)

    def maker(self, seed: int) -> Maker:
        """Return what makes requests to these units."""
        return Maker(seed, {number: each.places for number, each in self.references.items()})

    def _add(self, number: int, chosen: MeterMap, settings: AccessSettings) -> None:
        lock = Access(settings, self.audit)
        meter = _meter(f"meter-{number}", lock, self.audit)
        identification = Identification.of(chosen.identity, {"serial": _SERIAL_NUMBER}, meter.name)
        image = Image(chosen, identification)
        meter.subscribe(image.apply)
        reference = Reference(chosen, meter.readings, _SERIAL_NUMBER)
        meter.subscribe(_Watch(meter, reference, self.moved))
        reference.forget()
        self.units[number] = Unit(image, identification, chosen.functions, meter, lock)
        self.references[number] = reference

    def _add_unknown(self) -> None:
        """Add a unit whose unknown values are refused each in another way, or not answered."""
        refusing = WhenStale(stale="failure", failed="no-answer", absent="silence")
        chosen = replace(STANDARD, when_stale=refusing)
        qualities = (Quality.STALE, Quality.FAILED, Quality.ABSENT)
        readings = {point.name: Reading(None, Quality.STALE) for point in chosen.points}
        for place, (name, number) in enumerate(NUMBERS.items()):
            lost = place % 6 < 3
            readings[name] = (
                Reading(None, qualities[place % 3]) if lost else Reading(number, Quality.MEASURED)
            )
        image = Image(chosen)
        image.apply(readings)
        self.units[UNKNOWN] = Unit(image, Identification())
        self.references[UNKNOWN] = Reference(chosen, readings)


class _Watch:
    """Tells a reference what changes, and `moved` what must not."""

    def __init__(self, meter: Meter, reference: Reference, moved: list[str]) -> None:
        self._reference = reference
        self._moved = moved
        self._before = dict(meter.readings)
        self._may = {
            point.name
            for point in STANDARD.points
            if point.group in _MAY_MOVE and point.name not in SEALED.configured
        } | {"Modbus_Address", "Demand_Peak_Current", "Demand_Peak_Timestamp", "Demand_Current"}

    def __call__(self, readings: Mapping[str, Reading]) -> None:
        for name, reading in readings.items():
            if name not in self._may and reading[:2] != self._before[name][:2]:
                self._moved.append(f"{name} = {reading.value}")
        self._reference.changed(readings)


def _meter(name: str, lock: Access, audit: Audit) -> Meter:
    """Return a sealed meter that knows most of what there is."""
    feed = Feed(meters.SOURCE, dict.fromkeys(NUMBERS, Quality.MEASURED), max_age=1e9)
    meter = Meter(name, STANDARD.points, [feed], SEALED, audit=audit, access=lock)
    known = {point: number for point, number in NUMBERS.items() if point not in SOME[1:3]}
    meters.know(meter, known, Instant.now())
    return meter
