"""GetAlarmSummary and GetEventInformation: what is wrong, or waits to be acknowledged."""

from collections.abc import Callable, Mapping

from submeter.bacnet import encoding
from submeter.bacnet.alarms import requests
from submeter.bacnet.alarms.alarm import Alarm
from submeter.bacnet.alarms.event import ALARM
from submeter.bacnet.alarms.event_state import EventState
from submeter.bacnet.alarms.policy import Policy
from submeter.bacnet.answer import Ack, Answer, Fitted, RefusedError
from submeter.bacnet.fault import UNKNOWN_OBJECT
from submeter.bacnet.peer import Peer
from submeter.bacnet.tags import Tags

_FRAME = 2 + 2  # octets beside the summaries: tags around, and whether there are more


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
                + encoding.enumerated(alarm.past.state)
                + encoding.bits(alarm.acked)
                for alarm in self._alarms.values()
                if alarm.past.state is not EventState.NORMAL
            )
        )

    def event_information(self, body: bytes, _: Peer) -> Answer:
        """Answer GetEventInformation (135, 13.12): what is not normal, or not acknowledged.

        Raises Rejected, or RefusedError where the object to go on after does not exist.
        """
        last = requests.last_received(body)
        if last is not None and not self._exists(last):
            raise RefusedError(UNKNOWN_OBJECT)
        return Fitted(lambda room: self._events(last, room - _FRAME))

    def _events(self, last: int | None, room: int) -> Answer:
        """Return what follows `last`, as far as it fits, and one at least: else nobody got on."""
        summaries: list[bytes] = []
        more = False
        for identifier, alarm in self._alarms.items():
            if (last is not None and identifier <= last) or not alarm.past.is_event:
                continue
            summary = self._summary(alarm)
            room -= len(summary)
            if room < 0 and summaries:
                more = True
                break
            summaries.append(summary)
        listed = encoding.enclosed(0, encoding.joined(summaries))
        return Ack(listed + encoding.context(1, bytes((more,))))

    def _summary(self, alarm: Alarm) -> bytes:
        return (
            encoding.context(0, alarm.identifier)
            + encoding.context_unsigned(1, alarm.past.state)
            + encoding.context(2, encoding.bit_content(alarm.acked))
            + encoding.enclosed(3, encoding.joined(alarm.stamps))
            + self._policy
        )
