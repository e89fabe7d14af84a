"""Writes, subscriptions, logs and alarms, as rusty-bacnet sees them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bacnet.client import oid
from submeter.meter.instant import Instant
from tooling import bacnet_site
from tooling.bacnet_history import RECORDS, Samples
from tooling.bacnet_rusty import Property, connected, device, own, refusal, rusty
from tooling.bacnet_site import CLOSED, OPEN, Site

DENIED, OUT_OF_RANGE, WRONG_TYPE = (2, 40), (2, 37), (2, 9)
PROCESS = 17
SOON = 3.0  # s
Value = rusty.PropertyValue


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with bacnet_site.served(OPEN, history=Samples()) as opened:
        yield opened
        assert not opened.moved


@pytest.fixture
async def client(site: Site) -> AsyncIterator[Any]:
    async with connected() as opened:
        yield opened


def interval() -> Any:
    return own("ANALOG_OUTPUT", 3)


async def write(client: Any, site: Site, each: Any, value: Any, priority: int | None = 8) -> None:
    await client.write_property(site.where, each, Property.PRESENT_VALUE, value, priority)


async def present(client: Any, site: Site, each: Any) -> Any:
    return (await client.read_property(site.where, each, Property.PRESENT_VALUE)).value


async def test_nothing_is_writable_by_default(client: Any) -> None:
    async with bacnet_site.served(CLOSED, octet=5) as closed:
        for each, number, value in (
            (interval(), Property.PRESENT_VALUE, Value.real(5.0)),
            (own("BINARY_OUTPUT", 1), Property.PRESENT_VALUE, Value.enumerated(1)),
            (own("MULTI_STATE_VALUE", 2), Property.PRESENT_VALUE, Value.unsigned(1)),
            (device(), Property.OBJECT_NAME, Value.character_string("mine")),
        ):
            written = client.write_property(closed.where, each, number, value)
            assert await refusal(written) == DENIED, each
        assert closed.meter.readings["Demand_Interval"].value == 15


@pytest.mark.parametrize(
    ("kind", "instance", "number", "value"),
    [
        ("ANALOG_INPUT", 1, Property.PRESENT_VALUE, Value.real(5.0)),
        ("ANALOG_INPUT", 101, Property.PRESENT_VALUE, Value.real(5.0)),
        ("ACCUMULATOR", 1, Property.PRESENT_VALUE, Value.unsigned(5)),
        ("ACCUMULATOR", 1, Property.MAX_PRES_VALUE, Value.unsigned(5)),
        ("BINARY_INPUT", 1, Property.PRESENT_VALUE, Value.enumerated(1)),
        ("ANALOG_OUTPUT", 3, Property.UNITS, Value.enumerated(1)),
        ("ANALOG_OUTPUT", 3, Property.OUT_OF_SERVICE, Value.boolean(True)),
        ("ANALOG_OUTPUT", 3, Property.OBJECT_NAME, Value.character_string("mine")),
    ],
)
async def test_what_is_never_writable(
    client: Any, site: Site, kind: str, instance: int, number: Any, value: Any
) -> None:
    written = client.write_property(site.where, own(kind, instance), number, value)
    assert await refusal(written) == DENIED


async def test_a_setting_is_written_and_given_back(client: Any, site: Site) -> None:
    before = await present(client, site, interval())
    await write(client, site, interval(), Value.real(30.0))
    assert await present(client, site, interval()) == 30.0
    assert site.meter.readings["Demand_Interval"].value == 30
    slots = await client.read_property(site.where, interval(), Property.PRIORITY_ARRAY, 8)
    assert slots.value == 30.0
    await write(client, site, interval(), Value.null())
    assert await present(client, site, interval()) == before == 15.0


@pytest.mark.parametrize("number", [1000.0, -1.0, float("nan"), float("inf"), 0.0])
async def test_a_setting_has_a_range(client: Any, site: Site, number: float) -> None:
    written = write(client, site, interval(), Value.real(number))
    assert await refusal(written) == OUT_OF_RANGE
    assert await present(client, site, interval()) == 15.0


async def test_a_setting_has_a_type(client: Any, site: Site) -> None:
    written = write(client, site, interval(), Value.character_string("30"))
    assert await refusal(written) == WRONG_TYPE


async def test_states_are_written_from_one_on(client: Any, site: Site) -> None:
    rate = own("MULTI_STATE_VALUE", 2)
    await write(client, site, rate, Value.unsigned(3), None)
    assert site.meter.readings["Modbus_Baudrate"].value == 38400
    for state in (0, 4):
        assert await refusal(write(client, site, rate, Value.unsigned(state))) == OUT_OF_RANGE


async def test_a_command_is_momentary(client: Any, site: Site) -> None:
    reset = own("BINARY_OUTPUT", 1)
    site.show(Demand_Peak_Current=40.0)
    await write(client, site, own("BINARY_OUTPUT", 2), Value.enumerated(1))
    async with asyncio.timeout(SOON):
        while await slot(client, site, own("BINARY_OUTPUT", 2)) is not None:
            await asyncio.sleep(0.05)
            site.meter.tick(Instant.now())
    assert await refusal(write(client, site, reset, Value.enumerated(7))) == OUT_OF_RANGE
    events = [entry.event for entry in site.audit.take()]
    assert "command" in events
    assert "write_refused" in events


async def slot(client: Any, site: Site, each: Any) -> Any:
    return (await client.read_property(site.where, each, Property.PRIORITY_ARRAY, 8)).value


async def test_several_are_written_at_once(client: Any, site: Site) -> None:
    threshold = own("ANALOG_OUTPUT", 7)
    wanted = [
        (interval(), [(Property.PRESENT_VALUE, Value.real(20.0), 8, None)]),
        (threshold, [(Property.PRESENT_VALUE, Value.real(110.0), 8, None)]),
    ]
    await client.write_property_multiple(site.where, wanted)
    assert site.meter.readings["Demand_Interval"].value == 20
    assert site.meter.readings["Overload_Threshold"].value == 110


@pytest.mark.parametrize("confirmed", [False, True])
async def test_changes_are_notified(client: Any, site: Site, confirmed: bool) -> None:
    heard = await client.cov_notifications()
    power = own("ANALOG_INPUT", 1)
    await client.subscribe_cov(site.where, PROCESS, power, confirmed, 60)
    first = await notification(heard)
    assert repr(first.monitored_object_identifier) == repr(power)
    assert repr(first.initiating_device_identifier) == repr(device())
    assert first.subscriber_process_identifier == PROCESS
    assert 58 <= first.time_remaining <= 60
    site.show(Active_Power_Total=123.5)
    assert values(await notification(heard))[Property.PRESENT_VALUE.to_raw()] == 123.5
    site.show(Active_Power_Total=123.51)
    site.show(Active_Power_Total=321.0)
    assert values(await notification(heard))[Property.PRESENT_VALUE.to_raw()] == 321.0
    await client.unsubscribe_cov(site.where, PROCESS, power)
    site.show(Active_Power_Total=1.0)
    with pytest.raises(TimeoutError):
        await notification(heard, 0.3)
    listed = Property.ACTIVE_COV_SUBSCRIPTIONS
    assert (await client.read_property(site.where, device(), listed)).value == []


async def notification(heard: Any, wait: float = SOON) -> Any:
    return await asyncio.wait_for(heard.__anext__(), wait)


def values(told: Any) -> dict[int, Any]:
    return {each["property_id"].to_raw(): each["value"].value for each in told.values}


async def test_an_accumulator_is_not_subscribed(client: Any, site: Site) -> None:
    counts = own("ACCUMULATOR", 1)
    asked = client.subscribe_cov(site.where, PROCESS, counts, False, 60)
    assert (await refusal(asked))[0] == 1


async def test_the_log_of_an_energy(client: Any, site: Site) -> None:
    log = own("TREND_LOG", 1)
    count = await client.read_property(site.where, log, Property.RECORD_COUNT)
    assert count.value == RECORDS
    answer = await client.read_range(
        site.where, log, Property.LOG_BUFFER, None, "position", 1, None, 10
    )
    assert answer["item_count"] == 10
    last = await client.read_range(
        site.where, log, Property.LOG_BUFFER, None, "position", RECORDS, None, -7
    )
    assert last["item_count"] == 7


async def test_the_whole_log_by_pages(client: Any, site: Site) -> None:
    log, cursor, found, done = own("TREND_LOG", 1), None, 0, False
    while not done:
        page = await client.read_log_page(site.where, log, cursor, 30)
        assert not page["violations"]
        assert page["first_sequence_number"] == found + 1
        found += len(page["records"])
        cursor, done = page["next"], page["done"]
    assert found == RECORDS


async def test_alarms_are_summarised(client: Any, site: Site) -> None:
    assert await client.get_alarm_summary(site.where) == []
    site.show(Overload_Alarm=0)
    site.show(Overload_Alarm=1)
    overload = own("BINARY_INPUT", 5)
    (alarm,) = await client.get_alarm_summary(site.where)
    assert repr(alarm["object_id"]) == repr(overload)
    assert repr(alarm["alarm_state"]) == "EventState.OFFNORMAL"
    events = await client.get_event_information(site.where)
    assert events.startswith(b"\x0e\x0c" + oid(3, 5)), "the list, and the first of it"
    flags = await client.read_property(site.where, overload, Property.STATUS_FLAGS)
    assert flags.value["data"] == b"\x80", "in alarm"
    site.show(Overload_Alarm=0)
    assert await client.get_alarm_summary(site.where) == []
