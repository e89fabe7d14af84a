"""Every list that a device of ours serves is one for ReadRange, and nothing else is."""

from typing import Any

import pytest
from bacpypes3.constructeddata import Array, List

from bacnet.conftest import make_meter, outside, settings
from submeter.bacnet.face import BacnetFace
from submeter.bacnet.fault import NOT_A_LIST
from submeter.bacnet.objects.served import property_number
from submeter.bacnet.outside import ServedMeter
from submeter.bacnet.reading.list_items import items
from submeter.bacnet.settings import MeterInBacnet
from submeter.pointmap import meter_map

LOG_BUFFER = 131
MODES: list[dict[str, Any]] = [
    {"bbmd": {"peers": []}},
    {"foreign": {"bbmd": "127.9.9.9:47808"}},
    {"layout": "network", "network_number": 2001},
]


@pytest.mark.parametrize("mode", MODES, ids=["bbmd", "foreign", "network"])
async def test_every_list_that_is_served_is_known(mode: dict[str, Any], port: int) -> None:
    told = {"recipients": [{"address": "127.9.9.8"}, {"device": 9}]}
    place = MeterInBacnet(device_id=10 if "layout" in mode else None)
    meter = ServedMeter(make_meter("m"), meter_map.load("standard"), place)
    face = BacnetFace(settings(port, alarms=told, **mode), [meter], outside())
    lists = set()
    for host in face.hosts:
        for entry in host.table:
            datatypes = {
                property_number(name): datatype
                for name, datatype in entry._schema._elements.items()
            }
            for number in entry.numbers:
                image, datatype = entry.image(number), datatypes.get(number)
                assert image is not None
                if datatype is None or number == LOG_BUFFER or isinstance(image, tuple):
                    continue
                listed = issubclass(datatype, List) and not issubclass(datatype, Array)
                assert (items(number, image) != NOT_A_LIST) is listed, (str(entry), number)
                lists |= {number} if listed else set()
    assert {30, 102, 152} <= lists
