"""BACnet documents of a meter map, or of a whole configuration, made without a network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from submeter import bacnet_face
from submeter.bacnet import layouts
from submeter.bacnet.documents import ede, listed, markdown, object_list, pics
from submeter.bacnet.documents.listed import Listed
from submeter.bacnet.host import Common, Host
from submeter.bacnet.outside import Outside, ServedMeter
from submeter.bacnet.settings import BacnetSettings
from submeter.config import Loaded
from submeter.errors import ConfigError
from submeter.meter import unlock_code
from submeter.meter.access import Access
from submeter.meter.access_settings import AccessSettings
from submeter.meter.audit import Audit
from submeter.meter.feed import Feed
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality
from submeter.plan import PlannedMeter
from submeter.pointmap.meter_map import MeterMap
from submeter.restore import ServedMeter as Restored

SAMPLE_DEVICE = 4000
_AUTHOR = "submeter"
_LONGEST_NAME = 60  # of a project, which files are called after


@dataclass(frozen=True)
class Documents:
    """The devices of `hosts`, and all that is written about them.

    `writable` tells whether the configuration opens anything to writes.
    """

    hosts: Sequence[Host]
    settings: BacnetSettings
    project: str
    writable: bool

    def objects(self, host: Host) -> list[Listed]:
        """Return every object of the device `host`."""
        return listed.objects(host, self.writable)

    def ede(self, on: date) -> dict[str, str]:
        """Return the four EDE files by their names."""
        objects = [entry for host in self.hosts for entry in self.objects(host)]
        return ede.files(self.project, _AUTHOR, on, objects)

    def pics(self, on: date) -> str:
        """Return the conformance statements, one for each kind of device."""
        return pics.statements(self.hosts, self.settings, on, self.writable)

    def object_list(self, title: str) -> str:
        """Return the object list as a Markdown page."""
        parts = [f"# {markdown.line(title)}"]
        for host in self.hosts:
            if len(self.hosts) > 1:
                name = markdown.line(host.identity.name)
                parts.append(f"## {name}, device {host.identity.instance}")
            parts.append(object_list.markdown(self.objects(host)).rstrip("\n"))
        return "\n\n".join(parts) + "\n"


def of_map(mapped: MeterMap) -> Documents:
    """Return the documents of one meter with this map, and with everything that can be opened."""
    settings = BacnetSettings(
        device_id=SAMPLE_DEVICE,
        password=unlock_code.hashed("sample"),
        time_synchronization=["192.0.2.0/24"],
    )
    expected = {point.name: Quality.MEASURED for point in mapped.points}
    meter = Meter(mapped.name, mapped.points, [Feed("instrument", expected, 60.0)])
    served = [ServedMeter(meter, mapped, model=mapped.identity.model)]
    outside = replace(_outside(mapped.title), code=True)
    return _documents(settings, served, outside, mapped.name, writable=True)


def of_configuration(loaded: Loaded, planned: Sequence[PlannedMeter]) -> Documents:
    """Return the documents of all devices of a configuration; raises ConfigError without any."""
    settings = loaded.config.bacnet
    if settings is None:
        raise ConfigError(f"{loaded.document.name}: there is no 'bacnet', so no BACnet device")
    served = [bacnet_face.served(loaded, Restored(each, _meter(each))) for each in planned]
    code = loaded.config.access.code is not None
    outside = replace(_outside(loaded.config.site), code=code)
    project = "".join(each if each.isalnum() else "_" for each in loaded.config.site)
    writable = bool(loaded.config.access.ranges)  # who is on a serial line has no BACnet
    return _documents(settings, served, outside, project[:_LONGEST_NAME], writable)


def _documents(
    settings: BacnetSettings,
    served: Sequence[ServedMeter],
    outside: Outside,
    project: str,
    writable: bool,
) -> Documents:
    hosts = layouts.unattached(Common.of(settings, outside), served)
    return Documents(hosts, settings, project, writable)


def _meter(each: PlannedMeter) -> Meter:
    return Meter(each.entry.name, each.map.points, each.feeds, each.setup)


def _outside(site: str) -> Outside:
    """Return a program that does nothing, but could do everything."""
    audit = Audit()
    return Outside(
        site=site,
        audit=audit,
        lock=Access(AccessSettings(), audit),
        history=_Nothing(),
        set_clock=lambda utc: "no clock",
        restart=lambda: None,
    )


class _Nothing:
    """A history without samples."""

    def times(self, after: Mapping[str, int], most: int) -> Mapping[str, Sequence[int]]:
        """Return no times."""
        return dict.fromkeys(after, ())

    def oldest(self) -> None:
        """Return that there are none."""

    def values(
        self, meter: str, point: str, start: int, end: int
    ) -> Sequence[tuple[int, int | float | None]]:
        """Return no values."""
        return ()
