"""tshark finds nothing wrong in any packet that the device sends, for every service and property.

The packets are those of a client in this process: nothing has to be captured, nobody to be root.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bacnet.client import read, read_multiple
from submeter.meter import unlock_code
from tooling import bacnet_requests, bacnet_site, tshark
from tooling.bacnet_history import Samples
from tooling.bacnet_requests import ALL, DEVICE, OBJECT_LIST
from tooling.bacnet_site import DEVICE_ID, OPEN, Site
from tooling.bacnet_talker import COMPLEX, Talker
from tooling.free_port import free_udp_port
from tooling.program import loopback
from tooling.tshark import Packet

reason = tshark.missing()
pytestmark = pytest.mark.skipif(reason is not None, reason=str(reason))

PROPERTY_LIST = 371
SOON = 0.005  # s to wait for what need not come
SERVED = {0, 1, 2, 3, 5, 12, 14, 15, 16, 17, 20, 26, 28, 29}


BBMD: dict[str, Any] = {"bbmd": {"peers": ["127.1.2.3:47808"]}}
NETWORK: dict[str, Any] = {
    "layout": "network",
    "network_number": 2001,
    "place": {"device_id": DEVICE_ID + 1},
}


async def test_every_service(tmp_path: Path) -> None:
    host, port = loopback(7), free_udp_port()
    more = with_alarms_for(f"{host}:{port}")
    async with bacnet_site.served(OPEN, history=Samples(), **more) as site:
        with Talker((site.host, site.port), host, port) as talker:
            for name, service, body in bacnet_requests.services():
                assert await talker.ask(service, body), name
            assert not await exchange(talker)
            site.show(Active_Power_Total=99.0, Active_Power_L1=99.0, Overload_Alarm=0)
            site.show(Overload_Alarm=1)
            await talker.ask(29, b"")
            await talker.listen(0.2)
        found = check(tmp_path, talker.packets, site)
    assert {str(number) for number in SERVED} <= found
    told = {(apdu[0] >> 4, apdu[3 if apdu[0] >> 4 == 0 else 1]) for apdu in talker.notifications}
    assert told == {(0, 1), (0, 2), (1, 2), (1, 3)}, "of values and events, confirmed or not"


def with_alarms_for(where: str) -> dict[str, Any]:
    """Return settings by which everything is served, and the station `where` told of alarms."""
    recipients = [
        {"address": where, "process": 1, "confirmed": True},
        {"address": where, "process": 2, "confirmed": False},
    ]
    return {
        "alarms": {"recipients": recipients, "acknowledge": ["alarm"]},
        "password": unlock_code.hashed("482913"),
        "time_synchronization": ["127.0.0.0/8"],
    }


async def exchange(talker: Talker) -> set[str]:
    """Send all that is no confirmed request; return the names of those that were not answered."""
    unanswered = set()
    for request in bacnet_requests.others():
        await talker.send(request.datagram)
        if not await talker.listen(SOON) and request.answered:
            unanswered.add(request.name)
    return unanswered


@pytest.mark.parametrize("settings", [BBMD, NETWORK], ids=["bbmd", "network"])
async def test_other_ways_to_be_there(settings: dict[str, Any], tmp_path: Path) -> None:
    async with bacnet_site.served(**settings) as site:
        with Talker((site.host, site.port), loopback(7)) as talker:
            assert await exchange(talker) == set()
        check(tmp_path, talker.packets, site)


async def test_every_property(tmp_path: Path) -> None:
    async with bacnet_site.served(OPEN, history=Samples()) as site:
        with Talker((site.host, site.port), loopback(7)) as talker:
            listed = await octets(talker, DEVICE, DEVICE_ID, OBJECT_LIST)
            for start in range(0, len(listed), 5):
                number = int.from_bytes(listed[start + 1 : start + 5])
                await read_all(talker, number >> 22, number & 0x3FFFFF)
        check(tmp_path, talker.packets, site)


async def read_all(talker: Talker, kind: int, instance: int) -> None:
    answer = await talker.ask(14, read_multiple((kind, instance, [ALL])))
    assert answer[0] >> 4 == COMPLEX
    listed = await octets(talker, kind, instance, PROPERTY_LIST)
    at = 0
    while at < len(listed):
        size = listed[at] & 0x07
        number = int.from_bytes(listed[at + 1 : at + 1 + size])
        assert await talker.ask(12, read(kind, instance, number))
        at += 1 + size


async def octets(talker: Talker, kind: int, instance: int, number: int) -> bytes:
    answer = await talker.ask(12, read(kind, instance, number))
    assert answer[0] >> 4 == COMPLEX, answer.hex()
    return answer[4 + len(read(kind, instance, number)) : -1]


def check(folder: Path, packets: Sequence[Packet], site: Site) -> set[str]:
    """Let tshark judge `packets`; return the services that it saw confirmed."""
    path = tshark.write_pcap(folder / "all.pcap", packets)
    assert tshark.complaints(path, [site.port]) == []
    assert tshark.not_bacnet(path, [site.port]) == []
    return tshark.seen(path, [site.port], "bacapp.confirmed_service")


async def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    """The judge can tell: a packet with its last octets cut off is malformed."""
    async with bacnet_site.served() as site:
        with Talker((site.host, site.port), loopback(7)) as talker:
            await talker.ask(12, read(DEVICE, DEVICE_ID, OBJECT_LIST))
    whole = talker.packets[-1]
    cut = whole.data[:2] + (len(whole.data) - 30).to_bytes(2, "big") + whole.data[4:-30]
    path = tshark.write_pcap(tmp_path / "cut.pcap", [whole, whole._replace(data=cut)])
    assert [line.split("\t")[0] for line in tshark.complaints(path, [site.port])] == ["2"]
