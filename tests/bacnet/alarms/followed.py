"""One object with an alarm, and who follows it."""

from submeter.bacnet.alarms.alarm import Alarm, alarm_number
from submeter.bacnet.alarms.event import Event
from submeter.bacnet.alarms.event_state import EventState
from submeter.bacnet.alarms.past import NO_EVENTS, Past
from submeter.bacnet.alarms.policy import Policy
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import property_number
from tooling.alarm_station import points

N, F, O = EventState.NORMAL, EventState.FAULT, EventState.OFFNORMAL  # noqa: E741
ALL = (True, True, True)
NONE = (False, False, False)
PRIORITIES = (10, 100, 200)
PUT = Policy(ALL, PRIORITIES, ALL, 0)
Told = list[tuple[int, Event]]


def follow(
    name: str = "Overload_Alarm",
    policy: Policy = PUT,
    settling: float = 0,
    past: Past = NO_EVENTS,
) -> tuple[PointObject, Alarm, Told]:
    """Return an object, the alarm that follows it, and what that tells."""
    entry = points()[name]
    told: Told = []
    on = alarm_number(entry)
    assert on is not None

    def tell(which: int, event: Event) -> None:
        told.append((which, event))

    alarm = Alarm(entry, on, policy, tell, settling, past)
    alarm.start()
    return entry, alarm, told


def shown(entry: PointObject, name: str) -> bytes:
    """Return what the object shows as the property of that name."""
    image = entry.read(property_number(name))
    assert isinstance(image, bytes)
    return image
