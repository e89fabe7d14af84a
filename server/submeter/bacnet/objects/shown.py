"""The objects of a meter, kept as its readings are."""

from collections.abc import Callable, Iterable

from submeter.bacnet.objects.point import PointObject
from submeter.meter.meter import Readings
from submeter.meter.reading import Reading


def shown(objects: Iterable[PointObject]) -> Callable[[Readings], None]:
    """Return the listener, for `Meter.subscribe`, that shows readings in `objects`."""
    found: dict[str, list[Callable[[Reading], None]]] = {}
    for each in objects:
        found.setdefault(each.entry.point.name, []).append(each.show)
    shows = {name: tuple(those) for name, those in found.items()}

    def show(readings: Readings) -> None:
        for name, reading in readings.items():
            for take in shows.get(name, ()):
                take(reading)

    return show
