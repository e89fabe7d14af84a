import itertools
import os
from collections.abc import AsyncIterator

import pytest

from bacnet.client import Client
from submeter.bacnet.face import BacnetFace
from submeter.bacnet.outside import Outside, ServedMeter
from submeter.bacnet.settings import BacnetSettings
from submeter.meter.audit import Audit
from submeter.meter.meter import Meter
from submeter.pointmap import meter_map
from tooling import meters

DEVICE_ID = 4000
# An address and ports of this process's own: several test runs may go on at the same time.
HOST = f"127.{64 + os.getpid() // 256 % 128}.{os.getpid() % 256}.2"
_numbers = itertools.count(20000 + os.getpid() % 100 * 100)


@pytest.fixture
def meter() -> Meter:
    """A meter whose source gives every point that the meter does not make itself."""
    return make_meter("main")


def make_meter(name: str) -> Meter:
    points = meter_map.load("standard").points
    given = [point.name for point in points if point.name != "Communication_Status"]
    return meters.meter(name, points, given, 60.0, meters.WHOLE)


def settings(port: int, **changed: object) -> BacnetSettings:
    known: dict[str, object] = {
        "address": f"{HOST}/8",
        "device_id": DEVICE_ID,
        "device_name": "Submeter",
        "port": port,
    }
    return BacnetSettings(**{**known, **changed})  # type: ignore[arg-type]


def outside(**changed: object) -> Outside:
    return Outside(**{"site": "Submeter", "audit": Audit(), **changed})  # type: ignore[arg-type]


@pytest.fixture
def port() -> int:
    """An odd port that no other test of this process takes."""
    return next(_numbers)


@pytest.fixture
async def face(meter: Meter, port: int) -> AsyncIterator[BacnetFace]:
    served = BacnetFace(settings(port), [ServedMeter(meter, meter_map.load("standard"))], outside())
    await served.start()
    yield served
    await served.stop()


@pytest.fixture
async def client(face: BacnetFace, port: int) -> AsyncIterator[Client]:
    opened = Client((HOST, port))
    yield opened
    opened.close()
