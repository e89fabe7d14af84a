"""All alarms of one device: who is told of them, and the services about them."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from submeter.bacnet import outside
from submeter.bacnet.alarms import requests
from submeter.bacnet.alarms.alarm import SETTLING, Alarm, alarm_number
from submeter.bacnet.alarms.event import Event, notification
from submeter.bacnet.alarms.event_state import EventState
from submeter.bacnet.alarms.memory import Memory
from submeter.bacnet.alarms.past import Past
from submeter.bacnet.alarms.policy import Policy
from submeter.bacnet.alarms.recipient import Recipient
from submeter.bacnet.alarms.search import Search
from submeter.bacnet.alarms.sender import Sender
from submeter.bacnet.alarms.summaries import Summaries
from submeter.bacnet.answer import DONE, Answer, Confirmed, RefusedError, Unconfirmed
from submeter.bacnet.fault import NO_ALARM, UNKNOWN_OBJECT, Fault
from submeter.bacnet.objects.image import kept
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import property_number
from submeter.bacnet.peer import Peer
from submeter.bacnet.settings import AlarmReporting
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant

ACKNOWLEDGE_ALARM, GET_ALARM_SUMMARY, GET_EVENT_INFORMATION = 0, 3, 29
I_AM = 0


class Alarms:
    """Reports the alarms among `objects` of the device `device` as `settings` say (135, 13).

    The objects get their event properties at once, and are followed from `start` on. `confirmed`
    and `unconfirmed` are the services. I-Am is one if a recipient is known by its device number;
    then the Device object shows in Device_Address_Binding which of them are found. An object that
    is in alarm from the start on is reported after `settling` seconds.

    `notes` are what was kept of the events, and `keep` keeps them. `ip_network` gives the number of
    the IP network for a device on another one; 0 if it is not known, or is the device's own.
    """

    def __init__(
        self,
        sender: Sender,
        objects: Iterable[PointObject],
        settings: AlarmReporting,
        device: int,
        audit: Audit,
        settling: float = SETTLING,
        *,
        notes: Mapping[str, str] = MappingProxyType({}),
        keep: Callable[[str, str], None] | None = None,
        ip_network: Callable[[], int] = lambda: 0,
    ) -> None:
        self._sender = sender
        self._device = device
        self._audit = audit
        self._memory = memory = Memory(device, notes, keep, self._pasts)
        policy = Policy.of(settings)
        self._alarms = {
            each.identifier: Alarm(
                each, on, policy, self._tell, settling, memory.of(each.name), memory.changed
            )
            for each in sorted(objects, key=lambda each: each.identifier)
            if (on := alarm_number(each)) is not None
        }
        self._recipients = [Recipient(sender, each, self._lost) for each in settings.recipients]
        self._search = Search(sender, self._recipients, ip_network)
        summaries = Summaries(self._alarms, policy, lambda number: bool(sender.table.find(number)))
        self.confirmed: dict[int, Confirmed] = {
            ACKNOWLEDGE_ALARM: self._acknowledge,
            GET_ALARM_SUMMARY: summaries.alarm_summary,
            GET_EVENT_INFORMATION: summaries.event_information,
        }
        self.unconfirmed: dict[int, Unconfirmed] = {}
        if self._search.devices:
            self.unconfirmed[I_AM] = self._search.i_am
            binding = property_number("deviceAddressBinding")
            sender.table.device.live[binding] = kept(self._search.bindings)

    def start(self) -> None:
        """Follow the objects, and look for recipients; the network is there."""
        self._search.start()
        for alarm in self._alarms.values():
            alarm.start()

    def close(self) -> None:
        """Follow the objects no longer, keep the rest; what was not sent is dropped."""
        for alarm in self._alarms.values():
            alarm.close()
        self._memory.close()
        for recipient in self._recipients:
            recipient.close()
        self._search.close()

    def _tell(self, transition: int, event: Event) -> None:
        if self._recipients and self._sender.may_initiate():
            told = notification(event, self._device)
            for recipient in self._recipients:
                recipient.tell(transition, told, event.network_priority)

    def _pasts(self) -> dict[str, Past]:
        return {each.entry.name: each.past for each in self._alarms.values()}

    def _lost(self) -> None:
        self._search.start()

    def _acknowledge(self, body: bytes, peer: Peer) -> Answer:
        """Execute AcknowledgeAlarm; it changes nothing of a meter, so anybody may."""
        wanted = requests.acknowledgement(body)
        alarm = self._alarms.get(wanted.object)
        if alarm is None:
            known = self._sender.table.find(wanted.object)
            raise RefusedError(NO_ALARM if known else UNKNOWN_OBJECT)
        result = alarm.acknowledge(wanted.state, wanted.stamp)
        if isinstance(result, Fault):
            raise RefusedError(result)
        if result:
            self._note(alarm, result.after, wanted.source, peer)
            self._tell(result.after.transition, result)
        return DONE

    def _note(self, alarm: Alarm, state: EventState, source: str, peer: Peer) -> None:
        self._audit.note(
            "alarm_acknowledged",
            who=str(outside.who(peer)),
            at=Instant.now(),
            point=alarm.entry.name,
            state=state.name.lower(),
            source=source,
        )
