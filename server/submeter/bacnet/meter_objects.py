"""The objects of one meter: its points, its trend logs, and the view that groups them."""

from collections.abc import Iterator

from submeter.bacnet import names
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.structured_view import structured_view
from submeter.bacnet.outside import ServedMeter
from submeter.bacnet.settings import BacnetSettings
from submeter.bacnet.trends.trends import Trends
from submeter.meter.reading import Quality


class MeterObjects:
    """The objects of `served` in the device `device`; iterated over, they are the view first.

    With `several` meters in one device, descriptions begin with the name of the meter. Points that
    the meter never has are left out where `settings` say so.
    """

    def __init__(
        self,
        served: ServedMeter,
        device: int,
        settings: BacnetSettings,
        trends: Trends,
        several: bool,
    ) -> None:
        self.served = served
        name, place = served.meter.name, served.place
        offset, prefix = place.instance_offset, place.name_prefix
        described = f"{name}: " if several else ""
        self.points = [
            PointObject(entry, offset, prefix, described, settings.vendor_id)
            for entry in served.map.objects
            if settings.absent != "omit" or served.usual.get(entry.point.name) != Quality.ABSENT
        ]
        self._logs = trends.logs(name, self.points, offset, prefix, described)
        members = [*self.points, *self._logs]
        text = f"Electrical submeter {name}"
        instance, view = offset + names.VIEW_INSTANCE, prefix + names.VIEW
        self._view = structured_view(instance, view, text, device, members)

    def __iter__(self) -> Iterator[ServedObject]:
        return iter([self._view, *self.points, *self._logs])
