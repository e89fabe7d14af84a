"""The devices of a layout without a network: those that would be served, and all of them."""

from typing import Any

import pytest

from bacnet.conftest import make_meter, outside
from submeter.bacnet import layouts
from submeter.bacnet.host import Common
from submeter.bacnet.outside import ServedMeter
from submeter.bacnet.settings import BacnetSettings, MeterInBacnet
from submeter.pointmap import meter_map

STANDARD = meter_map.load("standard")
NETWORK = {"layout": "network", "network_number": 2001, "device_id": 4000}


@pytest.mark.parametrize(
    ("settings", "places", "expected"),
    [
        (
            {"device_id": 4000},
            [MeterInBacnet(), MeterInBacnet(instance_offset=1000, name_prefix="b.")],
            {4000: 2},
        ),
        (
            NETWORK,
            [MeterInBacnet(device_id=n, device_name=f"D{n}") for n in (7, 8)],
            {4000: 0, 7: 1, 8: 1},
        ),
        (
            {"layout": "ip_per_meter"},
            [MeterInBacnet(device_id=n, address=f"192.0.2.{n}/24") for n in (7, 8)],
            {7: 1, 8: 1},
        ),
    ],
)
def test_every_device_is_there(
    settings: dict[str, Any], places: list[MeterInBacnet], expected: dict[int, int]
) -> None:
    common = Common.of(BacnetSettings.model_validate(settings), outside())
    meters = [
        ServedMeter(make_meter(f"m{number}"), STANDARD, place)
        for number, place in enumerate(places)
    ]
    hosts = layouts.unattached(common, meters)
    assert {each.identity.instance: len(each.meters) for each in hosts} == expected
    assert {each.table.device.instance for each in hosts} == set(expected)


def test_the_router_is_no_station_of_its_virtual_network() -> None:
    common = Common.of(BacnetSettings.model_validate(NETWORK), outside())
    place = MeterInBacnet(device_id=7, device_name="D7")
    router, behind = layouts.unattached(common, [ServedMeter(make_meter("m"), STANDARD, place)])
    (of_router,) = [each for each in router.table if each.name == "Virtual_Network_Port"]
    (of_meter,) = [each for each in behind.table if each.name == "Virtual_Network_Port"]
    mac_address = 423
    assert of_meter.read(mac_address) == b"\x63\x00\x00\x07"
    assert mac_address not in of_router.numbers
    assert mac_address in of_meter.numbers


def test_all_devices_share_what_there_is_little_of() -> None:
    common = Common.of(BacnetSettings.model_validate(NETWORK), outside())
    place = MeterInBacnet(device_id=7, device_name="D7")
    hosts = layouts.unattached(common, [ServedMeter(make_meter("m"), STANDARD, place)])
    assert {id(each.application.shares) for each in hosts} == {id(common.shares)}
