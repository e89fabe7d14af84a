"""The parameters of requests about alarms."""

from typing import NamedTuple

from submeter.bacnet.answer import Reason, Rejected
from submeter.bacnet.encoding import CHARACTER_SETS
from submeter.bacnet.tags import Tags

# The first octets of a BACnetTimeStamp, and the other tags of a date and time.
_TIME, _SEQUENCES, _DATE_TIME = 0x0C, (0x19, 0x1A), 0x2E
_PARTS = (0xA4, 0xB4, 0x2F)


class Acknowledgement(NamedTuple):
    """AcknowledgeAlarm (ASHRAE 135, 13.5.1); `stamp` is a BACnetTimeStamp."""

    object: int
    state: int
    stamp: bytes
    source: str


def acknowledgement(body: bytes) -> Acknowledgement:
    """Return what an AcknowledgeAlarm request says; raises Rejected."""
    tags = _Tags(body)
    tags.unsigned(0)
    found = Acknowledgement(
        tags.object_identifier(1), tags.unsigned(2), tags.time_stamp(3), tags.text(4)
    )
    tags.time_stamp(5)
    tags.end()
    return found


def last_received(body: bytes) -> int | None:
    """Return the object after which GetEventInformation goes on (13.12.1); raises Rejected."""
    tags = Tags(body)
    found = tags.object_identifier(0) if tags.more else None
    tags.end()
    return found


class _Tags(Tags):
    """Reads the two types that only AcknowledgeAlarm has."""

    def time_stamp(self, number: int) -> bytes:
        """Return the octets between the tags `number`."""
        start = self._at
        self.skip_value(number)
        content = self._data[start + 1 : self._at - 1]
        if not is_time_stamp(content):
            raise Rejected(Reason.INVALID_TAG)
        return content

    def text(self, number: int) -> str:
        """Return the text with tag `number`; what cannot be read is replaced."""
        content = self._content(number)
        if content is None:
            raise Rejected(Reason.MISSING_PARAMETER)
        if not content:
            raise Rejected(Reason.INVALID_DATA_TYPE)
        return content[1:].decode(CHARACTER_SETS.get(content[0], "ascii"), "replace")


def is_time_stamp(content: bytes) -> bool:
    """Tell whether this is a time, a sequence number or a date and time (135, clause 21)."""
    first = content[0] if content else 0
    if first == _DATE_TIME:
        return len(content) == 12 and (content[1], content[6], content[11]) == _PARTS
    length = 1 + (first & 0x07)
    return len(content) == length and (first == _TIME or first in _SEQUENCES)
