"""Which objects a client can write: what lists for integrators may promise."""

from submeter.bacnet.host import Host
from submeter.bacnet.outside import ServedMeter
from submeter.meter.reading import Quality
from submeter.meter.settings import SEALED


def settable(host: Host, writable: bool) -> set[int]:
    """Return the identifiers of the objects of `host` whose present value a write could change.

    Of the others every write is refused: of what is sealed, of what the meter does not have, and of
    everything unless anybody may write at all, `writable`.
    """
    refused = {
        shown.identifier
        for each in host.meters
        for shown in each.points
        if _is_refused(each.served, shown.entry.point.name)
    }
    return set(host.writables) - refused if writable else set()


def _is_refused(served: ServedMeter, point: str) -> bool:
    sealed = served.meter.settings.sealed and point in SEALED
    return sealed or served.usual.get(point) is Quality.ABSENT
