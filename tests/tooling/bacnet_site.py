"""A BACnet/IP face in this process, over a meter whose readings a test knows and changes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from submeter.bacnet.face import BacnetFace
from submeter.bacnet.outside import History, Outside, ServedMeter
from submeter.bacnet.settings import BacnetSettings, MeterInBacnet
from submeter.meter.access import Access
from submeter.meter.access_settings import AccessSettings
from submeter.meter.audit import Audit
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality, Reading
from submeter.pointmap import meter_map
from submeter.pointmap.meter_map import BacnetObject
from tooling import known_meter, meters
from tooling.free_port import free_udp_port
from tooling.program import loopback

EXTENSIONS = (
    "Active_Energy_Import_T1",
    "Apparent_Energy_Import",
    "Volume",
    "Volume_Flow",
    "Flow_Temperature",
    "Humidity",
    "Apparent_Power_Peak_Today_Time",
    "Tariff_Current",
    "Relay_1",
)
"""One of each kind and unit. Some clients ask for all objects in one packet: all would not fit."""
STANDARD = meter_map.load("standard").serving(EXTENSIONS)
DEVICE_ID = 4711
DEVICE, NETWORK_PORT = 8, 56
NUMBERS: dict[str, int | float] = {
    **known_meter.NUMBERS,
    "Energy_Direction": 1,
    "Current_Unbalance_Alarm": 1,
    "MID_Certification_Valid": 1,
    "Overload_Alarm": 1,
    "Phase_Loss_L1": 1,
}
"""What the meter is told; of other states, that all is well."""
UNKNOWN = "THD_Current_L1", "Tamper_Alarm"
OPEN = AccessSettings(networks=["127.0.0.0/8"], unlock="none")
CLOSED = AccessSettings()
TYPES = {
    "analog-input": 0,
    "analog-output": 1,
    "binary-input": 3,
    "binary-output": 4,
    "multi-state-value": 19,
    "accumulator": 23,
    "datetime-value": 44,
}


@dataclass
class Site:
    """A face that listens; `host` is a loopback address of this process alone."""

    face: BacnetFace
    meter: Meter
    audit: Audit
    host: str
    port: int
    moved: list[str] = field(default_factory=list)
    """Readings of energies that have changed though nobody was told to change them."""

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"

    def show(self, **numbers: int | float) -> None:
        """Let the instrument say `numbers`, by point."""
        meters.know(self.meter, numbers, Instant.now())


@asynccontextmanager
async def served(
    access: AccessSettings = CLOSED,
    octet: int = 4,
    max_age: float = 1e9,
    history: History | None = None,
    place: Mapping[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Site]:
    """Serve the meter; `octet` is the host's last one.

    `settings` are those of BacnetSettings, and `place` those of MeterInBacnet.
    """
    audit = Audit()
    lock = Access(access, audit)
    meter = whole_meter(audit, lock, max_age)
    host, port = loopback(octet), settings.pop("port", None) or free_udp_port()
    given = {"address": f"{host}/8", "port": port, "device_id": DEVICE_ID, **settings}
    code = access.code is not None
    outside = Outside(site="Park", audit=audit, lock=lock, code=code, history=history)
    served_meter = ServedMeter(meter, STANDARD, MeterInBacnet.model_validate(place or {}))
    face = BacnetFace(BacnetSettings.model_validate(given), [served_meter], outside)
    await face.start()
    site = Site(face, meter, audit, host, port)
    meter.subscribe(_Watch(meter, site.moved))
    try:
        yield site
    finally:
        await face.stop()


def whole_meter(audit: Audit, lock: Access, max_age: float = 1e9) -> Meter:
    """Return a meter that knows every point but UNKNOWN."""
    rest = {p.name: next(iter(p.states), 0) for p in STANDARD.points}
    given = [name for name in rest if name != "Communication_Status"]
    feed = Feed(meters.SOURCE, dict.fromkeys(given, Quality.MEASURED), max_age)
    made = Meter("main", STANDARD.points, [feed], meters.WHOLE, audit=audit, access=lock)
    known = {name: NUMBERS.get(name, rest[name]) for name in given if name not in UNKNOWN}
    meters.know(made, known, Instant.now())
    return made


def number(entry: BacnetObject) -> tuple[int, int]:
    """Return type and instance of an object."""
    return TYPES[entry.object], entry.instance


def key(entry: BacnetObject) -> str:
    """Return `type:instance` of an object, as the scripts of clients print it."""
    return f"{TYPES[entry.object]}:{entry.instance}"


def shown(entry: BacnetObject, reading: Reading) -> Any:
    """Return the number that is to be seen as Present_Value; None if it has none, or no number."""
    if reading.value is None or entry.object == "datetime-value":
        return None
    if entry.object == "accumulator":
        return int(reading.value) // 10**6 % 2**32
    if entry.object == "multi-state-value":
        return list(entry.point.states).index(int(reading.value)) + 1
    return reading.value * 10.0**entry.power


def reliability(reading: Reading) -> int:
    """Return the number that is to be seen as Reliability."""
    if reading.quality is Quality.STALE:
        return 7 if reading.value is None else 12  # never read; communication failure
    return 1 if reading.quality is Quality.ABSENT else 0


class _Watch:
    """Notes which energies change, and to what."""

    def __init__(self, meter: Meter, moved: list[str]) -> None:
        self._before = dict(meter.readings)
        self._moved = moved

    def __call__(self, readings: Any) -> None:
        for name, reading in readings.items():
            if "Energy" in name and reading[:2] != self._before[name][:2]:
                self._moved.append(f"{name} = {reading.value}")
