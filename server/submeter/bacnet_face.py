"""The meters of a configuration as the BACnet face serves them: with their places."""

from submeter import bacnet_places, serial_number
from submeter.bacnet.outside import ServedMeter
from submeter.config import Loaded
from submeter.restore import ServedMeter as Restored


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
        unit_id=entry.unit_id,
    )
