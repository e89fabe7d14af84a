"""The alarms of one device, and a client that asks for them."""

from typing import Any

import pytest
from bacpypes3.apdu import GetEventInformationRequest

from submeter.bacnet import fault
from submeter.bacnet.alarms.alarms import Alarms
from submeter.bacnet.answer import DONE, Ack, Fitted, RefusedError
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.peer import Peer
from submeter.bacnet.settings import AlarmReporting, RecipientSettings
from submeter.meter.audit import Audit
from tooling.alarm_station import DEVICE, FakeSender, decoded, points

CLIENT = Peer(("192.0.2.50", 47808))
TOLD = RecipientSettings(address="192.0.2.20", process=9, confirmed=False)
EVERYTHING = AlarmReporting(acknowledge=["alarm", "fault", "normal"], recipients=[TOLD])


class Site:
    """A device with all alarms of one meter."""

    room = 1000  # octets of the parameters of an answer

    def __init__(self, settings: AlarmReporting = EVERYTHING) -> None:
        self.objects = points("main: ")
        self.sender = FakeSender(list(self.objects.values()))
        self.audit = Audit()
        listed = list(self.objects.values())
        self.alarms = Alarms(self.sender, listed, settings, DEVICE, self.audit, 0)

    def __getitem__(self, name: str) -> PointObject:
        return self.objects[name]

    def ask(self, request: Any) -> Any:
        """Execute a request of bacpypes3's; return its decoded Complex-ACK, or the Simple-ACK."""
        service = int(request.service_choice)
        answer = self.alarms.confirmed[service](body(request), CLIENT)
        if isinstance(answer, Fitted):
            answer = answer.make(self.room)
        if isinstance(answer, Ack):
            return decoded(bytes((0x30, 1, service)) + answer.body)
        assert answer is DONE
        return answer

    def refused(self, request: Any) -> fault.Fault:
        with pytest.raises(RefusedError) as caught:
            self.ask(request)
        return caught.value.fault

    def events(self) -> list[tuple[int, bool]]:
        """Return instance and more-events, all answers one after the other."""
        found: list[tuple[int, bool]] = []
        last: Any = None
        while True:
            given = {} if last is None else {"lastReceivedObjectIdentifier": last}
            answer = self.ask(GetEventInformationRequest(**given))
            listed = [each.objectIdentifier for each in answer.listOfEventSummaries]
            found += [(int(each[1]), bool(answer.moreEvents)) for each in listed]
            if not answer.moreEvents:
                return found
            last = listed[-1]


def body(request: Any) -> bytes:
    """Return the parameters of a request as bacpypes3 encodes them."""
    return bytes(request.encode().pduData)
