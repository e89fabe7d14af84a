"""What a notification says to people."""

from submeter.bacnet.alarms.event_state import Change
from submeter.bacnet.alarms.past import LONGEST_TEXT
from submeter.bacnet.objects import quality
from submeter.bacnet.objects.point import PointObject

_FAULTS = {
    quality.NO_SENSOR: "no sensor",
    quality.OVER_RANGE: "over range",
    quality.UNDER_RANGE: "under range",
    quality.UNRELIABLE: "unreliable",
    quality.COMMUNICATION_FAILURE: "loss of communication",
}


def of(entry: PointObject, change: Change) -> str:
    """Return the message text of `change`: the object and its meter, and what it is now.

    The description of an alarm often says what would be wrong if it came, so it is left out.
    """
    return f"{entry.described}{entry.name}: {_condition(entry, change)}"[:LONGEST_TEXT]


def _condition(entry: PointObject, change: Change) -> str:
    if entry.reliability != quality.NO_FAULT:
        return _FAULTS.get(entry.reliability, f"reliability {entry.reliability}")
    if change.of_reliability:
        return "reliable again"
    return list(entry.entry.point.states.values())[int(entry.number or 0)]
