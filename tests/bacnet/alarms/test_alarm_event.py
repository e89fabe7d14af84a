from typing import Any

import pytest
from bacpypes3.basetypes import EventState as TheirState
from bacpypes3.basetypes import EventType, NotifyType, Reliability, StatusFlags
from bacpypes3.primitivedata import ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as st

from submeter.bacnet import clock, encoding, fault
from submeter.bacnet.alarms.event import (
    Event,
    change_of_reliability,
    change_of_state,
    event_type,
    notification,
)
from submeter.bacnet.alarms.event_state import Change, EventState
from tooling.alarm_station import decoded

N, F, O = EventState.NORMAL, EventState.FAULT, EventState.OFFNORMAL  # noqa: E741
OBJECT = encoding.identifier_content(3, 5)
STAMP = encoding.enclosed(2, clock.date_time(1_790_000_000.25))
FLAGS = encoding.bit_content((True, False, False, False))


def confirmed(event: Event, process: int = 7) -> Any:
    body = encoding.context_unsigned(0, process) + notification(event, 4000)
    return decoded(b"\x00\x05\x01\x02" + body)


@given(
    st.text(max_size=200),
    st.integers(0, 255),
    st.integers(0, 0xFFFFFFFF),
    st.booleans(),
    st.sampled_from([(N, O, 1), (O, N, 0)]),
)
def test_change_of_state(
    text: str, priority: int, process: int, ack: bool, states: tuple[EventState, EventState, int]
) -> None:
    before, after, position = states
    values = change_of_state(position, FLAGS)
    event = Event(OBJECT, STAMP, priority, 1, after, before, text, ack, values)
    read = confirmed(event, process)
    assert read.processIdentifier == process
    assert read.initiatingDeviceIdentifier == ObjectIdentifier(("device", 4000))
    assert read.eventObjectIdentifier == ObjectIdentifier(("binary-input", 5))
    assert bytes(read.timeStamp.encode().encode().pduData) == encoding.enclosed(3, STAMP)
    assert read.notificationClass == 1
    assert read.priority == priority
    assert read.eventType == EventType.changeOfState
    assert read.messageText == text
    assert read.notifyType == NotifyType.alarm
    assert bool(read.ackRequired) is ack
    assert (read.fromState, read.toState) == (TheirState(int(before)), TheirState(int(after)))
    told = read.eventValues.changeOfState
    assert int(told.newState.binaryValue) == position
    assert told.statusFlags == StatusFlags("in-alarm")


@pytest.mark.parametrize("known", [True, False])
def test_change_of_reliability(known: bool) -> None:
    value = encoding.enumerated(1) if known else fault.NOT_INITIALIZED
    values = change_of_reliability(12, FLAGS, value)
    read = confirmed(Event(OBJECT, STAMP, 128, 19, F, N, "a fault", True, values))
    assert read.eventType == EventType.changeOfReliability
    told = read.eventValues.changeOfReliability
    assert told.reliability == Reliability.communicationFailure
    assert told.statusFlags == StatusFlags("in-alarm")
    listed = [
        (int(each.propertyIdentifier), bytes(each.value.tagList.encode().pduData)[1:-1])
        for each in told.propertyValues
    ]
    assert listed == ([(85, b"\x91\x01")] if known else [])


def test_notification_of_an_acknowledgement() -> None:
    read = confirmed(Event(OBJECT, STAMP, 64, 1, O))
    assert read.notifyType == NotifyType.ackNotification
    assert read.toState == TheirState.offnormal
    assert read.eventType == EventType.changeOfState
    for absent in (read.messageText, read.ackRequired, read.fromState, read.eventValues):
        assert absent is None


def test_type_of_an_event() -> None:
    assert [event_type(Change(*pair)) for pair in ((N, O), (O, N))] == [1, 1]
    assert [event_type(Change(*pair)) for pair in ((N, F), (O, F), (F, N), (F, F))] == [19] * 4


def test_priority_of_its_packets() -> None:
    # ASHRAE 135, 13.4.1.
    bands = {0: 3, 63: 3, 64: 2, 127: 2, 128: 1, 191: 1, 192: 0, 255: 0}
    for priority, network in bands.items():
        assert Event(OBJECT, STAMP, priority, 1, O).network_priority == network
