import asyncio
import logging
import random
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Interface
from unittest.mock import patch

import pytest
from bacpypes3.comm import Client as BacpypesClient
from bacpypes3.comm import bind

from bacnet.client import COMPLEX, Client, frame, oid, read, read_multiple, write
from bacnet.conftest import HOST, settings
from submeter.bacnet import BacnetFace
from submeter.bacnet.datagrams import Datagrams
from submeter.errors import ListenError

PACKETS = 2000


async def test_second_instance_is_refused(face: BacnetFace, port: int) -> None:
    second = BacnetFace(settings(port, device_id=4001), [])
    with pytest.raises(ListenError, match=f"port {port} on {HOST} is taken by another program"):
        await second.start()
    await second.stop()


@pytest.mark.parametrize("place", [HOST, "0.0.0.0"])
@pytest.mark.parametrize("option", [None, socket.SO_REUSEADDR, socket.SO_REUSEPORT])
async def test_port_of_another_program_is_not_shared(
    port: int, place: str, option: int | None
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        if option is not None:
            other.setsockopt(socket.SOL_SOCKET, option, 1)
        other.bind((place, port))
        with pytest.raises(ListenError, match="is taken by another program"):
            await BacnetFace(settings(port), []).start()
    again = BacnetFace(settings(port), [])
    await again.start()
    await again.stop()


async def test_devices_on_two_addresses_both_hear_the_broadcasts(
    face: BacnetFace, port: int
) -> None:
    second = BacnetFace(settings(port, address="127.46.0.3/8", device_id=4001), [])
    await second.start()
    asker = Client(("127.255.255.255", port))
    await asker.send(frame(b"\x10\x08", function=0x0B))
    answers = {(await asker.receive()).apdu[3:7] for _ in range(2)}
    asker.close()
    await second.stop()
    assert answers == {oid(8, 4000), oid(8, 4001)}


@pytest.mark.parametrize(
    ("interface", "heard"),
    [
        ("192.0.2.7/24", ["192.0.2.255", "255.255.255.255"]),
        ("192.0.2.7/32", ["255.255.255.255"]),
        ("127.0.0.2/8", ["127.255.255.255"]),
    ],
)
def test_broadcast_addresses(interface: str, heard: list[str]) -> None:
    datagrams = Datagrams(IPv4Interface(interface), 47808)
    assert datagrams._shared == [(address, 47808) for address in heard]


async def test_unusable_addresses_are_one_clear_line(port: int) -> None:
    datagrams = Datagrams(IPv4Interface("192.0.2.199/24"), port)
    with pytest.raises(ListenError, match=r"192\.0\.2\.199 .* is not on this machine"):
        await datagrams.open()
    with (
        patch("socket.socket.bind", side_effect=PermissionError(13, "Permission denied")),
        pytest.raises(ListenError, match="no permission to take port 80 "),
    ):
        await Datagrams(IPv4Interface("127.0.0.2/8"), 80).open()


async def test_close_does_not_wait_for_an_answer(port: int) -> None:
    class Never(BacpypesClient):  # type: ignore[misc]
        async def confirmation(self, pdu: object) -> None:
            await asyncio.Event().wait()

    datagrams = Datagrams(IPv4Interface(f"{HOST}/8"), port)
    bind(Never(), datagrams)
    await datagrams.open()
    client = Client((HOST, port))
    await client.send(b"\x81")
    assert await client.silent(0.05)
    assert len(datagrams._tasks) == 1
    await asyncio.wait_for(datagrams.close(), 2)
    assert len(datagrams._tasks) == 0
    client.close()


async def test_stop_frees_the_port_and_leaves_no_task(port: int) -> None:
    before = asyncio.all_tasks()
    for _ in range(3):
        face = BacnetFace(settings(port), [])
        await face.start()
        assert face.where == f"{HOST}:{port}"
        client = Client((HOST, port))
        await client.send(frame(b"\x02\x70\x09\x0e" + read_multiple((8, 4000, [8]))))
        await client.receive()
        transactions = face._transactions
        assert transactions is not None
        assert len(transactions.serverTransactions) == 1
        await face.stop()
        assert transactions.serverTransactions == []
        client.close()
    await face.stop()
    assert asyncio.all_tasks() == before
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((HOST, port))


def packets(seed: int) -> Iterator[bytes]:
    """Yield good packets with octets changed, cut off or added."""
    chance = random.Random(seed)
    good = [
        frame(b"\x00\x05\x11\x0c" + read(0, 1, 85)),
        frame(b"\x02\x73\x11\x0e" + read_multiple((0, 1, [85, 8]), (8, 4000, [76]))),
        frame(b"\x0e\x75\x11\x00\x04\x0e" + read_multiple((0, 1, [85]))),
        frame(b"\x40\x11\x00\x02"),
        frame(b"\x70\x11\x00"),
        frame(b"\x00\x05\x11\x0f" + write(1, 1, 85, b"\x44\x7f\xc0\x00\x00")),
        frame(b"\x00\x05\x11\x10\x0c" + oid(1, 1) + b"\x1e\x09\x55\x2e\x00\x2f\x1f"),
        frame(b"\x10\x08\x09\x01\x1b\x3f\xff\xff", function=0x0B),
        frame(b"\x10\x07\x3d\x05\x00Freq"),
        frame(b"\x10\x08", npci=struct.pack(">BBHBHBB", 1, 0x28, 0xFFFF, 0, 2001, 1, 5) + b"\xff"),
        frame(b"", npci=b"\x01\x80\x00\x07\xd1"),
        frame(b"", npci=b"\x01\x80\x06\x01\x07\xd1\x01\x00"),
        b"\x81\x04\x00\x0c\x7f\x00\x00\x01\xba\xc0\x01\x04\x10\x08",
        b"\x81\x05\x00\x06\x00\x3c",
    ]
    for _ in range(PACKETS):
        packet = bytearray(chance.choice(good))
        for _ in range(chance.randint(1, 4)):
            packet[chance.randrange(len(packet))] = chance.randrange(256)
        if chance.random() < 0.3:
            packet = packet[: chance.randrange(len(packet))]
        elif chance.random() < 0.2:
            packet += chance.randbytes(chance.randint(1, 20))
        if chance.random() < 0.5 and len(packet) > 3:
            packet[2:4] = struct.pack(">H", len(packet))
        yield bytes(packet)


async def test_survives_broken_packets(
    face: BacnetFace, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = {number: dict(entry.images) for number, entry in enumerate(face.table)}
    for number, packet in enumerate(packets(1)):
        await client.send(packet)
        if number % 20 == 0:
            await client.drain(0.001)
    await client.drain(0.1)
    assert face._datagrams is not None
    assert face._transactions is not None
    assert face._datagrams.malformed > 100
    assert len(caplog.records) < 20
    assert len(face._datagrams._tasks) == 0
    for transaction in face._transactions.serverTransactions:
        assert transaction._timer_handle is not None  # each one ends by itself
    assert {number: entry.images for number, entry in enumerate(face.table)} == before
    fresh = Client(client.target)
    assert (await fresh.ask(12, read(0, 1, 85))).kind == COMPLEX
    fresh.close()


async def test_wrong_packets_are_logged_once_a_kind(
    face: BacnetFace, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(50):
        await client.send(b"\x81\x0a\x00\x99\x01\x04")
        await client.send(b"\x55")
    assert await client.silent(0.05)
    told = [record for record in caplog.records if "bacnet_malformed" in record.getMessage()]
    assert 1 <= len(told) <= 3
