"""ReadRange requests and answers, as bacpypes3 makes and reads them."""

from datetime import datetime
from typing import Any

from bacpypes3.apdu import APDU, APCISequence, ReadRangeRequest
from bacpypes3.basetypes import (
    DateTime,
    LogRecord,
    Range,
    RangeByPosition,
    RangeBySequenceNumber,
    RangeByTime,
)
from bacpypes3.pdu import PDU
from bacpypes3.primitivedata import Date, ObjectIdentifier, TagList, Time

from submeter.bacnet.answer import Ack


def request(
    wanted: Any = None,
    object: tuple[str, int] = ("trend-log", 5),
    property: str = "log-buffer",
    index: int | None = None,
) -> bytes:
    """Return the parameters of a request; without a range it is for everything."""
    made = ReadRangeRequest(objectIdentifier=ObjectIdentifier(object), propertyIdentifier=property)
    if index is not None:
        made.propertyArrayIndex = index
    if wanted is not None:
        made.range = wanted
    return bytes(made.encode().pduData)


def by_position(index: int, count: int) -> Any:
    return Range(byPosition=RangeByPosition(referenceIndex=index, count=count))


def by_sequence(number: int, count: int) -> Any:
    reference = RangeBySequenceNumber(referenceSequenceNumber=number, count=count)
    return Range(bySequenceNumber=reference)


def by_date(date: tuple[int, ...], time: tuple[int, ...], count: int) -> Any:
    at = DateTime(date=Date(date), time=Time(time))
    return Range(byTime=RangeByTime(referenceTime=at, count=count))


def by_time(utc: float, count: int) -> Any:
    at = datetime.fromtimestamp(utc)
    date = (at.year - 1900, at.month, at.day, at.isoweekday())
    return by_date(date, (at.hour, at.minute, at.second, at.microsecond // 10_000), count)


def answered(ack: Ack) -> Any:
    """Return the answer with these parameters, decoded."""
    return APCISequence.decode(APDU.decode(PDU(b"\x30\x01\x1a" + ack.body)))


def items(answer: Any, datatype: Any = LogRecord) -> list[Any]:
    """Return the items of a decoded answer, without the tags around them."""
    tags, found = TagList(list(answer.itemData.tagList)[1:-1]), []
    while len(tags):
        found.append(datatype.decode(tags))
    return found
