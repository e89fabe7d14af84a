"""Many meters in the three layouts, as clients on the wire find them."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bacnet.client import (
    ABORT,
    ANALOG_INPUT,
    ANALOG_OUTPUT,
    BINARY_INPUT,
    DEVICE,
    SIMPLE,
    frame,
    oid,
    read_multiple,
    write,
)
from bacnet.conftest import HOST, make_meter, outside
from bacnet.routed_client import (
    EVERYWHERE,
    HERE,
    REGISTER,
    RoutedClient,
    between,
    decoded,
    far,
    subscribe,
    to_router,
)
from submeter.bacnet import encoding
from submeter.bacnet.face import BacnetFace
from submeter.bacnet.outside import ServedMeter
from submeter.bacnet.settings import BacnetSettings, MeterInBacnet
from submeter.errors import ConfigError, ListenError
from submeter.meter.access import Access
from submeter.meter.access_settings import AccessSettings
from submeter.meter.audit import Audit
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter, values
from submeter.meter.reading import Quality
from submeter.pointmap import meter_map
from tooling import meters as made
from tooling.bacnet_history import Samples
from tooling.free_port import free_udp_port

STANDARD = meter_map.load("standard")
GIVEN = [point.name for point in STANDARD.points if point.name != "Communication_Status"]
NETWORK, ROUTER = 2001, 4000
NAME, PRESENT_VALUE, OBJECT_LIST, SUBORDINATES, STRUCTURED = 77, 85, 76, 211, 209
TREND_LOG, STRUCTURED_VIEW = 20, 29
OPEN = AccessSettings(networks=["127.0.0.0/8"], unlock="none")
TAMPER = BINARY_INPUT, 6


class Site:
    """A face of several meters, and a client."""

    def __init__(self, face: BacnetFace, meters: Sequence[Meter], client: RoutedClient) -> None:
        self.face, self.meters, self.client = face, meters, client


@asynccontextmanager
async def site(
    port: int, places: Sequence[MeterInBacnet], source: str = "127.0.0.1", **settings: Any
) -> AsyncIterator[Site]:
    """Serve a meter at each of `places`; everybody on loopback may write."""
    audit = Audit()
    lock = Access(OPEN, audit)
    feed = Feed(made.SOURCE, dict.fromkeys(GIVEN, Quality.MEASURED), 1e9)
    meters = [
        Meter(f"m{number}", STANDARD.points, [feed], made.WHOLE, audit=audit, access=lock)
        for number in range(len(places))
    ]
    served = [ServedMeter(m, STANDARD, p) for m, p in zip(meters, places, strict=True)]
    given = {"address": f"{HOST}/8", "port": port, **settings}
    rest = outside(audit=audit, lock=lock, history=Samples())
    face = BacnetFace(BacnetSettings.model_validate(given), served, rest)
    await face.start()
    client = RoutedClient((HOST, port), source)
    try:
        yield Site(face, meters, client)
    finally:
        client.close()
        await face.stop()


def behind(*instances: int) -> list[MeterInBacnet]:
    return [MeterInBacnet(device_id=number, device_name=f"D{number}") for number in instances]


def mac(instance: int) -> bytes:
    return instance.to_bytes(3, "big")


def network(port: int, *instances: int, **settings: Any) -> Any:
    known = {"layout": "network", "network_number": NETWORK, "device_id": ROUTER}
    return site(port, behind(*instances), **{**known, **settings})


def now() -> Instant:
    return Instant.now()


async def test_one_device_of_several_meters(port: int) -> None:
    places = [
        MeterInBacnet(),
        MeterInBacnet(instance_offset=1000, name_prefix="a."),
        MeterInBacnet(instance_offset=5000, name_prefix="b."),
    ]
    async with site(port, places, device_id=ROUTER, device_name="Park") as park:
        client = park.client
        listed = await client.object_list(HERE, ROUTER)
        fixed = [(DEVICE, ROUTER), (56, 1), (15, 1)]
        assert listed[:3] == fixed
        one = len(STANDARD.objects) + 1 + 5  # the view, and the five logs by default
        assert len(listed) == len(set(listed)) == 3 + 3 * one
        for number, (place, name) in enumerate(zip(places, ("m0", "m1", "m2"), strict=True)):
            offset, prefix = place.instance_offset, place.name_prefix
            own = listed[3 + number * one : 3 + (number + 1) * one]
            assert own[0] == (STRUCTURED_VIEW, offset + 1)
            assert own[-5:] == [(TREND_LOG, offset + log) for log in range(1, 6)]
            assert [i - offset for _, i in own[1:-5]] == [o.instance for o in STANDARD.objects]
            title = await client.value(*own[0], NAME)
            assert title == encoding.text(f"{prefix}Meter")
            members = await client.segmented(HERE, 12, b"\x0c" + oid(*own[0]) + b"\x19\xd3")
            assert [m for m in own[1:] if oid(*m) not in members] == []
            assert members.count(b"\x0c" + oid(DEVICE, ROUTER)) == one - 1
            described = await client.value(ANALOG_INPUT, offset + 1, 28)
            assert described[3:].startswith(f"{name}: ".encode())
        views = await client.value(DEVICE, ROUTER, STRUCTURED)
        assert views == b"".join(encoding.identifier(29, n) for n in (1, 1001, 5001))
        park.meters[2].update(values({"Frequency": 50.5}), now())
        assert await client.value(ANALOG_INPUT, 5021, PRESENT_VALUE) == encoding.real(50.5)
        assert [heard.device for heard in await client.found(HERE)] == [ROUTER]


async def test_the_virtual_network_is_found_from_everywhere(port: int) -> None:
    async with network(port, 4001, 4002, 4003, announce=False) as park:
        client = park.client
        heard = await client.found(far(EVERYWHERE, control=0), 0x0B)
        told = [(each.device, each.network, each.mac) for each in heard]
        inside = [(number, NETWORK, mac(number)) for number in (4001, 4002, 4003)]
        assert told == [(ROUTER, 0, b""), *inside]
        heard = await client.found(far(NETWORK, control=0))
        assert [(each.device, each.network, each.mac) for each in heard] == inside
        heard = await client.found(far(NETWORK, control=0), limits=between(4002, 4002))
        assert [each.device for each in heard] == [4002]
        assert [each.device for each in await client.found(HERE)] == [ROUTER]
        assert await client.found(far(2002, control=0), 0x0B) == []


async def test_who_asks_for_the_local_network_hears_of_the_others_if_wanted(port: int) -> None:
    async with network(port, 4001, 4002) as park:
        heard = await park.client.found(HERE)
        assert [(each.device, each.network) for each in heard] == [
            (ROUTER, 0),
            (4001, NETWORK),
            (4002, NETWORK),
        ]


@pytest.mark.parametrize(
    ("asked", "told"), [(b"", True), (b"\x07\xd1", True), (b"\x07\xd2", False)]
)
async def test_the_router_says_where_it_leads(port: int, asked: bytes, told: bool) -> None:
    async with network(port, 4001, bbmd={}) as park:
        await park.client.send(REGISTER)
        await park.client.all()
        await park.client.send(to_router(0, asked))
        heard = [each.body for each in await park.client.all() if each.control & 0x80]
        assert heard == ([b"\x01\x07\xd1"] if told else [])


async def test_the_router_says_where_it_does_not_lead(port: int) -> None:
    async with network(port, 4001) as park:
        await park.client.send(frame(b"\x10\x08", npci=far(2002, b"\x01")))
        assert [each.body for each in await park.client.all()] == [b"\x03\x01\x07\xd2"]


async def test_the_same_objects_in_each_device(port: int) -> None:
    async with network(port, 4001, 4002) as park:
        client = park.client
        lists = [await client.object_list(far(NETWORK, mac(n)), n) for n in (4001, 4002)]
        assert [one[0] for one in lists] == [(DEVICE, 4001), (DEVICE, 4002)]
        assert lists[0][1:] == lists[1][1:]
        assert len(lists[0]) == 1 + 1 + 1 + 1 + len(STANDARD.objects) + 5
        router = await client.object_list(HERE, ROUTER)
        assert router == [(DEVICE, ROUTER), (56, 1), (56, 2)]
        name = await client.far_value(NETWORK, mac(4002), DEVICE, (4002, NAME))
        assert name == encoding.text("D4002")
        for number, frequency in enumerate((49.5, 50.5)):
            park.meters[number].update(values({"Frequency": frequency}), now())
        for number, frequency in ((4001, 49.5), (4002, 50.5)):
            where = NETWORK, mac(number)
            assert await client.far_value(*where, ANALOG_INPUT, (21, 85)) == encoding.real(
                frequency
            )
            body = read_multiple((ANALOG_INPUT, 21, [PRESENT_VALUE, NAME]))
            answer = await client.ask_far(*where, 14, body)
            assert answer.results[ANALOG_INPUT, 21, PRESENT_VALUE] == encoding.real(frequency)
            assert answer.results[ANALOG_INPUT, 21, NAME] == encoding.text("Frequency")


async def test_writes_and_subscriptions_through_the_router(port: int) -> None:
    async with network(port, 4001, 4002) as park:
        client, where = park.client, (NETWORK, mac(4002))
        one, two = park.meters
        body = write(ANALOG_OUTPUT, 3, PRESENT_VALUE, encoding.real(20))
        assert (await client.ask_far(*where, 15, body)).kind == SIMPLE
        interval = "Demand_Interval"
        assert (one.readings[interval].value, two.readings[interval].value) == (15, 20)
        two.update(values({"Frequency": 50.0}), now())
        answer = await client.ask_far(*where, 5, subscribe(ANALOG_INPUT, 21, confirmed=False))
        assert answer.kind == SIMPLE
        first = await client.hear()
        assert (first.network, first.mac) == where
        one.update(values({"Frequency": 47.0}), now())
        two.update(values({"Frequency": 52.0}), now())
        heard = await client.hear()
        assert (heard.network, heard.mac) == where
        told = decoded(heard.body)
        assert told.initiatingDeviceIdentifier[1] == 4002
        assert encoding.real(52.0) in heard.body
        assert await client.silent()


async def test_a_confirmed_notification_comes_through_the_router(port: int) -> None:
    async with network(port, 4001) as park:
        client, where = park.client, (NETWORK, mac(4001))
        body = subscribe(ANALOG_INPUT, 21, confirmed=True)
        assert (await client.ask_far(*where, 5, body)).kind == SIMPLE
        heard = await client.hear()
        assert (heard.network, heard.mac) == where
        assert heard.control & 0x04, "a reply is expected"
        assert heard.body[3] == 1
        done = bytes((0x20, heard.body[2], 1))
        await client.send(frame(done, npci=far(*where, control=0)))
        assert await client.silent(1.5), "it is not sent again"


async def test_an_alarm_comes_through_the_router(port: int) -> None:
    free = free_udp_port()
    recipient = {"address": f"127.0.0.1:{free}", "confirmed": False}
    async with network(port, 4001, alarms={"recipients": [recipient]}) as park:
        listener = RoutedClient((HOST, port), "127.0.0.1", free)
        try:
            park.meters[0].update(values({"Tamper_Alarm": 0}), now())
            park.meters[0].update(values({"Tamper_Alarm": 1}), now())
            while True:
                heard = await listener.hear()
                if heard.body[:2] != b"\x10\x03":
                    continue
                told = decoded(heard.body)
                if tuple(map(int, told.eventObjectIdentifier)) == TAMPER:
                    break
            assert (heard.network, heard.mac) == (NETWORK, mac(4001))
            assert told.initiatingDeviceIdentifier[1] == 4001
            assert str(told.toState) == "offnormal"
        finally:
            listener.close()


async def test_a_device_that_goes_renumbers_no_other(port: int) -> None:
    seen = []
    for number, instances in enumerate(((4001, 4002, 4003), (4003, 4001))):
        async with network(port + 40 * number, *instances) as park:
            listed = {}
            for heard in await park.client.found(far(NETWORK, control=0)):
                where = heard.network, heard.mac
                name = await park.client.far_value(*where, DEVICE, (heard.device, NAME))
                objects = await park.client.object_list(far(*where), heard.device)
                listed[heard.device] = (where, name, objects)
            seen.append(listed)
    before, after = seen
    assert after == {number: before[number] for number in (4001, 4003)}


async def test_a_hundred_meters_are_found_at_once(port: int) -> None:
    instances = range(5000, 5100)
    async with network(port, *instances) as park:
        await park.client.send(frame(b"\x10\x08", 0x0B, far(EVERYWHERE, control=0)))
        heard = sorted(each.device for each in await park.client.all(1.0))
        assert heard == [ROUTER, *instances]


def free_hosts() -> tuple[str, str]:
    first, second, third, _ = HOST.split(".")
    return f"{first}.{second}.{third}.11", f"{first}.{second}.{third}.12"


async def test_an_address_for_each_meter(port: int) -> None:
    hosts = free_hosts()
    places = [
        MeterInBacnet(device_id=4001 + n, device_name=f"D{n}", address=f"{host}/8")
        for n, host in enumerate(hosts)
    ]
    async with site(port, places, layout="ip_per_meter") as park:
        assert park.face.where == ",".join(f"{host}:{port}" for host in hosts)
        park.meters[0].update(values({"Frequency": 49.5}), now())
        park.meters[1].update(values({"Frequency": 50.5}), now())
        for number, (host, frequency) in enumerate(zip(hosts, (49.5, 50.5), strict=True)):
            client = RoutedClient((host, port))
            (heard,) = await client.found(HERE)
            assert (heard.device, heard.network) == (4001 + number, 0)
            assert await client.value(ANALOG_INPUT, 21, 85) == encoding.real(frequency)
            listed = await client.object_list(HERE, 4001 + number)
            assert listed[:3] == [(DEVICE, 4001 + number), (56, 1), (15, 1)]
            assert len(listed) == 4 + len(STANDARD.objects) + 5
            client.close()


async def test_an_address_that_is_taken_lets_no_other_listen(port: int) -> None:
    first, second = free_hosts()
    places = [
        MeterInBacnet(device_id=4001 + n, device_name=f"D{n}", address=f"{host}/8")
        for n, host in enumerate((first, second, second))
    ]
    feed = make_meter("x")
    served = [ServedMeter(feed, STANDARD, place) for place in places]
    face = BacnetFace(BacnetSettings(layout="ip_per_meter", port=port), served, outside())
    with pytest.raises(ListenError, match=f"{second}"):
        await face.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((first, port))
    await face.stop()


def test_a_wrong_address_of_a_meter(port: int) -> None:
    place = MeterInBacnet(device_id=1, device_name="D", address="198.51.100.7/24")
    settings = BacnetSettings(layout="ip_per_meter", port=port)
    with pytest.raises(ListenError, match=r"198\.51\.100\.7/24 is not on this machine"):
        BacnetFace(settings, [ServedMeter(make_meter("x"), STANDARD, place)], outside())


def test_one_number_for_two_networks(port: int) -> None:
    settings = BacnetSettings(
        address=f"{HOST}/8",
        port=port,
        layout="network",
        device_id=1,
        network_number=NETWORK,
        ip_network_number=NETWORK,
    )
    with pytest.raises(ConfigError, match="are both 2001"):
        BacnetFace(settings, [], outside())


async def test_what_a_client_cannot_take_is_refused_behind_the_router(port: int) -> None:
    async with network(port, 4001) as park:
        body = b"\x0c" + oid(STRUCTURED_VIEW, 1) + b"\x19\xd3"
        small = b"\x00\x01"  # no segments, 128 octets at most
        answer = await park.client.ask_far(NETWORK, mac(4001), 12, body, small)
        assert (answer.kind, answer.reason) == (ABORT, 4)
