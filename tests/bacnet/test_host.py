"""One device: what it serves is what it says, and what it leaves out."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bacnet.client import ANALOG_INPUT, DEVICE, REJECT, SIMPLE, Client, read
from bacnet.conftest import HOST, make_meter, outside, settings
from bacnet.routed_client import HERE, RoutedClient, far
from submeter.bacnet import encoding, layouts
from submeter.bacnet.application.supported import services_supported
from submeter.bacnet.face import BacnetFace
from submeter.bacnet.host import Common, Host, Identity
from submeter.bacnet.outside import Outside, ServedMeter
from submeter.bacnet.settings import BacnetSettings, MeterInBacnet
from submeter.errors import ConfigError
from submeter.meter import unlock_code
from submeter.meter.access import Access
from submeter.meter.access_settings import AccessSettings
from submeter.meter.audit import Audit
from submeter.meter.reading import Quality
from submeter.pointmap import meter_map

STANDARD = meter_map.load("standard")
UNRECOGNIZED = 9
SERVICES, REVISION = 97, 155
ALWAYS = {5, 12, 14, 15, 16, 26, 28}
OF_ALARMS = {0, 3, 29}
WITH_PASSWORD = {17, 20}
HASH = unlock_code.hashed("let-me-in")
BY_DEVICE = {"recipients": [{"device": 9}]}


@asynccontextmanager
async def serving(
    port: int, meters: Sequence[ServedMeter], rest: Outside | None = None, **changed: Any
) -> AsyncIterator[tuple[BacnetFace, RoutedClient]]:
    given = settings(port).model_dump(exclude_unset=True) | changed
    face = BacnetFace(BacnetSettings.model_validate(given), meters, rest or outside())
    await face.start()
    client = RoutedClient((HOST, port))
    try:
        yield face, client
    finally:
        client.close()
        await face.stop()


def one(**usual: Quality) -> list[ServedMeter]:
    return [ServedMeter(make_meter("main"), STANDARD, usual=usual)]


def bits(octets: bytes) -> set[int]:
    """Return the set bits of an application-tagged BIT STRING."""
    content = octets[2:] if octets[0] == 0x85 else octets[1:]
    return {
        8 * place + bit
        for place, octet in enumerate(content[1:])
        for bit in range(8)
        if octet & 0x80 >> bit
    }


async def answered(client: Client) -> set[int]:
    """Return the confirmed services up to 40 that are not refused as unknown."""
    found = set()
    for service in range(41):
        answer = await client.ask(service, b"")
        if answer.kind != REJECT or answer.reason != UNRECOGNIZED:
            found.add(service)
    return found


@pytest.mark.parametrize(
    ("changed", "rest", "confirmed", "unconfirmed"),
    [
        ({}, {}, set(), set()),
        ({"password": HASH}, {}, {17}, set()),
        ({"password": HASH}, {"restart": lambda: None}, WITH_PASSWORD, set()),
        ({"time_synchronization": ["192.0.2.0/24"]}, {}, set(), set()),
        (
            {"time_synchronization": ["192.0.2.0/24"]},
            {"set_clock": lambda utc: "set"},
            set(),
            {6, 9},
        ),
        ({"alarms": BY_DEVICE}, {}, set(), {0}),
    ],
)
async def test_services_supported_is_what_answers(
    port: int,
    changed: dict[str, Any],
    rest: dict[str, Any],
    confirmed: set[int],
    unconfirmed: set[int],
) -> None:
    async with serving(port, one(), outside(**rest), **changed) as (face, client):
        served = await answered(client)
        assert served == ALWAYS | OF_ALARMS | confirmed
        told = await client.value(DEVICE, 4000, SERVICES)
        assert told == services_supported(served, {7, 8} | unconfirmed)
        (host,) = face.hosts
        assert set(host.application.unconfirmed) == {7, 8} | unconfirmed


async def test_a_router_has_no_alarms(port: int) -> None:
    place = MeterInBacnet(device_id=4001, device_name="D")
    meters = [ServedMeter(make_meter("main"), STANDARD, place)]
    network: dict[str, Any] = {"layout": "network", "network_number": 2001}
    async with serving(port, meters, **network, alarms=BY_DEVICE) as (face, client):
        assert await answered(client) == ALWAYS
        told = await client.value(DEVICE, 4000, SERVICES)
        assert told == services_supported(ALWAYS, {7, 8})
        mac = (4001).to_bytes(3, "big")
        octets = await client.far_value(2001, mac, DEVICE, (4001, SERVICES))
        assert octets == services_supported(ALWAYS | OF_ALARMS, {0, 7, 8})
        assert {26, 33, 34} < bits(octets)
        # A service that is not there is refused behind the router as before it.
        answer = await client.ask_far(2001, mac, 10, b"")
        assert (answer.kind, answer.reason) == (REJECT, UNRECOGNIZED)
        assert [host.identity.instance for host in face.hosts] == [4000, 4001]


async def test_what_a_meter_never_has_is_there_without_a_sensor(port: int) -> None:
    async with serving(port, one(Frequency=Quality.ABSENT)) as (_, client):
        assert (ANALOG_INPUT, 21) in await client.object_list(HERE, 4000)


async def test_what_a_meter_never_has_is_left_out_where_that_is_wanted(port: int) -> None:
    meters = one(Frequency=Quality.ABSENT, Voltage_L1_N=Quality.STALE)
    async with serving(port, meters, absent="omit") as (_, client):
        listed = await client.object_list(HERE, 4000)
        assert (ANALOG_INPUT, 21) not in listed
        assert (ANALOG_INPUT, 7) in listed
        assert len(listed) == 4 + len(STANDARD.objects) - 1
        assert await client.fault(ANALOG_INPUT, 21, 85) == (1, 31)


@pytest.mark.parametrize("layout", ["device", "network", "ip_per_meter"])
async def test_the_revision_is_kept(port: int, layout: str) -> None:
    kept: dict[str, str] = {}
    place = MeterInBacnet(device_id=4001, device_name="D", address=f"{HOST}/8")
    own = MeterInBacnet() if layout == "device" else place
    more: dict[str, Any] = {"layout": layout}
    if layout == "network":
        more["network_number"] = 2001
    if layout == "ip_per_meter":
        more["device_id"] = None
    for absent, expected in (("no-sensor", 1), ("no-sensor", 1), ("omit", 2), ("omit", 2)):
        usual = {"Frequency": Quality.ABSENT}
        meters = [ServedMeter(make_meter("main"), STANDARD, own, usual=usual)]
        rest = outside(notes=dict(kept), keep=kept.__setitem__)
        async with serving(port, meters, rest, **more, absent=absent) as (face, client):
            host = list(face.hosts)[-1]
            assert host.table.device.read(REVISION) == encoding.unsigned(expected)
            if layout == "network":
                router = await client.value(DEVICE, 4000, REVISION)
                assert router == encoding.unsigned(1), "its own objects stay the same"
            where = far(2001, (4001).to_bytes(3, "big")) if layout == "network" else HERE
            number = host.identity.instance
            answer = await client.segmented(where, 12, read(DEVICE, number, REVISION))
            assert answer.endswith(b"\x3e" + encoding.unsigned(expected) + b"\x3f")


def host(meters: Sequence[ServedMeter], name: str = "Park", **rest: Any) -> Host:
    common = Common.of(BacnetSettings(device_id=4000), outside(**rest))
    identity = Identity(4000, name, model="m", serial="1")
    return Host(identity, [], meters, layouts._NOWHERE, common)


def names(made: Host) -> Iterator[str]:
    return (entry.name for entry in made.table)


async def test_the_unlock_object_is_there_with_a_code() -> None:
    lock = Access(AccessSettings(), Audit())
    assert "Unlock_Code" not in names(host(one()))
    assert "Unlock_Code" not in names(host(one(), lock=lock))
    with_code = host(one(), lock=lock, code=True)
    assert "Unlock_Code" in names(with_code)
    assert "Unlock_Code" not in names(host([], lock=lock, code=True)), "a router has none"
    (unlock,) = [entry for entry in with_code.table if entry.name == "Unlock_Code"]
    assert unlock.identifier in with_code.writables


async def test_a_clash_is_told_even_so() -> None:
    with pytest.raises(ConfigError, match="clashes with"):
        host(one(), name="Frequency")


async def test_a_password_silences_and_nobody_else(port: int) -> None:
    body = encoding.context_unsigned(1, 1) + encoding.context(2, b"\x00let-me-in")
    async with serving(port, one(), password=HASH) as (_, client):
        assert (await client.ask(17, encoding.context_unsigned(1, 1))).error == (4, 26)
        assert (await client.ask(17, body)).kind == SIMPLE
        assert await client.found(HERE) == []
