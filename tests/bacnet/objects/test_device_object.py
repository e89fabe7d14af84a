import time
from collections.abc import Iterator
from datetime import datetime

import pytest

import submeter
from bacnet.objects.decoded import decoded, schema_of
from bacnet.objects.entries import ENTRIES
from submeter.bacnet import clock, encoding
from submeter.bacnet.fault import UNKNOWN_PROPERTY
from submeter.bacnet.objects.device import describe, device_object
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.required import required_of
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.structured_view import structured_view
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.settings import BacnetSettings

SETTINGS = BacnetSettings(device_id=4000, vendor_id=321, vendor_name="Maker", model_name="unused")
SERVICES = encoding.bits([False] * 12 + [True])
SUMMER, WINTER = 1_751_365_800.5, 1_735_727_400.0  # 2025-07-01 and 2025-01-01, 10:30 UTC


def device() -> ServedObject:
    return device_object(
        4000,
        "Submeter",
        SETTINGS,
        model="SM-53",
        serial="0815",
        location="Cellar",
        description="",
    )


def described() -> ServedObject:
    """A device without other objects."""
    served = device()
    describe(served, ObjectTable([served]), SERVICES, 7)
    return served


@pytest.fixture
def central_europe(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as zone:
        zone.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")  # no file of zones is needed
        time.tzset()
        yield monkeypatch
    time.tzset()


def test_every_property_has_its_data_type() -> None:
    served = described()
    assert required_of(schema_of(served)) <= {*served.numbers, 371}
    for number in served.numbers:
        decoded(served, number)


def test_what_the_device_says_of_itself() -> None:
    served = described()
    texts = {121: "Maker", 70: "SM-53", 372: "0815", 58: "Cellar", 28: "", 77: "Submeter"}
    assert {number: decoded(served, number) for number in texts} == texts
    assert decoded(served, 12) == decoded(served, 44) == submeter.__version__
    expected = {
        75: b"\xc4\x02\x00\x0f\xa0",
        79: b"\x91\x08",
        112: b"\x91\x00",
        120: b"\x22\x01\x41",
        98: b"\x21\x01",
        139: b"\x21\x13",
        62: b"\x22\x05\xc4",
        107: b"\x91\x00",
        167: b"\x21\x10",
        11: b"\x22\x0b\xb8",
        10: b"\x22\x03\xe8",
        73: b"\x21\x03",
        30: b"",
        97: SERVICES,
    }
    assert {number: served.read(number) for number in expected} == expected
    # Nobody subscribes here, and the three of the restart procedure belong together (135, 19.3).
    for number in (152, 196, 202, 203):
        assert served.read(number) == UNKNOWN_PROPERTY


def test_object_types_are_those_of_its_objects() -> None:
    served = device()
    table = ObjectTable([served, PointObject(ENTRIES["Frequency"])])
    describe(served, table, SERVICES, 7)
    octets = served.read(96)
    assert isinstance(octets, bytes)
    assert {number for number, flag in enumerate(decoded(served, 96)) if flag} == {0, 8}
    assert octets[:3] == b"\x85\x09\x04"  # 60 bits


def test_object_list() -> None:
    served = device()
    view = structured_view(1, "View", "", 4000, [], [])
    points = [PointObject(entry) for entry in ENTRIES.values()]
    table = ObjectTable([served, *points, view])
    describe(served, table, SERVICES, 7)
    assert served.read(155) == encoding.unsigned(7)
    listed = decoded(served, 76)
    assert [int(kind) << 22 | instance for kind, instance in listed] == [
        each.identifier for each in table
    ]
    assert served.read(76, 0) == encoding.unsigned(len(table))
    assert served.read(76, 1) == encoding.identifier(8, 4000)
    assert served.read(209) == encoding.identifier(29, 1)


def test_without_views_there_is_no_list_of_them() -> None:
    served = described()
    assert served.read(209) == UNKNOWN_PROPERTY
    assert served.read(76) == encoding.identifier(8, 4000)


@pytest.mark.parametrize(("utc", "summer"), [(SUMMER, True), (WINTER, False)])
def test_clock(central_europe: pytest.MonkeyPatch, utc: float, summer: bool) -> None:
    central_europe.setattr(clock, "now", lambda: utc)
    served = device()
    at = datetime.fromtimestamp(utc)
    assert served.read(56) == encoding.date(at.year, at.month, at.day, at.isoweekday())
    hundredths = at.microsecond // 10_000
    assert served.read(57) == encoding.time(10 + 1 + summer, at.minute, at.second, hundredths)
    assert served.read(119) == b"\x31\xc4"  # 60 minutes east: -60
    assert served.read(24) == (b"\x11" if summer else b"\x10")
    central_europe.setattr(clock, "now", lambda: utc + 3600)
    assert served.read(57) == encoding.time(11 + 1 + summer, at.minute, at.second, hundredths)
