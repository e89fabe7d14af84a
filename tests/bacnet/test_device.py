import struct

import submeter
from bacnet.client import DEVICE, NETWORK_PORT, Client, oid
from bacnet.conftest import DEVICE_ID, HOST
from submeter.bacnet import BacnetFace

VERSION = submeter.__version__.encode()


def bits(octets: bytes) -> set[int]:
    """Return the bits that are set in an application-tagged bit string."""
    assert octets[0] == 0x85
    assert len(octets) == 2 + octets[1]
    unused, content = octets[2], octets[3:]
    size = len(content) * 8 - unused
    return {n for n in range(size) if content[n // 8] & 0x80 >> n % 8}


def text(content: bytes) -> bytes:
    return b"\x75" + bytes((len(content) + 1,)) + b"\x00" + content


async def test_services_and_object_types(client: Client) -> None:
    services = await client.value(DEVICE, DEVICE_ID, 97)
    assert bits(services) == {12, 14, 15, 16, 33, 34}
    types = await client.value(DEVICE, DEVICE_ID, 96)
    assert bits(types) == {0, 1, 3, 4, 8, 19, 23, 44, 56}


async def test_device_properties(client: Client) -> None:
    expected = {
        75: b"\xc4" + oid(DEVICE, DEVICE_ID),
        77: text(b"Submeter"),
        79: b"\x91\x08",
        112: b"\x91\x00",
        121: text(b"submeter"),
        120: b"\x22\x03\xe7",
        70: text(b"submeter"),
        44: text(VERSION),
        12: text(VERSION),
        98: b"\x21\x01",
        139: b"\x21\x13",
        62: b"\x22\x05\xc4",
        107: b"\x91\x00",
        167: b"\x21\x10",
        30: b"",
    }
    for number, octets in expected.items():
        assert await client.value(DEVICE, DEVICE_ID, number) == octets, number
    for absent in (56, 57, 119, 152, 24):  # dates and times, COV
        assert await client.fault(DEVICE, DEVICE_ID, absent) == (2, 32)


async def test_empty_texts(client: Client) -> None:
    for number in (28, 58):
        assert await client.value(DEVICE, DEVICE_ID, number) == b"\x71\x00"


async def test_network_port(client: Client, port: int) -> None:
    address = bytes(map(int, HOST.split(".")))
    expected = {
        423: b"\x65\x06" + address + struct.pack(">H", port),
        400: b"\x64" + address,
        411: b"\x64\xff\x00\x00\x00",
        412: b"\x22" + struct.pack(">H", port),
        427: b"\x91\x05",
        408: b"\x91\x00",
        401: b"\x64\x00\x00\x00\x00",
        425: b"\x21\x00",
        426: b"\x91\x00",
        399: b"\x22\x05\xc4",
    }
    for number, octets in expected.items():
        assert await client.value(NETWORK_PORT, 1, number) == octets, number


async def test_database_revision_is_that_of_the_list(client: Client, face: BacnetFace) -> None:
    octets = await client.value(DEVICE, DEVICE_ID, 155)
    assert int.from_bytes(octets[1:], "big") == face.table.revision
