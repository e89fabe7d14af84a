"""A Trend Log object: the samples of one point, as the store has them (ASHRAE 135, 12.25)."""

import functools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from bacpypes3.object import TrendLogObject

from submeter.bacnet import encoding, names
from submeter.bacnet.fault import NOT_INITIALIZED, Fault
from submeter.bacnet.objects import image, present
from submeter.bacnet.objects.image import Image
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import PRESENT_VALUE, ServedObject, property_number
from submeter.bacnet.outside import History
from submeter.bacnet.trends import log_record
from submeter.bacnet.trends.record_times import RecordTimes

LOG_BUFFER = 131
_RECORD_COUNT, _TOTAL_RECORD_COUNT = 141, 145
_DESCRIPTION, _REFERENCE = 28, 132
_UNSPECIFIED = encoding.UNSPECIFIED_DATE + encoding.UNSPECIFIED_TIME

# property, read-access-denied: only ReadRange reads the buffer (135, 12.25.14).
_ONLY_BY_RANGE = Fault(2, 27)
# s; time zones differ by whole quarters of an hour, so what divides one is aligned in all.
_QUARTER = 900


class Source(NamedTuple):
    """Where the records of a meter come from, one for each of `times`."""

    history: History
    meter: str
    times: RecordTimes


class TrendLog(ServedObject):
    """The log of the point that `shown` shows, a record every `sample` seconds, at most `most`.

    `times` says which records there are, `records` gives them: all that ReadRange needs.
    """

    __slots__ = ("_encode", "_history", "_meter", "_point", "times")

    def __init__(
        self,
        source: Source,
        shown: PointObject,
        instance: int,
        prefix: str,
        described: str,
        sample: int,
        most: int,
    ) -> None:
        point = shown.entry.point
        name = prefix + names.trend(point.name)
        super().__init__(TrendLogObject, instance, name, _fixed(sample, most))
        self._history, self._meter, self.times = source
        self._point = point.name
        self._encode = present.encoder(shown.entry)
        self.live[_DESCRIPTION] = encoding.text(f"{described}Trend of: {point.description}")
        self.live[_REFERENCE] = _reference(shown)
        self.live[_RECORD_COUNT] = functools.partial(_record_count, self.times)
        self.live[_TOTAL_RECORD_COUNT] = functools.partial(_total_record_count, self.times)

    def records(self, times: Sequence[int]) -> list[bytes]:
        """Return the encoded records of `times`, which ascend; raises StoreError.

        Reads the disk, so it is for another thread.
        """
        if not times:
            return []
        values = dict(self._history.values(self._meter, self._point, times[0], times[-1]))
        return [self._record(at, values.get(at)) for at in times]

    def _record(self, at: int, value: int | float | None) -> bytes:
        return log_record.encode(at, None if value is None else self._encode(value)[0])


def _record_count(times: RecordTimes) -> bytes | Fault:
    return encoding.unsigned(len(times)) if times.known else NOT_INITIALIZED


def _total_record_count(times: RecordTimes) -> bytes | Fault:
    return encoding.unsigned(times.newest) if times.known else NOT_INITIALIZED


def _reference(shown: ServedObject) -> bytes:
    """Return the BACnetDeviceObjectPropertyReference of the present value, in this device."""
    content = encoding.identifier_content(shown.type, shown.instance)
    return encoding.context(0, content) + encoding.context_unsigned(1, PRESENT_VALUE)


@functools.cache
def _fixed(sample: int, most: int) -> Mapping[int, Image]:
    """Return the images that all logs of so many records share."""
    values = {
        "statusFlags": [0, 0, 0, 0],
        "eventState": "normal",
        "reliability": "noFaultDetected",
        "enable": True,
        "logInterval": sample * 100,
        "stopWhenFull": False,
        "bufferSize": most,
        "loggingType": "polled",
        "alignIntervals": _QUARTER % sample == 0,
        "intervalOffset": 0,
    }
    images: dict[int, Image] = {
        property_number(attribute): image.of_property(TrendLogObject, attribute, value)
        for attribute, value in values.items()
    }
    images[property_number("startTime")] = _UNSPECIFIED
    images[property_number("stopTime")] = _UNSPECIFIED
    images[LOG_BUFFER] = _ONLY_BY_RANGE
    return MappingProxyType(images)
