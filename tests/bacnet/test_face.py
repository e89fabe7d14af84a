import asyncio
import struct

import pytest

from bacnet.client import (
    ABORT,
    ACCUMULATOR,
    ANALOG_INPUT,
    BINARY_INPUT,
    COMPLEX,
    DEVICE,
    ERROR,
    Client,
    oid,
    read,
)
from bacnet.conftest import HOST, make_meter, outside, settings
from submeter.bacnet.face import BacnetFace
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.outside import ServedMeter
from submeter.bacnet.settings import MeterInBacnet
from submeter.errors import ConfigError, ListenError
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter, values
from submeter.meter.reading import Update
from submeter.pointmap import meter_map
from tooling import meters

STANDARD = meter_map.load("standard")
USUAL = STANDARD.serving(())  # without what only some instruments have
NAME, PRESENT_VALUE, RELIABILITY, STATUS_FLAGS, DESCRIPTION = 77, 85, 103, 111, 28
OBJECT_LIST, PROPERTY_LIST = 76, 371
NETWORK_PORT = 56


def at(second: float) -> Instant:
    return Instant(second, 1_700_000_000 + second)


def moved(offset: int, prefix: str = "") -> MeterInBacnet:
    return MeterInBacnet(instance_offset=offset, name_prefix=prefix)


def real(number: float) -> bytes:
    return b"\x44" + struct.pack(">f", number)


async def test_a_changed_reading_is_what_the_next_read_sees(client: Client, meter: Meter) -> None:
    for number in (1.25, -3.5):
        meter.update(values({"Active_Power_Total": number}), at(1))
        assert await client.value(ANALOG_INPUT, 1, PRESENT_VALUE) == real(number)


async def test_index_is_served_whole_and_as_a_float(client: Client, meter: Meter) -> None:
    meters.know(meter, {"Active_Energy_Import": 123_456_999_999}, at(1))
    assert await client.value(ACCUMULATOR, 1, PRESENT_VALUE) == b"\x23\x01\xe2\x40"
    assert await client.value(ANALOG_INPUT, 101, PRESENT_VALUE) == real(123_456.999999)


async def test_qualities_on_the_wire(client: Client, meter: Meter) -> None:
    meter.update(values({"Active_Power_Total": 1.25, "Phase_Loss_L1": 0}), at(1))
    assert await client.value(BINARY_INPUT, 1, PRESENT_VALUE) == b"\x91\x01"
    assert await client.value(BINARY_INPUT, 2, RELIABILITY) == b"\x91\x00"
    failed, absent = frozenset({"Active_Power_L1"}), frozenset({"Active_Power_L2"})
    meter.update(Update({}, absent, failed), at(2))
    assert await client.value(ANALOG_INPUT, 2, RELIABILITY) == b"\x91\x07"
    assert await client.value(ANALOG_INPUT, 3, RELIABILITY) == b"\x91\x01"
    meter.tick(at(100))
    assert await client.value(ANALOG_INPUT, 1, PRESENT_VALUE) == real(1.25)
    assert await client.value(ANALOG_INPUT, 1, RELIABILITY) == b"\x91\x0c"
    assert await client.value(ANALOG_INPUT, 1, STATUS_FLAGS) == b"\x82\x04\xc0"
    assert await client.value(BINARY_INPUT, 2, PRESENT_VALUE) == b"\x91\x00"
    assert await client.value(BINARY_INPUT, 2, RELIABILITY) == b"\x91\x0c"
    assert await client.value(BINARY_INPUT, 1, PRESENT_VALUE) == b"\x91\x00"
    assert await client.value(BINARY_INPUT, 1, RELIABILITY) == b"\x91\x00"


async def objects(client: Client) -> list[tuple[int, int]]:
    """Return type and instance of all objects, from the device's own list."""
    octets = await client.value(DEVICE, 4000, OBJECT_LIST, 0)
    count = int.from_bytes(octets[1:], "big")  # the whole list needs segments
    found = [await client.value(DEVICE, 4000, OBJECT_LIST, n + 1) for n in range(count)]
    numbers = [int.from_bytes(each[1:], "big") for each in found]
    return [(number >> 22, number & 0x3FFFFF) for number in numbers]


async def test_object_list_is_the_map(client: Client) -> None:
    listed = await objects(client)
    assert listed[:4] == [(8, 4000), (56, 1), (15, 1), (29, 1)]
    assert len(listed) == len(set(listed)) == 4 + len(STANDARD.objects)
    for entry, (kind, instance) in zip(STANDARD.objects, listed[4:], strict=True):
        name = await client.value(kind, instance, NAME)
        assert name.endswith(entry.name.encode())
        assert instance == entry.instance


