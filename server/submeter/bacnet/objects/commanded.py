"""A setting as an Analog Output: what the slots of its priority array do to it."""

import math
from decimal import Decimal

from submeter import units
from submeter.bacnet import encoding
from submeter.bacnet.answer import DONE, Answer
from submeter.bacnet.decoding import Decoded, Tag, meant
from submeter.bacnet.fault import WRITE_ACCESS_DENIED
from submeter.bacnet.objects import priority as priorities
from submeter.bacnet.objects.point import PRIORITIES, RELINQUISH_DEFAULT, PointObject
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.writable import NotWritten, wrong_type
from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter

Number = int | float

_DEFAULT = PRIORITIES + 1  # the Relinquish_Default stands below the last slot


class Commanded:
    """The setting that `shown` shows, and the commands that are given to it.

    The setting of the meter is the truth, and the present value is always what it is. A command
    that takes effect is a write of the setting; one below another only has to be possible. When the
    last one is relinquished the setting returns to what it was before the first. Whoever sets it
    otherwise ends all commands. They are not kept over a restart; the setting is.
    """

    alone = False

    def __init__(self, shown: PointObject, meter: Meter) -> None:
        self.point = shown.entry.point.name
        self._object = shown
        self._meter = meter
        self._power = shown.entry.power
        self._slots: dict[int, Number] = {}  # in the point's unit
        shown.listeners = (self._follow, *shown.listeners)
        self._follow(shown)

    def write(self, value: Decoded, priority: int | None, who: Who, now: Instant) -> Answer:
        """Command or, with Null, relinquish a slot; the value is a REAL in the object's unit."""
        slot = priorities.commanded(priority)
        self._follow(self._object)  # a change too small for a REAL is not told
        if not self._slots:
            raise NotWritten(WRITE_ACCESS_DENIED, Refusal.UNSUPPORTED)
        if value.tag is Tag.NULL:
            slots = {each: number for each, number in self._slots.items() if each != slot}
        elif value.tag is Tag.REAL and isinstance(value.value, float):
            slots = {**self._slots, slot: self._number(value.value)}
        else:
            raise wrong_type(value)
        if min(slots) == slot or min(slots) != min(self._slots):
            self._set(slots, who, now)
        else:
            wish = slots.get(slot, slots[min(slots)])
            self._meter.check((self.point, wish), who, now)
            self._slots = slots
        self._tell()
        return DONE

    def _set(self, slots: dict[int, Number], who: Who, now: Instant) -> None:
        """Write what `slots` come to; the commands stay as they were if that is refused."""
        before, self._slots = self._slots, slots  # now, for `_follow` is called meanwhile
        try:
            self._meter.write_all([(self.point, slots[min(slots)])], who, now)
        except WriteRefusedError:
            self._slots = before
            raise

    def _follow(self, _: ServedObject) -> None:
        """End all commands if the setting is another than they come to; show how it is."""
        setting = self._meter.readings[self.point].value
        if setting is None:
            self._slots = {}
        elif not self._slots or self._slots[min(self._slots)] != setting:
            self._slots = {_DEFAULT: setting}
        self._show()

    def _tell(self) -> None:
        before = dict(self._object.live)
        self._show()
        if before != self._object.live:
            self._object.changed()

    def _show(self) -> None:
        images = {slot: self._image(number) for slot, number in self._slots.items()}
        default = images.pop(_DEFAULT, None) or encoding.real(math.nan)
        self._object.live.update(priorities.images(images))
        self._object.live[RELINQUISH_DEFAULT] = default

    def _number(self, real: float) -> float:
        """Return what is meant by `real`, in the point's unit; what is no number stays so."""
        if not math.isfinite(real):
            return real
        return float(Decimal(repr(meant(real))).scaleb(-self._power))

    def _image(self, number: Number) -> bytes:
        return encoding.real(units.scale(number, self._power))
