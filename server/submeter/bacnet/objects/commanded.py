"""A setting as an Analog Output: what the slots of its priority array do to it."""

import math
from decimal import Decimal
from typing import NamedTuple

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


class _Given(NamedTuple):
    """What a slot holds, in the point's unit, and who put it there."""

    number: Number
    by: str = ""


class Commanded:
    """The setting that `shown` shows, and the commands that are given to it.

    The setting of the meter is the truth, and the present value is always what it is. A command
    that takes effect is a write of the setting; one below another only has to be possible. When the
    last one is relinquished the setting returns to what it was before the first. Whoever sets it
    otherwise ends all commands. They are not kept over a restart; the setting is.

    The audit log is told of each command and each relinquishing that changes a slot, its value or
    who gave it, besides what the door tells it of the setting: a value that takes effect may have
    been commanded by somebody else, and before.
    """

    alone = False

    def __init__(self, shown: PointObject, meter: Meter) -> None:
        self.point = shown.entry.point.name
        self._object = shown
        self._meter = meter
        self._power = shown.entry.power
        self._slots: dict[int, _Given] = {}
        shown.listeners = (self._follow, *shown.listeners)
        self._follow(shown)

    def write(self, value: Decoded, priority: int | None, who: Who, now: Instant) -> Answer:
        """Command or, with Null, relinquish a slot; the value is a REAL in the object's unit."""
        slot = priorities.commanded(priority)
        self._follow(self._object)  # a change too small for a REAL is not told
        if not self._slots:
            raise NotWritten(WRITE_ACCESS_DENIED, Refusal.UNSUPPORTED)
        if value.tag is Tag.NULL:
            slots = {each: given for each, given in self._slots.items() if each != slot}
        elif value.tag is Tag.REAL and isinstance(value.value, float):
            slots = {**self._slots, slot: _Given(self._number(value.value), str(who))}
        else:
            raise wrong_type(value)
        is_news = slots.get(slot) != self._slots.get(slot)
        takes_effect = min(slots) == slot or min(slots) != min(self._slots)
        if takes_effect:
            self._set(slots, who, now)
        else:
            wish = slots.get(slot, slots[min(slots)]).number
            self._meter.check((self.point, wish), who, now)
            self._slots = slots
        if is_news:
            self._note(slot, takes_effect, who, now)
        self._tell()
        return DONE

    def _note(self, slot: int, takes_effect: bool, who: Who, now: Instant) -> None:
        """Tell the audit log what is in `slot` now, or what its relinquishing brought back."""
        detail: dict[str, object] = {"point": self.point, "priority": slot}
        if given := self._slots.get(slot):
            detail["value"] = f"{given.number:.9g}"
        elif takes_effect:
            top = min(self._slots)
            detail["value"] = f"{self._slots[top].number:.9g}"
            detail["of"] = "default" if top == _DEFAULT else top
            if self._slots[top].by:
                detail["commanded_by"] = self._slots[top].by
        event = "commanded" if given else "relinquished"
        self._meter.audit.note(event, self._meter.name, str(who), at=now, **detail)

    def _set(self, slots: dict[int, _Given], who: Who, now: Instant) -> None:
        """Write what `slots` come to; the commands stay as they were if that is refused."""
        before, self._slots = self._slots, slots  # now, for `_follow` is called meanwhile
        try:
            self._meter.write_all([(self.point, slots[min(slots)].number)], who, now)
        except WriteRefusedError:
            self._slots = before
            raise

    def _follow(self, _: ServedObject) -> None:
        """End all commands if the setting is another than they come to; show how it is."""
        setting = self._meter.readings[self.point].value
        if setting is None:
            self._slots = {}
        elif not self._slots or self._slots[min(self._slots)].number != setting:
            self._slots = {_DEFAULT: _Given(setting)}
        self._show()

    def _tell(self) -> None:
        before = dict(self._object.live)
        self._show()
        if before != self._object.live:
            self._object.changed()

    def _show(self) -> None:
        images = {slot: self._image(given.number) for slot, given in self._slots.items()}
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
