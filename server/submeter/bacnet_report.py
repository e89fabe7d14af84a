"""What `submeter check` tells of BACnet: where the devices are, and what is odd about them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from submeter import bacnet_places, yamlfile
from submeter.bacnet.settings import BacnetSettings
from submeter.config import Loaded, MeterEntry
from submeter.errors import ConfigError, ListenError
from submeter.plan import PlannedMeter


@dataclass(frozen=True)
class Report:
    """The BACnet part of a configuration; `addresses` are those of its links, as `ip/prefix`."""

    loaded: Loaded
    settings: BacnetSettings
    addresses: tuple[str, ...]

    def of_meter(self, entry: MeterEntry) -> str:
        """Return in a few words where a client finds the meter `entry`."""
        place = entry.bacnet
        if self.settings.layout == "device":
            return f"BACnet instances +{place.instance_offset}, names '{place.name_prefix}...'"
        name = bacnet_places.device_name(self.loaded.config.site, entry)
        return f"BACnet device {place.device_id} '{name}'"

    def listeners(self) -> Iterator[str]:
        """Yield a line for each address that is listened at."""
        config, settings = self.loaded.config, self.settings
        if settings.layout == "ip_per_meter":
            for address, entry in zip(self.addresses, config.meters, strict=True):
                yield f"BACnet/IP on {address} port {settings.port}, {self._device(entry)}"
            return
        (address,) = self.addresses
        own = f"{settings.device_id} '{settings.device_name or config.site}'"
        if settings.layout == "device":
            what = f"device {own}"
        else:
            devices = f"{len(config.meters)} devices"
            what = f"router {own} to network {settings.network_number} with {devices}"
        yield f"BACnet/IP on {address} port {settings.port}, {what}{self._mode()}"

    def notes(self, meters: Sequence[PlannedMeter]) -> Iterator[str]:
        """Yield a line for each thing that is possible, but hardly meant."""
        settings, alarms = self.settings, self.settings.alarms
        yield from self._idle()
        if alarms.acknowledge and not alarms.recipients:
            yield "bacnet.alarms: transitions are to be acknowledged, but there are no recipients"
        if alarms.recipients and not alarms.events:
            yield "bacnet.alarms: there are recipients, but no events that they are told of"
        if "points" in settings.trends.model_fields_set:
            yield from self._no_trends(meters)

    def _device(self, entry: MeterEntry) -> str:
        return self.of_meter(entry).removeprefix("BACnet ")

    def _mode(self) -> str:
        if foreign := self.settings.foreign:
            return f"; foreign device of {foreign.bbmd}, for {foreign.ttl} s each time"
        if bbmd := self.settings.bbmd:
            peers = f"the peers {', '.join(bbmd.peers)}" if bbmd.peers else "no peers"
            return f"; BBMD with {peers}, for {bbmd.foreign_devices} foreign devices"
        return ""

    def _idle(self) -> Iterator[str]:
        """Find keys that mean nothing in this layout."""
        given, layout = self.settings.model_fields_set, self.settings.layout
        idle = ["announce"] if layout != "network" else []
        if layout == "ip_per_meter":
            idle += ["address", "device_name"]
        for key in idle:
            if key in given:
                yield f"bacnet.{key} means nothing with layout {layout}"

    def _no_trends(self, meters: Sequence[PlannedMeter]) -> Iterator[str]:
        for each in meters:
            shown = {entry.point.name for entry in each.map.objects}
            missing = [name for name in self.settings.trends.points if name not in shown]
            if missing:
                yield (
                    f"meter {each.entry.name}: no trend log of {', '.join(missing)}: "
                    f"map '{each.entry.map}' has no such object"
                )


def report(loaded: Loaded) -> Report | None:
    """Return it, None without BACnet; raises ConfigError for an address that is not ours."""
    settings = loaded.config.bacnet
    if settings is None:
        return None
    return Report(loaded, settings, tuple(_addresses(loaded, settings)))


def _addresses(loaded: Loaded, settings: BacnetSettings) -> Iterator[str]:
    from submeter.bacnet.link.address import resolve

    taken: dict[str, str] = {}
    for loc, name, wanted in _wanted(loaded, settings):
        try:
            found = resolve(wanted)
        except ListenError as error:
            raise ConfigError(loaded.document.fault(loc, str(error))) from None
        host = found.partition("/")[0]
        if other := taken.get(host):
            message = f"{wanted} is {host}, that of meter '{other}'; give '{name}' another"
            raise ConfigError(loaded.document.fault(loc, message))
        taken[host] = name
        yield found


def _wanted(loaded: Loaded, settings: BacnetSettings) -> Iterator[tuple[yamlfile.Loc, str, str]]:
    """Yield the place of each address in the configuration, its meter, and the address."""
    if settings.layout != "ip_per_meter":
        yield ("bacnet", "address"), "", settings.address
        return
    for index, entry in enumerate(loaded.config.meters):
        loc = ("meters", index, "bacnet", "address")
        yield loc, entry.name, entry.bacnet.address or settings.address
