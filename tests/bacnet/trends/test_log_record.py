import math
from datetime import datetime
from typing import Any

import pytest
from bacpypes3.basetypes import LogRecord
from bacpypes3.pdu import PDUData
from bacpypes3.primitivedata import TagList

from submeter.bacnet import encoding
from submeter.bacnet.fault import NOT_INITIALIZED
from submeter.bacnet.trends import log_record

AT = int(datetime(2026, 7, 4, 13, 30, 5).timestamp())


def decoded(data: bytes) -> Any:
    return LogRecord.decode(TagList.decode(PDUData(data)))


@pytest.mark.parametrize(
    ("image", "choice", "value"),
    [
        (encoding.real(1.5), "realValue", 1.5),
        (encoding.unsigned(70_000), "unsignedValue", 70_000),
        (encoding.enumerated(1), "enumValue", 1),
        (encoding.boolean(True), "booleanValue", 1),
    ],
)
def test_a_value_of_its_own_type(image: bytes, choice: str, value: object) -> None:
    record = decoded(log_record.encode(AT, image))
    assert record.timestamp.date == (126, 7, 4, 6)
    assert record.timestamp.time == (13, 30, 5, 0)
    assert record.logDatum._choice == choice
    assert getattr(record.logDatum, choice) == value


def test_what_was_not_known_is_null() -> None:
    for unknown in (None, NOT_INITIALIZED):
        assert decoded(log_record.encode(AT, unknown)).logDatum._choice == "nullValue"


def test_any_other_type_is_carried_as_it_is() -> None:
    record = decoded(log_record.encode(AT, encoding.double(math.pi)))
    assert record.logDatum._choice == "anyValue"
    data = log_record.encode(AT, encoding.double(math.pi))
    assert data.endswith(b"\x1e\xae" + encoding.double(math.pi) + b"\xaf\x1f")
