"""The BACnet face of a configuration: the meters with their places, and what they need of us."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from submeter import bacnet_places, serial_number, system_clock
from submeter.bacnet.face import BacnetFace
from submeter.bacnet.outside import Outside, ServedMeter
from submeter.bacnet.settings import BacnetSettings
from submeter.config import Loaded
from submeter.meter.access import Access
from submeter.meter.audit import Audit
from submeter.restore import ServedMeter as Restored
from submeter.store.trend import TrendHistory


@dataclass(frozen=True)
class Program:
    """What of the running program the face uses."""

    audit: Audit
    access: Access
    notes: Mapping[str, str]
    keep: Callable[[str, str], None]
    restart: Callable[[], None]


def make(
    loaded: Loaded, settings: BacnetSettings, meters: Sequence[Restored], program: Program
) -> BacnetFace:
    """Return the face that `settings` describe; raises ConfigError or ListenError."""
    outside = Outside(
        site=loaded.config.site,
        audit=program.audit,
        serial=serial_number.of(loaded.config.site, ""),
        lock=program.access,
        code=loaded.config.access.code is not None,
        notes=program.notes,
        keep=program.keep,
        history=TrendHistory(loaded.store_path),
        sample=loaded.config.store.sample,
        set_clock=system_clock.set_to,
        restart=program.restart,
    )
    return BacnetFace(settings, [served(loaded, each) for each in meters], outside)


def served(loaded: Loaded, each: Restored) -> ServedMeter:
    """Return a meter with its place on BACnet."""
    entry, mapped = each.plan.entry, each.plan.map
    site = loaded.config.site
    place = entry.bacnet
    if place.device_id is not None:
        place = place.model_copy(update={"device_name": bacnet_places.device_name(site, entry)})
    return ServedMeter(
        each.meter,
        mapped,
        place,
        serial=entry.identity.serial or serial_number.of(site, entry.name),
        model=entry.identity.model or mapped.identity.model,
        usual=each.plan.expected(),
    )
