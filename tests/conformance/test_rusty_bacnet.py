"""The device seen by an independent BACnet stack, written in Rust: rusty-bacnet."""

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from submeter.pointmap.meter_map import BacnetObject
from tooling import bacnet_site
from tooling.bacnet_rusty import Property, connected, device, identifier, own, refusal, rusty
from tooling.bacnet_site import DEVICE_ID, STANDARD, UNKNOWN, Site

NOT_LISTED = 3  # Object_Identifier, Object_Name and Object_Type (135, 12.1.1.4.3)
MOST_AT_ONCE = 20  # properties of one object in one request


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with bacnet_site.served() as opened:
        bad = [name for name, each in opened.meter.readings.items() if not each.quality.good]
        assert sorted(bad) == sorted([*UNKNOWN, "Index_Gap_Time", "Demand_Current"])
        yield opened


@pytest.fixture
async def client(site: Site) -> AsyncIterator[Any]:
    async with connected() as opened:
        yield opened


async def objects(client: Any, site: Site) -> list[Any]:
    listed = await client.read_property(site.where, device(), Property.OBJECT_LIST)
    return list(listed.value)


async def test_discovery(client: Any, site: Site) -> None:
    await client.who_is_directed(site.where)
    async with asyncio.timeout(5):
        while not (found := await client.discovered_devices()):
            await asyncio.sleep(0.02)
    assert len(found) == 1
    assert repr(found[0].object_identifier) == repr(device())
    assert (found[0].max_apdu_length, found[0].vendor_id) == (1476, 999)


async def test_a_range_that_it_is_not_in(client: Any, site: Site) -> None:
    await client.who_is_directed(site.where, DEVICE_ID + 1, DEVICE_ID + 9)
    await asyncio.sleep(0.2)
    assert not await client.discovered_devices()
    await client.who_is_directed(site.where, DEVICE_ID, DEVICE_ID)
    await asyncio.sleep(0.2)
    assert len(await client.discovered_devices()) == 1


async def test_every_object_of_the_device(client: Any, site: Site) -> None:
    listed = await objects(client, site)
    there = {repr(each) for each in listed}
    assert len(there) == len(listed)
    assert repr(listed[0]) == repr(device())
    assert repr(own("NETWORK_PORT", 1)) in there
    assert not [e.name for e in STANDARD.objects if repr(identifier(e)) not in there]
    for entry in STANDARD.objects:
        await check_object(client, site, entry)


async def check_object(client: Any, site: Site, entry: BacnetObject) -> None:
    reading = site.meter.readings[entry.point.name]
    name = await client.read_property(site.where, identifier(entry), Property.OBJECT_NAME)
    assert name.value == entry.name
    wanted = (
        Property.PRESENT_VALUE,
        Property.STATUS_FLAGS,
        Property.RELIABILITY,
        Property.EVENT_STATE,
        Property.DESCRIPTION,
        Property.PROPERTY_LIST,
    )
    answer = await client.read_property_multiple(
        site.where, [(identifier(entry), [(each, None) for each in wanted])]
    )
    results = answer[0]["results"]
    check_value(entry, reading.value, results[0])
    values_of = [result["value"].value for result in results[1:]]
    flags = values_of[0]["data"][0]
    assert bool(flags & 0x40) != reading.quality.good
    assert bool(flags & 0x80) == (values_of[2] != 0) == (not reading.quality.good), "in alarm"
    assert not flags & 0x30, "neither overridden nor out of service"
    assert values_of[1] == bacnet_site.reliability(reading)
    assert values_of[3].startswith(entry.point.description)
    assert len(values_of[4]) >= 7


def check_value(entry: BacnetObject, reading: Any, result: dict[str, Any]) -> None:
    if reading is not None:
        assert result["value"].value == expected(entry, reading), entry.name
    elif entry.object.startswith("analog"):
        assert math.isnan(result["value"].value)
    else:
        assert result["error"] == (
            rusty.ErrorClass.PROPERTY,
            rusty.ErrorCode.VALUE_NOT_INITIALIZED,
        )


