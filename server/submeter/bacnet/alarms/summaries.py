"""GetAlarmSummary and GetEventInformation: what is wrong, or waits to be acknowledged."""

from collections.abc import Callable, Mapping

from submeter.bacnet import encoding
from submeter.bacnet.alarms import requests
from submeter.bacnet.alarms.alarm import Alarm
from submeter.bacnet.alarms.event import ALARM
from submeter.bacnet.alarms.event_state import EventState
from submeter.bacnet.alarms.policy import Policy
from submeter.bacnet.answer import Ack, Answer, RefusedError
from submeter.bacnet.fault import UNKNOWN_OBJECT
from submeter.bacnet.peer import Peer
from submeter.bacnet.tags import Tags

# Octets of the event summaries of one answer. Clients that take APDUs of 1024 octets, and no
# segments, can read it; the rest they ask for again.
LARGEST_ANSWER = 1000


class Summaries:
    """Answers from `alarms`, by object identifier, ascending; `exists` knows all objects."""

    def __init__(
        self, alarms: Mapping[int, Alarm], policy: Policy, exists: Callable[[int], bool]
    ) -> None:
        self._alarms = alarms
        self._exists = exists
        self._policy = (
            encoding.context_unsigned(4, ALARM)
            + encoding.context(5, encoding.bit_content(policy.enabled))
            + encoding.enclosed(6, encoding.joined(map(encoding.unsigned, policy.priorities)))
        )

    def alarm_summary(self, body: bytes, _: Peer) -> Answer:
        """Answer GetAlarmSummary (135, 13.10): what is not normal. Raises Rejected."""
        Tags(body).end()
        return Ack(
            encoding.joined(
                encoding.tagged(12, alarm.identifier)
                + encoding.enumerated(alarm.state)
                + encoding.bits(alarm.acked)
                for alarm in self._alarms.values()
                if alarm.state is not EventState.NORMAL
            )
        )

    def event_information(self, body: bytes, _: Peer) -> Answer:
        """Answer GetEventInformation (135, 13.12): what is not normal, or not acknowledged.

        Raises Rejected, or RefusedError where the object to go on after does not exist.
        """
        last = requests.last_received(body)
        if last is not None and not self._exists(last):
            raise RefusedError(UNKNOWN_OBJECT)
        summaries: list[bytes] = []
        room, more = LARGEST_ANSWER, False
        for identifier, alarm in self._alarms.items():
            if (last is not None and identifier <= last) or not _is_event(alarm):
                continue
            summary = self._summary(alarm)
            room -= len(summary)
            if room < 0:
                more = True
                break
            summaries.append(summary)
        listed = encoding.enclosed(0, encoding.joined(summaries))
        return Ack(listed + encoding.context(1, bytes((more,))))

    def _summary(self, alarm: Alarm) -> bytes:
        return (
            encoding.context(0, alarm.identifier)
            + encoding.context_unsigned(1, alarm.state)
            + encoding.context(2, encoding.bit_content(alarm.acked))
            + encoding.enclosed(3, encoding.joined(alarm.stamps))
            + self._policy
        )


def _is_event(alarm: Alarm) -> bool:
    return alarm.state is not EventState.NORMAL or not all(alarm.acked)
