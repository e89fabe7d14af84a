"""One BACnet device of ours: its objects, and the services that it executes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from submeter.bacnet import names, revision
from submeter.bacnet.alarms.alarms import Alarms
from submeter.bacnet.answer import Confirmed, Unconfirmed
from submeter.bacnet.application.application import Application
from submeter.bacnet.application.shares import Shares
from submeter.bacnet.carrier import Carrier
from submeter.bacnet.control.device_control import DeviceControl
from submeter.bacnet.control.device_password import DevicePassword
from submeter.bacnet.control.time_sync import TimeSync
from submeter.bacnet.cov.share import CovShare
from submeter.bacnet.cov.subscriptions import Subscriptions
from submeter.bacnet.discovery.budget import Budget
from submeter.bacnet.discovery.discovery import Discovery
from submeter.bacnet.meter_objects import MeterObjects
from submeter.bacnet.objects.device import describe, device_object
from submeter.bacnet.objects.notification_class import notification_class
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.shown import shown
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.objects.unlock import UnlockObject
from submeter.bacnet.objects.writable import Writable
from submeter.bacnet.objects.writables import writables
from submeter.bacnet.outside import Outside, ServedMeter
from submeter.bacnet.reading.fast import Fast
from submeter.bacnet.reading.read_range import ReadRange
from submeter.bacnet.reading.read_services import ReadServices
from submeter.bacnet.settings import BacnetSettings
from submeter.bacnet.trends.trends import Trends
from submeter.bacnet.writing.write_services import Writing
from submeter.meter.writing import Door

_UNLOCK = 1  # the instance


class Identity(NamedTuple):
    """Who a device says that it is."""

    instance: int
    name: str
    model: str
    serial: str
    location: str = ""
    description: str = ""


@dataclass(frozen=True)
class Common:
    """What all the devices of the face share."""

    settings: BacnetSettings
    outside: Outside
    trends: Trends
    password: DevicePassword | None
    time: TimeSync
    shares: Shares
    cov: CovShare

    @classmethod
    def of(cls, settings: BacnetSettings, outside: Outside) -> "Common":
        """Return it for `settings`; raises ConfigError."""
        line, audit = settings.password, outside.audit
        return cls(
            settings,
            outside,
            Trends(outside, settings.trends),
            DevicePassword(line, audit) if line else None,
            TimeSync(settings.time_synchronization, outside.set_clock, audit),
            Shares(),
            CovShare(settings.cov),
        )


class Host:
    """The device `identity` with the objects of `meters`; `carrier` sends for it.

    `ports` are its Network Port objects. `budget` is that of its wire, and `ip_network` tells what
    number the IP network has for it: 0 for its own, or while that is not known. Raises ConfigError
    when two objects have the same number or name.
    """

    def __init__(
        self,
        identity: Identity,
        ports: Sequence[ServedObject],
        meters: Sequence[ServedMeter],
        carrier: Carrier,
        common: Common,
        budget: Budget | None = None,
        ip_network: Callable[[], int] = lambda: 0,
    ) -> None:
        self.identity = identity
        self._common = common
        self._ip_network = ip_network
        several = len(meters) > 1
        self.meters = own = tuple(
            MeterObjects(each, identity.instance, common.settings, common.trends, several)
            for each in meters
        )
        for each in own:
            each.served.meter.subscribe(shown(each.points))
        unlock = _unlock(common.outside) if meters else None
        self.table = ObjectTable(self._objects(ports, own, unlock))
        self.writables = _writables(own, unlock)
        self.application = Application(self.table, carrier, common.shares)
        self._discovery = Discovery(self.application, common.settings.vendor_id, budget)
        self._subscriptions = Subscriptions(self.application, common.cov, ip_network)
        points = [entry for each in own for entry in each.points]
        reporting, outside = common.settings.alarms, common.outside
        self._alarms = Alarms(
            self.application,
            points,
            reporting,
            identity.instance,
            outside.audit,
            notes=outside.notes,
            keep=outside.keep,
            ip_network=ip_network,
        )
        self._control = DeviceControl(
            self.application, common.password, outside.audit, outside.restart, outside.prove
        )
        self._serve(_doors(own))
        number = revision.settle(self.table, outside.notes, outside.keep)
        describe(self.table.device, self.table, self.application.services_supported(), number)

    def start(self) -> None:
        """Report alarms from now on; needs a running event loop."""
        self._alarms.start()

    def announce(self) -> None:
        """Tell all networks that the device is there."""
        self._discovery.announce()

    async def close(self) -> None:
        """Stop every timer; what is being answered is given up."""
        self._alarms.close()
        self._subscriptions.close()
        self._control.close()
        self._discovery.close()
        self.application.close()

    def _objects(
        self,
        ports: Iterable[ServedObject],
        meters: Sequence[MeterObjects],
        unlock: UnlockObject | None,
    ) -> Iterator[ServedObject]:
        settings, identity = self._common.settings, self.identity
        yield device_object(
            identity.instance,
            identity.name,
            settings,
            model=identity.model,
            serial=identity.serial,
            location=identity.location,
            description=identity.description,
        )
        yield from ports
        if meters:
            yield notification_class(settings.alarms, names.NOTIFICATION_CLASS, self._ip_network)
        if unlock:
            yield unlock
        for each in meters:
            yield from each

    def _serve(self, doors: Mapping[int, Door]) -> None:
        """Give the application its services."""
        application, outside = self.application, self._common.outside
        application.fast = Fast(self.table, application.shares.plans).answer
        writing = Writing(self.table, self.writables, outside.lock, doors, outside.audit)
        confirmed: list[Mapping[int, Confirmed]] = [
            ReadServices(self.table).confirmed,
            ReadRange(self.table).confirmed,
            writing.confirmed,
            self._subscriptions.confirmed,
            self._control.confirmed,
        ]
        unconfirmed: list[Mapping[int, Unconfirmed]] = [
            self._discovery.unconfirmed,
            self._common.time.unconfirmed,
        ]
        if doors:
            confirmed.append(self._alarms.confirmed)
            unconfirmed.append(self._alarms.unconfirmed)
        for services in confirmed:
            application.confirmed |= services
        for others in unconfirmed:
            application.unconfirmed |= others


def _unlock(outside: Outside) -> UnlockObject | None:
    """Return the object that takes the unlock code, if there is one."""
    lock = outside.lock if outside.code else None
    return UnlockObject(_UNLOCK, names.UNLOCK_CODE, lock) if lock else None


def _writables(meters: Iterable[MeterObjects], unlock: UnlockObject | None) -> dict[int, Writable]:
    found: dict[int, Writable] = {unlock.identifier: unlock} if unlock else {}
    for each in meters:
        found |= writables(each.points, each.served.meter)
    return found


def _doors(meters: Iterable[MeterObjects]) -> dict[int, Door]:
    """Return the meter that each object shows something of, by its identifier."""
    return {entry.identifier: each.served.meter for each in meters for entry in each}