@pytest.mark.parametrize("known", [False, True])
async def test_every_listed_property_can_be_read(client: Client, meter: Meter, known: bool) -> None:
    if known:
        states = {p.name: next(iter(p.states), 0) for p in meter.points}
        meters.know(meter, states, at(1))
    for kind, instance in await objects(client):
        octets = await client.value(kind, instance, PROPERTY_LIST)
        listed = []
        while octets:
            size = octets[0] & 7
            listed.append(int.from_bytes(octets[1 : 1 + size], "big"))
            octets = octets[1 + size :]
        assert len(listed) == len(set(listed)) >= 5
        assert not {75, 77, 79, PROPERTY_LIST} & set(listed)
        for number in (75, 77, 79, *listed):
            answer = await client.ask(12, read(kind, instance, number))
            if answer.kind == ERROR:
                assert not known
                assert (kind, answer.error) in {(k, (2, 72)) for k in (3, 4, 19, 23)}
                assert number in (85, 104)
            elif answer.kind == ABORT:  # it needs segments
                assert answer.reason == 4
                assert (kind, number) in {(8, OBJECT_LIST), (29, 210), (29, 211)}
            else:
                assert answer.kind == COMPLEX
                assert answer.decoded.objectIdentifier[1] == instance


async def test_two_meters_in_one_device(port: int) -> None:
    workshop, bakery = make_meter("workshop"), make_meter("bakery")
    served = [
        ServedMeter(workshop, USUAL, moved(1000, "W_")),
        ServedMeter(bakery, USUAL, moved(2000, "B_")),
    ]
    face = BacnetFace(settings(port), served, outside())
    await face.start()
    client = Client((HOST, port))
    workshop.update(values({"Frequency": 49.9}), at(1))
    bakery.update(values({"Frequency": 50.1}), at(1))
    assert await client.value(ANALOG_INPUT, 1021, PRESENT_VALUE) == real(49.9)
    assert await client.value(ANALOG_INPUT, 2021, PRESENT_VALUE) == real(50.1)
    assert await client.fault(ANALOG_INPUT, 21, PRESENT_VALUE) == (1, 31)
    assert await client.value(ANALOG_INPUT, 2021, NAME) == b"\x75\x0c\x00B_Frequency"
    assert (await client.value(ANALOG_INPUT, 2021, DESCRIPTION))[3:] == b"bakery: Mains frequency"
    assert len(await objects(client)) == 3 + 2 * (1 + len(USUAL.objects))
    client.close()
    await face.stop()


def test_meters_that_clash_are_refused_at_once(port: int) -> None:
    one, two = make_meter("one"), make_meter("two")
    only = [ServedMeter(one, STANDARD)]
    both = [*only, ServedMeter(two, STANDARD, moved(1000))]
    with pytest.raises(ConfigError, match="clashes with"):
        BacnetFace(settings(port), both, outside())
    with pytest.raises(ConfigError, match="clashes with"):
        BacnetFace(settings(port, device_name="Frequency"), only, outside())
    with pytest.raises(ConfigError, match="is beyond 4194302"):
        BacnetFace(settings(port), [ServedMeter(one, STANDARD, moved(4194302))], outside())


def test_wrong_address_stops_the_start(port: int) -> None:
    with pytest.raises(ListenError, match=r"203\.0\.113\.99 is not on this machine"):
        BacnetFace(settings(port, address="203.0.113.99"), [], outside())


async def test_settings_reach_the_device(port: int) -> None:
    told = settings(port, vendor_id=7, device_name="X", description="here", location="there")
    face = BacnetFace(told, [], outside())
    await face.start()
    client = Client((HOST, port))
    assert await client.value(DEVICE, 4000, 120) == b"\x21\x07"
    assert await client.value(DEVICE, 4000, NAME) == b"\x72\x00X"
    assert await client.value(DEVICE, 4000, DESCRIPTION) == b"\x75\x05\x00here"
    assert await client.value(DEVICE, 4000, 58) == b"\x75\x06\x00there"
    client.close()
    await face.stop()


async def test_a_foreign_device_has_a_fault_until_it_is_registered(port: int) -> None:
    bbmd = BacnetFace(settings(port, bbmd={}), [], outside())
    await bbmd.start()
    own = f"{HOST[:-1]}3"
    told = settings(port, address=f"{own}/8", foreign={"bbmd": f"{HOST}:{port}"})
    face = BacnetFace(told, [], outside())
    client = Client((own, port))
    port_of_it = face_port(face)
    assert port_of_it.read(RELIABILITY) != b"\x91\x00"
    await face.start()
    async with asyncio.timeout(5):
        while await client.value(NETWORK_PORT, 1, RELIABILITY) != b"\x91\x00":
            await asyncio.sleep(0.01)
    assert await client.value(NETWORK_PORT, 1, STATUS_FLAGS) == b"\x82\x04\x00"
    client.close()
    await face.stop()
    assert port_of_it.read(RELIABILITY) != b"\x91\x00"
    await bbmd.stop()


def face_port(face: BacnetFace) -> ServedObject:
    (host,) = face.hosts
    return next(each for each in host.table if each.type == NETWORK_PORT)


async def test_client_on_the_same_port_of_loopback_is_answered(face: BacnetFace, port: int) -> None:
    client = Client((HOST, port), "127.45.0.9", port)
    assert await client.value(DEVICE, 4000, 75) == b"\xc4" + oid(DEVICE, 4000)
    client.close()
