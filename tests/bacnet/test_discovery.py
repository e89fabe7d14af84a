import struct
from collections.abc import Iterator

import pytest

from bacnet.client import ANALOG_INPUT, DEVICE, Client, frame, oid
from bacnet.conftest import DEVICE_ID
from submeter.bacnet import BacnetFace

I_AM = b"\x10\x00\xc4" + oid(DEVICE, DEVICE_ID) + b"\x22\x05\xc4\x91\x00\x22\x03\xe7"
ALL_NETWORKS = struct.pack(">BBHBB", 1, 0x20, 0xFFFF, 0, 255)


def limits(low: int, high: int) -> bytes:
    return b"".join(
        bytes((tag << 4 | 0x0B,)) + value.to_bytes(3, "big") for tag, value in ((0, low), (1, high))
    )


def who_has_name(name: str) -> bytes:
    content = b"\x00" + name.encode()
    return b"\x10\x07\x3d" + bytes((len(content),)) + content


def i_have(kind: int, instance: int, name: str) -> bytes:
    content = b"\x00" + name.encode()
    return (
        b"\x10\x01\xc4" + oid(DEVICE, DEVICE_ID) + b"\xc4" + oid(kind, instance)
        + b"\x75" + bytes((len(content),)) + content
    )  # fmt: skip


async def test_who_is_is_answered_to_the_one_who_asks(client: Client) -> None:
    await client.send(frame(b"\x10\x08"))
    assert (await client.receive()).apdu == I_AM


@pytest.fixture
def neighbour(face: BacnetFace, port: int) -> Iterator[Client]:
    """A device on the same port of another address, as most clients are."""
    opened = Client(("127.255.255.255", port), "127.46.0.9", port)
    yield opened
    opened.close()


async def test_broadcast_who_is_from_the_same_port(neighbour: Client) -> None:
    await neighbour.send(frame(b"\x10\x08", function=0x0B, npci=ALL_NETWORKS))
    assert (await neighbour.receive()).apdu == I_AM


@pytest.mark.parametrize(
    ("low", "high", "meant"),
    [
        (0, 4194303, True),
        (DEVICE_ID, DEVICE_ID, True),
        (DEVICE_ID + 1, 4194303, False),
        (0, DEVICE_ID - 1, False),
        (DEVICE_ID, 4194304, False),
        (5000, 3000, False),
    ],
)
async def test_limits(client: Client, low: int, high: int, meant: bool) -> None:
    await client.send(frame(b"\x10\x08" + limits(low, high)))
    await client.send(frame(b"\x10\x07" + limits(low, high) + b"\x2c" + oid(ANALOG_INPUT, 1)))
    if meant:
        assert (await client.receive()).apdu == I_AM
        assert (await client.receive()).apdu == i_have(ANALOG_INPUT, 1, "Active_Power_Total")
    assert await client.silent()


async def test_half_a_range_is_not_answered(client: Client, face: BacnetFace) -> None:
    await client.send(frame(b"\x10\x08\x09\x01"))
    assert await client.silent()
    assert face._datagrams is not None
    assert face._datagrams.malformed == 0


async def test_who_has_by_identifier_and_by_name(client: Client) -> None:
    await client.send(frame(b"\x10\x07\x2c" + oid(ANALOG_INPUT, 1)))
    assert (await client.receive()).apdu == i_have(ANALOG_INPUT, 1, "Active_Power_Total")
    await client.send(frame(who_has_name("Frequency")))
    assert (await client.receive()).apdu == i_have(ANALOG_INPUT, 21, "Frequency")
    await client.send(frame(who_has_name("Submeter")))
    assert (await client.receive()).apdu == i_have(DEVICE, DEVICE_ID, "Submeter")


async def test_who_has_what_is_not_here(client: Client) -> None:
    await client.send(frame(b"\x10\x07\x2c" + oid(ANALOG_INPUT, 999)))
    await client.send(frame(who_has_name("frequency")))
    await client.send(frame(b"\x10\x07"))
    assert await client.silent()


@pytest.mark.parametrize("service", [n for n in range(20) if n not in (7, 8)])
async def test_other_unconfirmed_services_change_nothing(client: Client, service: int) -> None:
    await client.send(frame(bytes((0x10, service)) + I_AM[2:]))
    await client.send(frame(b"\x10\x08"))
    assert (await client.receive()).apdu == I_AM