def expected(entry: BacnetObject, reading: Any) -> Any:
    """Return what the client should see as the present value."""
    match entry.object:
        case "accumulator":
            return reading // 10**6 % 2**32
        case "multi-state-value":
            return list(entry.point.states).index(reading) + 1
        case "datetime-value":
            at = datetime.fromtimestamp(reading, UTC)
            date = (at.year, at.month, at.day, at.isoweekday())
            return [date, (at.hour, at.minute, at.second, 0)]
        case "binary-input" | "binary-output":
            return reading
    return pytest.approx(reading * 10.0**entry.power, rel=1e-6)


async def test_every_property_of_every_object(client: Any, site: Site) -> None:
    """One by one, all of them at once, and several by name: always the same."""
    for each in await objects(client, site):
        listed = await client.read_property(site.where, each, Property.PROPERTY_LIST)
        answer = await client.read_property_multiple(site.where, [(each, [(Property.ALL, None)])])
        results = answer[0]["results"]
        assert len(results) == len(listed.value) + NOT_LISTED
        single = {
            number: await one(client, site, each, Property.from_raw(number))
            for number in listed.value
        }
        together = await several(client, site, each, list(single))
        for result in results:
            number = result["property_id"].to_raw()
            if number in single and number not in MOVING:
                assert outcome(result) == single[number] == together[number], (each, number)


MOVING = {56, 57}  # Local_Date and Local_Time


async def one(client: Any, site: Site, each: Any, number: Any) -> Any:
    try:
        return repr((await client.read_property(site.where, each, number)).value)
    except rusty.BacnetProtocolError as error:
        return error.error_class, error.error_code


async def several(client: Any, site: Site, each: Any, numbers: list[int]) -> dict[int, Any]:
    found = {}
    for first in range(0, len(numbers), MOST_AT_ONCE):
        wanted = [(Property.from_raw(n), None) for n in numbers[first : first + MOST_AT_ONCE]]
        answer = await client.read_property_multiple(site.where, [(each, wanted)])
        found.update({r["property_id"].to_raw(): outcome(r) for r in answer[0]["results"]})
    return found


def outcome(result: dict[str, Any]) -> Any:
    assert (result["value"] is None) == (result["error"] is not None)
    if result["error"] is None:
        return repr(result["value"].value)
    error_class, code = result["error"]
    return error_class.to_raw(), code.to_raw()


async def test_units(client: Any, site: Site) -> None:
    codes = {"kWh": 19, "kvarh": 243, "kW": 48, "kvar": 12, "kVA": 9, "V": 5, "A": 3, "Hz": 27}
    for entry in STANDARD.objects:
        if entry.unit in codes:
            units = await client.read_property(site.where, identifier(entry), Property.UNITS)
            assert units.value == codes[entry.unit], entry.name


async def test_long_answers_come_in_segments(client: Any, site: Site) -> None:
    wanted = [
        (identifier(entry), [(Property.OBJECT_NAME, None), (Property.DESCRIPTION, None)])
        for entry in STANDARD.objects
    ]
    answer = await client.read_property_multiple(site.where, wanted)
    names = [result["results"][0]["value"].value for result in answer]
    assert names == [entry.name for entry in STANDARD.objects]


async def test_arrays_by_index(client: Any, site: Site) -> None:
    listed = await objects(client, site)
    size = await client.read_property(site.where, device(), Property.OBJECT_LIST, 0)
    assert size.value == len(listed)
    for index in (1, 2, len(listed)):
        found = await client.read_property(site.where, device(), Property.OBJECT_LIST, index)
        assert repr(found.value) == repr(listed[index - 1])
    beyond = client.read_property(site.where, device(), Property.OBJECT_LIST, len(listed) + 1)
    assert await refusal(beyond) == (2, 42)


async def test_what_is_not_there(client: Any, site: Site) -> None:
    nowhere = client.read_property(site.where, own("ANALOG_INPUT", 4000), Property.PRESENT_VALUE)
    assert await refusal(nowhere) == (1, 31)
    nothing = client.read_property(site.where, own("ANALOG_INPUT", 1), Property.from_raw(9999))
    assert await refusal(nothing) == (2, 32)
