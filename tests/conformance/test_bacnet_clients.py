"""Two BACnet clients written in JavaScript read, write and subscribe to the device.

Each runs in its own environment, against the face in this process, with segmented answers.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from tooling import bacnet_site, client_environment, clients
from tooling.bacnet_history import Samples
from tooling.bacnet_site import CLOSED, DEVICE_ID, OPEN, STANDARD, Site
from tooling.free_port import free_udp_port
from tooling.program import loopback

pytestmark = client_environment.INSTALLING


class Client(NamedTuple):
    """A package, its script, and of how many objects it can take three properties at once."""

    pin: str
    name: str
    script: str
    together: int


BACNET_JS = Client("@bacnet-js/client@3.3.2", "bacnet-js", "bacnet_js_client.js", 1000)
# It sends what acknowledges a segment to nobody: an answer has to fit one APDU.
NODE_BACNET = Client("node-bacnet@0.2.4", "node-bacnet", "node_bacnet.js", 10)
both = pytest.mark.parametrize("client", [BACNET_JS, NODE_BACNET], ids=lambda client: client.name)
DEMAND_INTERVAL = [1, 3]
TREND_LOG, ACTIVE_ENERGY_IMPORT = 20, 1
OVERLOAD_ALARM = 3, 5
BEFORE, GOOD, BEYOND = 15, 30, 1000
PRESENT_VALUE, STATUS_FLAGS = "85", "111"


async def talk(client: Client, site: Site, **more: Any) -> Any:
    """Return what the client's script found."""
    command = client_environment.node(client.pin, name=client.name)
    plan = {
        "where": site.where,
        "broadcast": f"127.255.255.255:{site.port}",
        "own": {"address": loopback(9), "port": free_udp_port()},
        "device": DEVICE_ID,
        "objects": [bacnet_site.number(entry) for entry in STANDARD.objects],
        "together": client.together,
        "writable": DEMAND_INTERVAL,
        "good": GOOD,
        "beyond": BEYOND,
        **more,
    }
    return await clients.run(command, client.script, json.dumps(plan))


def refused(said: Any) -> tuple[int, int]:
    """Return class and code of a refusal; the clients word it each in its own way."""
    assert isinstance(said, str), said
    assert said.startswith("refused"), said
    numbers = [int(number) for number in _numbers(said)]
    assert len(numbers) == 2, said
    return numbers[0], numbers[1]


def _numbers(text: str) -> list[str]:
    return "".join(each if each.isdigit() else " " for each in text).split()


@both
async def test_reads(client: Client) -> None:
    async with bacnet_site.served() as site:
        found = await talk(client, site)
    for way in ("broadcast", "directed"):
        (device,) = found["discovered"][way]
        assert (device["deviceId"], device["maxApdu"], device["vendorId"]) == (DEVICE_ID, 1476, 999)
    reads = found["reads"]
    check_values(reads, site)
    assert refused(reads["unknownObject"]) == (1, 31)
    assert refused(reads["unknownProperty"]) == (2, 32)
    assert refused(reads["noArray"]) == (2, 50)
    assert reads["objectList"] == reads["size"] > len(STANDARD.objects)
    assert refused(found["writes"]["denied"]) == (2, 40)
    assert refused(found["writes"]["written"]) == (2, 40)
    assert refused(found["writes"]["renamed"]) == (2, 40)
    assert found["writes"]["read"] == BEFORE
    assert not site.moved


def check_values(reads: Mapping[str, Any], site: Site) -> None:
    for entry in STANDARD.objects:
        own = bacnet_site.key(entry)
        reading = site.meter.readings[entry.point.name]
        number, said = bacnet_site.shown(entry, reading), reads["values"][own]
        if number is not None:
            assert float(said) == pytest.approx(number, rel=1e-6), entry.name
        elif entry.object == "analog-input":
            assert math.isnan(float(said)), entry.name
        elif entry.object != "datetime-value":
            assert refused(said) == (2, 72), entry.name
        assert reads["names"][own] == entry.name
        assert reads["reliabilities"][own] == bacnet_site.reliability(reading), entry.name
        # In alarm, for a fault is an event state, and fault: the client's bit 0 is the first.
        flags = 0 if reading.quality.good else 0b0011
        assert reads["flags"][own]["value"] == [flags], entry.name
        # Identifier, name and type are not listed (135, 12.1.1.4.3).
        assert reads["all"][own] == reads["listed"][own] + 3, entry.name


@both
async def test_writes_and_subscriptions(client: Client) -> None:
    async with bacnet_site.served(OPEN) as site:
        found = await talk(client, site, subscribe=True)
    writes = found["writes"]
    assert refused(writes["denied"]) == (2, 40)
    assert writes["written"] == "written"
    assert writes["read"] == GOOD
    assert refused(writes["beyond"]) == (2, 37)
    assert writes["relinquished"] == "written"
    assert refused(writes["renamed"]) == (2, 40)
    for process, confirmed in ((7, False), (8, True)):
        subscribed = found["confirmed" if confirmed else "unconfirmed"]
        check_notifications(subscribed["heard"], process, confirmed)
        assert subscribed["afterwards"] == 0, "it was cancelled"
    assert not site.moved


def check_notifications(heard: Sequence[Mapping[str, Any]], process: int, confirmed: bool) -> None:
    """Check the one at the subscription and the one after a change."""
    assert len(heard) == 2
    assert {each["confirmed"] for each in heard} == {confirmed}
    assert {each["process"] for each in heard} == {process}
    assert {each["device"] for each in heard} == {DEVICE_ID}
    assert all(58 <= each["left"] <= 60 for each in heard)
    assert heard[1]["values"][PRESENT_VALUE] == [GOOD + 1 + process]
    assert all(set(each["values"]) == {PRESENT_VALUE, STATUS_FLAGS} for each in heard)


@both
async def test_history_and_alarms(client: Client) -> None:
    """Both clients read the trend log's buffer by position, and the summaries of events."""
    async with bacnet_site.served(CLOSED, history=Samples()) as site:
        site.show(Overload_Alarm=0)
        site.show(Overload_Alarm=1)
        trend = [TREND_LOG, ACTIVE_ENERGY_IMPORT]
        found = await talk(client, site, trend=trend, records=5, alarms=True)
    assert found["range"]["itemCount"] == 5
    assert found["range"]["octets"] > 5 * 15  # date and time and a number each
    alarm = {"type": OVERLOAD_ALARM[0], "instance": OVERLOAD_ALARM[1]}
    assert [each["objectId"] for each in found["alarms"]] == [alarm]
    if client is BACNET_JS:
        assert [each["objectId"] for each in found["events"]] == [alarm]
