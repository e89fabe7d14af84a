"""What a notification says to people."""

from submeter.bacnet.alarms.event_state import RELIABLE, Change
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import property_number

_DESCRIPTION = property_number("description")
_LONGEST = 200  # characters
_FAULTS = {
    1: "no sensor",
    2: "over range",
    3: "under range",
    7: "unreliable",
    12: "communication failure",
}


def of(entry: PointObject, change: Change) -> str:
    """Return the message text of `change`: the object's description, and what it is now."""
    return f"{_described(entry)}: {_condition(entry, change)}"[:_LONGEST]


def _condition(entry: PointObject, change: Change) -> str:
    if entry.reliability != RELIABLE:
        return _FAULTS.get(entry.reliability, f"reliability {entry.reliability}")
    if change.of_reliability:
        return "reliable again"
    return list(entry.entry.point.states.values())[int(entry.number or 0)]


def _described(entry: PointObject) -> str:
    """Return the description of the object, in which the meter is named where there are several."""
    image = entry.read(_DESCRIPTION)
    assert isinstance(image, bytes)
    extended = image[0] & 0x07 == 5  # 135, 20.2.1.3.1: the length stands in the next octets
    head = 1 + (1 if image[1] < 254 else 3) if extended else 1
    return image[head + 1 :].decode()  # after the character set
