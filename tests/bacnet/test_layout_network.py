"""What the devices behind our router have together with the wire before it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bacnet.client import ANALOG_INPUT, DEVICE, SIMPLE, frame
from bacnet.conftest import HOST, make_meter, outside, settings
from bacnet.routed_client import HERE, WHO_IS, RoutedClient, between, subscribe
from submeter.bacnet import encoding
from submeter.bacnet.face import BacnetFace
from submeter.bacnet.outside import ServedMeter
from submeter.bacnet.settings import BacnetSettings, MeterInBacnet
from submeter.pointmap import meter_map

STANDARD = meter_map.load("standard")
NETWORK = 2001
WHO_HAS = b"\x10\x07"
I_HAVE = b"\x10\x01"
ACTIVE_COV_SUBSCRIPTIONS, RECIPIENT_LIST = 152, 102
NOTIFICATION_CLASS = 15


@asynccontextmanager
async def serving(port: int, devices: int, **changed: Any) -> AsyncIterator[RoutedClient]:
    given = settings(port).model_dump(exclude_unset=True)
    told = {**given, "layout": "network", "network_number": NETWORK, **changed}
    meters = [
        ServedMeter(
            make_meter(f"m{number}"),
            STANDARD,
            MeterInBacnet(device_id=number, device_name=f"D{number}"),
        )
        for number in range(1, devices + 1)
    ]
    face = BacnetFace(BacnetSettings.model_validate(told), meters, outside())
    await face.start()
    client = RoutedClient((HOST, port))
    try:
        yield client
    finally:
        client.close()
        await face.stop()


def mac(instance: int) -> bytes:
    return instance.to_bytes(3, "big")


@pytest.mark.parametrize("announce", [True, False])
async def test_local_who_has_finds_objects_behind_the_router(port: int, announce: bool) -> None:
    async with serving(port, 2, announce=announce) as client:
        name = encoding.context(3, b"\x00Frequency")
        await client.send(frame(WHO_HAS + name, npci=HERE))
        found = await client.all()
        assert {each.body[:2] for each in found} <= {I_HAVE}
        who = sorted((each.network, each.mac) for each in found)
        assert who == ([(NETWORK, mac(1)), (NETWORK, mac(2))] if announce else [])


@pytest.mark.parametrize(("number", "shown"), [(7, 7), (None, 0)])
async def test_stations_of_the_ip_network_as_a_device_behind_the_router_sees_them(
    port: int, number: int | None, shown: int
) -> None:
    recipient = {"address": "192.0.2.20"}
    told = {"ip_network_number": number, "alarms": {"recipients": [recipient]}}
    async with serving(port, 1, **told) as client:
        answer = await client.ask_far(NETWORK, mac(1), 5, subscribe(ANALOG_INPUT, 1, False))
        assert answer.kind == SIMPLE
        await client.all(0.1)  # the first notification
        address = encoding.unsigned(shown) + b"\x65\x06"
        listed = await client.far_value(NETWORK, mac(1), DEVICE, (1, ACTIVE_COV_SUBSCRIPTIONS))
        assert address + b"\x7f\x00\x00\x01" in listed
        told_of = await client.far_value(NETWORK, mac(1), NOTIFICATION_CLASS, (1, RECIPIENT_LIST))
        assert address + b"\xc0\x00\x02\x14\xba\xc0" in told_of


async def test_a_number_that_is_learnt_is_shown_as_well(port: int) -> None:
    async with serving(port, 1, alarms={"recipients": [{"address": "192.0.2.20"}]}) as client:
        number_is = bytes((1, 0x80, 0x13))
        await client.send(frame(b"\x00\x09\x01", 0x0B, number_is))
        octets = await client.far_value(NETWORK, mac(1), NOTIFICATION_CLASS, (1, RECIPIENT_LIST))
        assert b"\x21\x09\x65\x06" in octets


async def test_all_devices_of_a_wire_have_one_budget(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with serving(port, 10) as client:
        for number in range(60):
            await client.send(frame(WHO_IS + between(0, 5000 + number), npci=HERE))
        answers = await client.all()
        assert 11 < len(answers) < 150  # of 660
        await asyncio.sleep(0)
    floods = [each for each in caplog.messages if "discovery_flood" in each]
    assert len(floods) == 1
