"""The device seen by an independent BACnet stack, written in Rust: rusty-bacnet."""

import asyncio
import math
import os
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from submeter.bacnet import BacnetFace, BacnetSettings, ServedMeter
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality
from submeter.pointmap import meter_map
from submeter.pointmap.meter_map import BacnetObject
from tooling import meters

rusty = pytest.importorskip("rusty_bacnet")

HOST = f"127.{64 + os.getpid() // 256 % 128}.{os.getpid() % 256}.4"
DEVICE_ID = 4711
STANDARD = meter_map.load("standard")
PEAK_AT = 1_769_990_398  # 2026-02-01 23:59:58 UTC, a Sunday
NUMBERS = {
    "Active_Energy_Import": 123_456_789_012,
    "Active_Energy_Export": 4_294_967_297_000_000,
    "Demand_Peak_Timestamp": PEAK_AT,
    "Energy_Direction": 1,
    "Modbus_Baudrate": 19200,
}
UNKNOWN = "THD_Current_L1", "Tamper_Alarm"
RELIABILITY = {Quality.STALE: 12, Quality.ABSENT: 1}  # COMMUNICATION_FAILURE, NO_SENSOR


def number(index: int, name: str) -> float:
    return NUMBERS.get(name, index % 2 if STANDARD.points[index].states else index + 0.25)


@pytest.fixture
def meter() -> Meter:
    """A meter that knows every point but two, and has no gaps to count."""
    given = [point.name for point in STANDARD.points if point.name != "Communication_Status"]
    made = meters.meter("main", STANDARD.points, given, 60.0, meters.WHOLE)
    known = {
        point.name: number(index, point.name)
        for index, point in enumerate(STANDARD.points)
        if point.name in given and point.name not in UNKNOWN
    }
    meters.know(made, {k: int(v) if v == int(v) else v for k, v in known.items()}, Instant(1, 1))
    bad = [name for name, reading in made.readings.items() if not reading.quality.good]
    assert sorted(bad) == sorted([*UNKNOWN, "Index_Gap_Time", "Demand_Current"])
    return made


@pytest.fixture
async def server(meter: Meter) -> AsyncIterator[str]:
    settings = BacnetSettings(f"{HOST}/8", DEVICE_ID, "Submeter", port=free_port())
    face = BacnetFace(settings, [ServedMeter(meter, STANDARD)])
    await face.start()
    yield face.where
    await face.stop()


@pytest.fixture
async def client(server: str) -> AsyncIterator[Any]:
    # It takes its port on all addresses, so that it cannot be the server's.
    opened = rusty.BACnetClient(
        "127.0.0.1", free_port(), broadcast_address="127.255.255.255", apdu_timeout_ms=2000
    )
    async with opened as entered:
        yield entered


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("0.0.0.0", 0))
        return int(probe.getsockname()[1])


def identifier(entry: BacnetObject) -> Any:
    kind = entry.object.upper().replace("-", "_")
    return rusty.ObjectIdentifier(getattr(rusty.ObjectType, kind), entry.instance)


def device() -> Any:
    return rusty.ObjectIdentifier(rusty.ObjectType.DEVICE, DEVICE_ID)


def expected(entry: BacnetObject, reading: Any) -> Any:
    """Return what the client should see as the present value."""
    if reading is None:
        return None
    match entry.object:
        case "accumulator":
            return reading // 10**6 % 2**32
        case "multi-state-value":
            return list(entry.point.states).index(reading) + 1
        case "datetime-value":
            return [(2026, 2, 1, 7), (23, 59, 58, 0)]
        case "binary-input" | "binary-output":
            return reading
    return pytest.approx(reading * 10.0**entry.power, rel=1e-6)


