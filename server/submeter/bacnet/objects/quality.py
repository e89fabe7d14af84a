"""The one translation of a reading's quality into reliability, event state and status flags."""

from submeter.bacnet import encoding
from submeter.meter.reading import Quality

# BACnetReliability (ASHRAE 135, clause 21).
NO_FAULT = 0
NO_SENSOR = 1
OVER_RANGE = 2
UNDER_RANGE = 3
UNRELIABLE = 7
COMMUNICATION_FAILURE = 12

OF_QUALITY = {
    Quality.MEASURED: NO_FAULT,
    Quality.DERIVED: NO_FAULT,
    Quality.ESTIMATED: NO_FAULT,
    Quality.STALE: COMMUNICATION_FAILURE,
    Quality.FAILED: UNRELIABLE,
    Quality.ABSENT: NO_SENSOR,
}
"""How reliable readings of each quality are; good ones may be out of range all the same."""

OF_NOTHING = {**OF_QUALITY, Quality.STALE: UNRELIABLE}
"""The same for readings without a value: what was never read has not lost its instrument."""

# BACnetEventState (ASHRAE 135, clause 21).
NORMAL = 0
FAULT = 1

RELIABILITY = tuple(encoding.enumerated(code) for code in range(COMMUNICATION_FAILURE + 1))
"""The images of Reliability, by its code."""


def event_state(reliability: int) -> int:
    """Return Event_State of an object that reports no events (135, 12.2.8 and its like)."""
    return NORMAL if reliability == NO_FAULT else FAULT


def status_flags(event_state: int, reliability: int) -> bytes:
    """Return the image of Status_Flags: in-alarm, fault, overridden and out-of-service.

    In-alarm is any event state but normal, and fault any reliability but no-fault-detected (135,
    12.2.6 and its like).
    """
    return _FLAGS[event_state != NORMAL, reliability != NO_FAULT]


_FLAGS = {
    (alarm, fault): encoding.bits((alarm, fault, False, False))
    for alarm in (False, True)
    for fault in (False, True)
}
