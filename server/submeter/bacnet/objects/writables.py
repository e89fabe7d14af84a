"""Which objects of a meter can be written: its settings and its commands."""

from collections.abc import Iterable

from submeter.bacnet.objects.choice import Choice
from submeter.bacnet.objects.command import Command
from submeter.bacnet.objects.commanded import Commanded
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.writable import Writable
from submeter.meter.meter import Meter


def writables(objects: Iterable[PointObject], meter: Meter) -> dict[int, Writable]:
    """Return what can be written among `objects`, which show `meter`, by object identifier."""
    found = ((each.identifier, _writable(each, meter)) for each in objects)
    return {identifier: writable for identifier, writable in found if writable}


def _writable(shown: PointObject, meter: Meter) -> Writable | None:
    point = shown.entry.point
    if point.access == "R":
        return None
    match point.group, shown.entry.object:
        case "configuration", "analog-output":
            return Commanded(shown, meter)
        case "configuration", "multi-state-value":
            return Choice(shown, meter)
        case "command", "binary-output":
            return Command(shown, meter)
    return None