async def test_discovery(client: Any, server: str) -> None:
    await client.who_is_directed(server)
    async with asyncio.timeout(5):
        while not (found := await client.discovered_devices()):
            await asyncio.sleep(0.02)
    assert len(found) == 1
    assert repr(found[0].object_identifier) == repr(device())
    assert (found[0].max_apdu_length, found[0].vendor_id) == (1476, 999)


async def test_every_object_of_the_device(client: Any, server: str, meter: Meter) -> None:
    properties = rusty.PropertyIdentifier
    listed = (await client.read_property(server, device(), properties.OBJECT_LIST)).value
    port = rusty.ObjectIdentifier(rusty.ObjectType.NETWORK_PORT, 1)
    wanted = [device(), port, *(identifier(entry) for entry in STANDARD.objects)]
    assert [repr(own) for own in listed] == [repr(own) for own in wanted]
    for entry, own in zip(STANDARD.objects, listed[2:], strict=True):
        reading = meter.readings[entry.point.name]
        name = await client.read_property(server, own, properties.OBJECT_NAME)
        assert name.value == entry.name
        answer = await client.read_property_multiple(
            server,
            [
                (
                    own,
                    [
                        (properties.PRESENT_VALUE, None),
                        (properties.STATUS_FLAGS, None),
                        (properties.RELIABILITY, None),
                        (properties.EVENT_STATE, None),
                        (properties.DESCRIPTION, None),
                        (properties.PROPERTY_LIST, None),
                    ],
                )
            ],
        )
        results = answer[0]["results"]
        check_value(entry, reading.value, results[0])
        values_of = [result["value"].value for result in results[1:]]
        assert values_of[0]["data"] == (b"\x00" if reading.quality.good else b"\x40")
        assert values_of[1] == RELIABILITY.get(reading.quality, 0)
        assert values_of[2] == 0
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


async def test_every_listed_property_is_decoded(client: Any, server: str) -> None:
    properties = rusty.PropertyIdentifier
    for own in (await client.read_property(server, device(), properties.OBJECT_LIST)).value:
        listed = await client.read_property(server, own, properties.PROPERTY_LIST)
        answer = await client.read_property_multiple(server, [(own, [(properties.ALL, None)])])
        results = answer[0]["results"]
        assert len(results) == len(listed.value) + 3
        for result in results:
            assert (result["value"] is None) == (result["error"] is not None)


async def test_units(client: Any, server: str) -> None:
    codes = {"kWh": 19, "kvarh": 243, "kW": 48, "kvar": 12, "kVA": 9, "V": 5, "A": 3, "Hz": 27}
    for entry in STANDARD.objects:
        if entry.unit in codes:
            units = await client.read_property(
                server, identifier(entry), rusty.PropertyIdentifier.UNITS
            )
            assert units.value == codes[entry.unit], entry.name


async def test_long_answers_come_in_segments(client: Any, server: str) -> None:
    properties = rusty.PropertyIdentifier
    wanted = [
        (identifier(entry), [(properties.OBJECT_NAME, None), (properties.DESCRIPTION, None)])
        for entry in STANDARD.objects
    ]
    answer = await client.read_property_multiple(server, wanted)
    names = [result["results"][0]["value"].value for result in answer]
    assert names == [entry.name for entry in STANDARD.objects]


async def test_a_write_is_refused(client: Any, server: str) -> None:
    with pytest.raises(rusty.BacnetProtocolError) as raised:
        await client.write_property(
            server,
            rusty.ObjectIdentifier(rusty.ObjectType.ANALOG_OUTPUT, 3),
            rusty.PropertyIdentifier.PRESENT_VALUE,
            rusty.PropertyValue.real(5.0),
        )
    assert (raised.value.error_class, raised.value.error_code) == (2, 40)


async def test_a_subscription_is_rejected(client: Any, server: str) -> None:
    own = rusty.ObjectIdentifier(rusty.ObjectType.ANALOG_INPUT, 1)
    with pytest.raises(rusty.BacnetRejectError):
        await client.subscribe_cov(server, 1, own, False, 60)
