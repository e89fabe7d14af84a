"""A setting with a few states as a Multi-state Value, which is written and not commanded."""

from submeter.bacnet.answer import DONE, Answer
from submeter.bacnet.decoding import Decoded, Tag
from submeter.bacnet.fault import VALUE_OUT_OF_RANGE
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.writable import NotWritten, wrong_type
from submeter.errors import Refusal
from submeter.meter.access import Who
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter


class Choice:
    """The setting that `shown` shows: its states by their position, from 1."""

    alone = False

    def __init__(self, shown: PointObject, meter: Meter) -> None:
        self.point = shown.entry.point.name
        self._meter = meter
        self._states = tuple(shown.entry.point.states)

    def write(self, value: Decoded, priority: int | None, who: Who, now: Instant) -> Answer:
        """Set the state whose position `value` is, an Unsigned; no priority matters."""
        if value.tag is not Tag.UNSIGNED or not isinstance(value.value, int):
            raise wrong_type(value)
        position = value.value
        if not 1 <= position <= len(self._states):
            raise NotWritten(VALUE_OUT_OF_RANGE, Refusal.OUT_OF_RANGE, f"state {position}")
        self._meter.write_all([(self.point, self._states[position - 1])], who, now)
        return DONE
