"""A command of a meter as a Binary Output: active for the moment in which it is given."""

from submeter.bacnet import encoding
from submeter.bacnet.answer import DONE, Answer
from submeter.bacnet.decoding import Decoded, Tag
from submeter.bacnet.objects import priority as priorities
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.writable import wrong_type
from submeter.errors import WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter

_ACTIVE = 1
_IMAGE = encoding.enumerated(_ACTIVE)


class Command:
    """The command that `shown` shows. Active gives it; inactive and Null take the slot back.

    The slot shows active as long as the point does, and then is relinquished by itself.
    """

    alone = False

    def __init__(self, shown: PointObject, meter: Meter) -> None:
        self.point = shown.entry.point.name
        self._object = shown
        self._meter = meter
        self._given: frozenset[int] = frozenset()
        shown.listeners = (self._follow, *shown.listeners)
        self._follow(shown)

    def write(self, value: Decoded, priority: int | None, who: Who, now: Instant) -> Answer:
        """Give the command or take it back; the value is a BACnetBinaryPV or Null."""
        slot = priorities.commanded(priority)
        if value.tag is Tag.NULL:
            state = 0
        elif value.tag is Tag.ENUMERATED and isinstance(value.value, int):
            state = value.value
        else:
            raise wrong_type(value)
        before = self._given
        self._given = before | {slot} if state == _ACTIVE else before - {slot}
        try:
            self._meter.write_all([(self.point, state)], who, now)
        except WriteRefusedError:
            self._given = before
            raise
        self._follow(self._object)
        if self._given != before:
            self._object.changed()
        return DONE

    def _follow(self, _: ServedObject) -> None:
        """Relinquish all slots unless the point is active; show them."""
        if self._meter.readings[self.point].value != _ACTIVE:
            self._given = frozenset()
        self._object.live.update(priorities.images(dict.fromkeys(self._given, _IMAGE)))
