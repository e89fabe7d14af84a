from typing import Any

import pytest
from bacpypes3.basetypes import DeviceObjectPropertyReference, LogRecord
from bacpypes3.object import TrendLogObject
from bacpypes3.pdu import PDUData
from bacpypes3.primitivedata import TagList

from bacnet.trends.samples import POWER, Samples, log, minutes, shown, trends
from submeter.bacnet.fault import NOT_INITIALIZED, Fault
from submeter.bacnet.objects.required import required_of
from submeter.bacnet.objects.served import property_number
from submeter.bacnet.trends.trend_log import LOG_BUFFER, TrendLog
from submeter.pointmap import points

ENERGY = "Active_Energy_Import"


def value(of: TrendLog, attribute: str) -> Any:
    image = of.read(property_number(attribute))
    assert isinstance(image, bytes), f"{attribute}: {image}"
    return TrendLogObject._elements[attribute].decode(TagList.decode(PDUData(image)))


def datum(of: TrendLog, at: int) -> Any:
    (record,) = of.records([at])
    found = LogRecord.decode(TagList.decode(PDUData(record))).logDatum
    return found._choice, getattr(found, found._choice)


async def test_every_required_property_is_there_and_decodes() -> None:
    made = await log(Samples(minutes(3)), most=1000)
    for number in required_of(TrendLogObject):
        assert made.image(number) is not None, number
    for attribute in TrendLogObject._elements:
        number = property_number(attribute)
        if number != LOG_BUFFER and made.image(number) is not None:
            value(made, attribute)
    assert value(made, "logInterval") == 6000
    assert value(made, "bufferSize") == 1000
    assert value(made, "recordCount") == value(made, "totalRecordCount") == 3
    assert value(made, "enable")
    assert not value(made, "stopWhenFull")
    assert value(made, "alignIntervals")
    assert value(made, "description") == f"Trend of: {points.all_points()[POWER].description}"
    assert (str(made), made.name) == (f"trend-log 5 '{POWER}_Trend'", f"{POWER}_Trend")


async def test_the_buffer_is_for_read_range_only() -> None:
    made = await log(Samples(minutes(3)))
    assert made.read(LOG_BUFFER) == Fault(2, 27)
    assert LOG_BUFFER in made.numbers


def test_nothing_is_known_before_the_first_look() -> None:
    (made,) = trends(Samples(minutes(3)), points=[POWER]).logs("main", shown(POWER))
    assert made.read(property_number("recordCount")) == NOT_INITIALIZED
    assert made.read(property_number("totalRecordCount")) == NOT_INITIALIZED


async def test_an_energy_is_logged_as_its_analog_input_shows_it() -> None:
    samples = Samples(minutes(3), lambda at: 12_345_678_900)  # mWh
    made = await log(samples, ENERGY)
    reference = value(made, "logDeviceObjectProperty")
    assert isinstance(reference, DeviceObjectPropertyReference)
    assert str(reference.objectIdentifier) == "analog-input,101"
    assert str(reference.propertyIdentifier) == "present-value"
    assert datum(made, samples.times_now[1]) == ("realValue", pytest.approx(12345.679))


@pytest.mark.parametrize(
    ("point", "kept", "expected"),
    [
        ("Phase_Loss_L1", 1, ("enumValue", 1)),
        ("Energy_Direction", 1, ("unsignedValue", 2)),
        ("Energy_Direction", 7, ("nullValue", ())),
        (POWER, None, ("nullValue", ())),
    ],
)
async def test_other_types(point: str, kept: int | None, expected: tuple[str, object]) -> None:
    samples = Samples(minutes(1), lambda at: kept)
    assert datum(await log(samples, point), samples.times_now[0]) == expected


async def test_without_an_analog_input_the_counter_is_logged() -> None:
    samples = Samples(minutes(1), lambda at: 5_999_999)
    accumulator = [each for each in shown(ENERGY) if each.entry.object == "accumulator"]
    made = trends(samples, points=[ENERGY])
    (found,) = made.logs("main", accumulator)
    assert str(value(found, "logDeviceObjectProperty").objectIdentifier) == "accumulator,1"
    assert datum(found, samples.times_now[0]) == ("unsignedValue", 5)


async def test_a_record_whose_sample_is_gone_by_now_is_null() -> None:
    samples = Samples(minutes(2))
    made = await log(samples)
    assert datum(made, samples.times_now[0] + 1)[0] == "nullValue"


def test_records_that_are_not_aligned_in_every_time_zone() -> None:
    (made,) = trends(Samples(), points=[POWER], sample=3600).logs("main", shown(POWER))
    assert not value(made, "alignIntervals")


def test_the_place_of_a_meter_among_others() -> None:
    made = trends(Samples(), points=[POWER, ENERGY])
    first, second = made.logs("main", shown(POWER, ENERGY), 1000, "A_", "main: ")
    assert first.fixed is second.fixed
    assert (first.instance, second.instance) == (1005, 1001)
    assert (first.name, second.name) == (f"A_{POWER}_Trend", f"A_{ENERGY}_Trend")
    assert value(first, "description").startswith("main: Trend of: ")
