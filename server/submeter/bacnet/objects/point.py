"""The object of one point: its fixed properties from the map, its live ones from readings."""

from submeter.bacnet import clock, encoding
from submeter.bacnet.objects import fixed, present, quality
from submeter.bacnet.objects.image import Value
from submeter.bacnet.objects.served import (
    EVENT_STATE,
    PRESENT_VALUE,
    RELIABILITY,
    STATUS_FLAGS,
    ServedObject,
)
from submeter.meter.reading import Quality, Reading
from submeter.pointmap.meter_map import BacnetObject

DESCRIPTION, VALUE_CHANGE_TIME = 28, 192
PRIORITY_ARRAY, RELINQUISH_DEFAULT, CURRENT_COMMAND_PRIORITY = 87, 104, 431
PRIORITIES = 16
DEFAULT_VENDOR = 999  # reserved for ASHRAE, which assigns the others


class PointObject(ServedObject):
    """The object that the map gives a point, moved by `offset` and named with `prefix`.

    `described` stands before the description when one device serves several meters. `vendor_id` is
    that of the profile name. An output shows that nobody commands it.

    Event_State follows the reliability, fault or normal, unless `reports_events` is set: from then
    on it is what `show_event_state` says.

    `number` is the present value as a number: in the unit of the object, the state counted from 0
    in a binary and from 1 in a multi-state object, UTC seconds of a time; None if it is not known.
    `reliability` and `event_state` are those of the properties.
    """

    __slots__ = (
        "_beside",
        "_doubt",
        "_encode",
        "_quality",
        "_value",
        "described",
        "entry",
        "event_state",
        "number",
        "reliability",
        "reports_events",
    )

    def __init__(
        self,
        entry: BacnetObject,
        offset: int = 0,
        prefix: str = "",
        described: str = "",
        vendor_id: int = DEFAULT_VENDOR,
    ) -> None:
        super().__init__(
            fixed.SCHEMAS[entry.object],
            offset + entry.instance,
            prefix + entry.name,
            fixed.properties(entry, vendor_id),
        )
        self.entry = entry
        self.described = described
        self.reports_events = False
        self._encode = present.encoder(entry)
        self._value: int | float | None = None
        self._quality = Quality.STALE
        image, self.number, self._doubt = self._encode(None)
        self.live[PRESENT_VALUE] = image
        self._show_reliability(quality.OF_NOTHING[Quality.STALE])
        if described:
            self.live[DESCRIPTION] = encoding.text(described + fixed.description(entry))
        self._beside = entry.object in ("accumulator", "analog-output", "binary-output")
        if entry.object == "accumulator":
            self.live[VALUE_CHANGE_TIME] = encoding.UNSPECIFIED_DATE + encoding.UNSPECIFIED_TIME
        elif self._beside:
            self.live[PRIORITY_ARRAY] = (encoding.NULL,) * PRIORITIES
            self.live[CURRENT_COMMAND_PRIORITY] = encoding.NULL
            self.live[RELINQUISH_DEFAULT] = image

    def show(self, reading: Reading) -> None:
        """Take over value and quality of a reading of the object's point.

        The listeners are told if that changed any property.
        """
        value, trusted, _ = reading
        if value == self._value and trusted is self._quality:
            return
        live, changed = self.live, False
        if value != self._value:
            self._value = value
            image, self.number, self._doubt = self._encode(value)
            if image != live[PRESENT_VALUE]:
                changed = True
                if self._beside:
                    self._show_beside(live[PRESENT_VALUE], image)
                live[PRESENT_VALUE] = image
        self._quality = trusted
        trust = quality.OF_NOTHING if value is None else quality.OF_QUALITY
        reliability = trust[trusted] or self._doubt
        if reliability != self.reliability:
            changed = True
            self._show_reliability(reliability)
        if changed:
            self.changed()

    def show_event_state(self, state: int) -> None:
        """Take over a BACnetEventState, without telling the listeners."""
        self.event_state = state
        self.live[EVENT_STATE] = encoding.enumerated(state)
        self.live[STATUS_FLAGS] = quality.status_flags(state, self.reliability)

    def _show_reliability(self, reliability: int) -> None:
        self.reliability = reliability
        self.live[RELIABILITY] = quality.RELIABILITY[reliability]
        state = self.event_state if self.reports_events else quality.event_state(reliability)
        self.show_event_state(state)

    def _show_beside(self, before: object, image: Value) -> None:
        """Let follow what hangs on the present value, which was `before`."""
        if VALUE_CHANGE_TIME in self.live:
            # Clients take this for the age of the count. In the standard it is that of a write to
            # Value_Set (135, 12.1), a property that this object does not have.
            if isinstance(before, bytes):
                self.live[VALUE_CHANGE_TIME] = clock.date_time(clock.now())
        elif self.live[CURRENT_COMMAND_PRIORITY] == encoding.NULL:
            # While nobody commands an output, it shows its Relinquish_Default (135, 19.2).
            self.live[RELINQUISH_DEFAULT] = image
