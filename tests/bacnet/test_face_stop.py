"""What has been started is ended: nothing of a face goes on after its end."""

import asyncio
import functools
import threading
import time
from typing import Any

import pytest

from bacnet.client import SIMPLE, frame
from bacnet.conftest import HOST, make_meter, outside, settings
from bacnet.routed_client import HERE, WHO_IS, RoutedClient, between, subscribe
from submeter.bacnet import announcing, encoding
from submeter.bacnet.discovery import budget
from submeter.bacnet.face import BacnetFace
from submeter.bacnet.network import messages
from submeter.bacnet.outside import ServedMeter
from submeter.bacnet.settings import BacnetSettings, MeterInBacnet
from submeter.meter import unlock_code
from submeter.meter.instant import Instant
from submeter.meter.meter import values
from submeter.pointmap import meter_map
from tooling.bacnet_history import Samples

STANDARD = meter_map.load("standard")
PASSWORD = encoding.context(2, b"\x00let-me-in")
TIME = b"\xa4\x7e\x0b\x15\x06\xb4\x0c\x00\x00\x00"


def timers() -> set[str]:
    """Return whose callbacks wait for their time, but for asyncio's own."""
    loop: Any = asyncio.get_running_loop()
    found = set()
    for handle in loop._scheduled:
        if not handle.cancelled():
            called = handle._callback
            while isinstance(called, functools.partial):
                called = called.func
            if not called.__module__.startswith("asyncio"):
                found.add(called.__qualname__)
    return found


def tasks() -> set[str]:
    found = asyncio.all_tasks() - {asyncio.current_task()}
    return {getattr(task.get_coro(), "__qualname__", "") for task in found}


def network(port: int, **changed: Any) -> BacnetSettings:
    given = settings(port).model_dump(exclude_unset=True)
    more = {"layout": "network", "network_number": 2001}
    return BacnetSettings.model_validate({**given, **more, **changed})


async def until_timers(*wanted: str) -> None:
    end = time.monotonic() + 20
    while missing := set(wanted) - timers():
        assert time.monotonic() < end, missing
        await asyncio.sleep(0.001)


async def test_nothing_goes_on_after_the_end(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "AT_ONCE", 1)
    for module, pause in (announcing, "PAUSE"), (messages, "_BETWEEN_BROADCASTS"), (budget, "CALM"):
        monkeypatch.setattr(module, pause, 60)  # on a busy machine they are over too soon
    setting, go_on = threading.Event(), threading.Event()

    def set_clock(utc: float) -> str:
        setting.set()
        go_on.wait(10)
        return "set"

    nobody = f"{HOST}:9"
    told = network(
        port,
        password=unlock_code.hashed("let-me-in"),
        time_synchronization=["127.0.0.0/8"],
        alarms={"recipients": [{"device": 9}, {"address": nobody}]},
    )
    meters = [make_meter("a"), make_meter("b")]
    places = [MeterInBacnet(device_id=number, device_name=f"D{number}") for number in (1, 2)]
    served = [ServedMeter(m, STANDARD, p) for m, p in zip(meters, places, strict=True)]
    rest = outside(history=Samples(), set_clock=set_clock, restart=lambda: None)
    face = BacnetFace(told, served, rest)
    assert timers() == tasks() == set()
    await face.start()
    client = RoutedClient((HOST, port))
    meters[0].update(values({"Tamper_Alarm": 0}), Instant.now())
    await client.send(frame(b"\x10\x06" + TIME, npci=HERE))
    assert (await client.ask(5, subscribe(2, 1, confirmed=False))).error == (1, 31)
    assert (await client.ask_far(2001, b"\0\0\1", 5, subscribe(0, 1, False))).kind == SIMPLE
    meters[0].update(values({"Tamper_Alarm": 1}), Instant.now())
    for number in range(150):
        await client.send(frame(WHO_IS + between(0, 5000 + number), npci=HERE))
    # An answer in segments, of which the first is not acknowledged.
    await client.send(frame(b"\x02\x05\xee\x0e" + b"\x0c\x02\x00\x0f\xa0\x1e\x09\x08\x1f"))
    disable = encoding.context_unsigned(0, 5) + encoding.context_unsigned(1, 2) + PASSWORD
    await client.send(frame(b"\x00\x05\x07\x11" + disable))
    await until_timers(
        "Announcing._some",
        "Paced._over",
        "AddressWatch._look",
        "Search._look",
        "Subscriptions._sweep",
        "Bucket._look",
        "DeviceControl._speak_again",
    )
    setting.wait(5)
    assert {"Trends._run", "TimeSync._set"} <= tasks()
    await face.stop()
    assert timers() == set()
    assert tasks() == set()
    go_on.set()
    client.close()
    await face.stop()


async def test_a_foreign_device_registers_no_more(port: int) -> None:
    face = BacnetFace(network(port, foreign={"bbmd": f"{HOST}:9"}), [], outside())
    await face.start()
    assert "Foreign._again" in timers()
    await face.stop()
    assert timers() == tasks() == set()


async def test_a_start_that_fails_leaves_nothing(port: int) -> None:
    taken = BacnetFace(settings(port), [], outside())
    await taken.start()
    before = timers(), tasks()
    places = [
        MeterInBacnet(device_id=1, device_name="A", address=f"{HOST[:-1]}3/8"),
        MeterInBacnet(device_id=2, device_name="B", address=f"{HOST}/8"),
    ]
    served = [ServedMeter(make_meter(f"m{n}"), STANDARD, p) for n, p in enumerate(places)]
    given = settings(port).model_dump(exclude_unset=True) | {
        "layout": "ip_per_meter",
        "device_id": None,
    }
    face = BacnetFace(BacnetSettings.model_validate(given), served, outside())
    with pytest.raises(Exception, match="is taken by another program"):
        await face.start()
    assert (timers(), tasks()) == before
    await taken.stop()
    assert timers() == tasks() == set()
