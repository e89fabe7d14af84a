import struct

import pytest

from bacnet.client import (
    ABORT,
    ACCUMULATOR,
    ANALOG_INPUT,
    ANALOG_OUTPUT,
    BINARY_INPUT,
    BINARY_OUTPUT,
    COMPLEX,
    DEVICE,
    NETWORK_PORT,
    REJECT,
    Client,
    oid,
    read,
    read_multiple,
    write,
)
from submeter.bacnet import BacnetFace
from submeter.bacnet.services import Overflow, answer

NAME, PRESENT_VALUE, STATUS_FLAGS, UNITS, OBJECT_LIST = 77, 85, 111, 117, 76
UNKNOWN_OBJECT, UNKNOWN_PROPERTY, DENIED = (1, 31), (2, 32), (2, 40)
NOT_AN_ARRAY, BAD_INDEX, NOT_INITIALIZED = (2, 50), (2, 42), (2, 72)
NAN = b"\x44\x7f\xc0\x00\x00"


async def test_read_property_answers_the_encoded_value(client: Client) -> None:
    assert await client.value(ANALOG_INPUT, 1, UNITS) == b"\x91\x30"
    assert await client.value(ANALOG_INPUT, 1, PRESENT_VALUE) == NAN


async def test_read_property_refusals(client: Client) -> None:
    assert await client.fault(ANALOG_INPUT, 999, PRESENT_VALUE) == UNKNOWN_OBJECT
    assert await client.fault(ANALOG_INPUT, 1, 9999) == UNKNOWN_PROPERTY
    assert await client.fault(ANALOG_INPUT, 1, 8) == UNKNOWN_PROPERTY  # ALL is for the multiple
    assert await client.fault(ACCUMULATOR, 1, PRESENT_VALUE) == NOT_INITIALIZED
    indexed = await client.ask(12, read(ANALOG_INPUT, 1, PRESENT_VALUE, 1))
    assert indexed.error == NOT_AN_ARRAY
    beyond = await client.ask(12, read(DEVICE, 4000, OBJECT_LIST, 9999))
    assert beyond.error == BAD_INDEX


async def test_arrays_are_read_whole_or_by_element(client: Client) -> None:
    assert await client.value(DEVICE, 4000, OBJECT_LIST, 0) == b"\x21\x46"
    assert await client.value(DEVICE, 4000, OBJECT_LIST, 1) == b"\xc4" + oid(DEVICE, 4000)
    whole = await client.value(DEVICE, 4000, OBJECT_LIST)
    assert len(whole) == 70 * 5
    assert await client.value(DEVICE, 4000, OBJECT_LIST, 70) == whole[-5:]


@pytest.mark.parametrize(("kind", "own"), [(DEVICE, 4000), (NETWORK_PORT, 1)])
async def test_wildcard_instance_is_answered_with_the_real_one(
    client: Client, kind: int, own: int
) -> None:
    answer = await client.ask(12, read(kind, 4194303, NAME))
    assert answer.kind == COMPLEX
    assert answer.apdu[3:8] == b"\x0c" + oid(kind, own)
    several = await client.ask(14, read_multiple((kind, 4194303, [NAME])))
    assert list(several.results) == [(kind, own, NAME)]


async def test_wildcard_instance_is_only_for_device_and_network_port(client: Client) -> None:
    assert await client.fault(ANALOG_INPUT, 4194303, NAME) == UNKNOWN_OBJECT


async def test_read_multiple_answers_each_property_for_itself(client: Client) -> None:
    answer = await client.ask(
        14,
        read_multiple(
            (ANALOG_INPUT, 1, [PRESENT_VALUE, 9999, UNITS]),
            (ANALOG_INPUT, 999, [PRESENT_VALUE, NAME]),
            (ACCUMULATOR, 1, [PRESENT_VALUE, UNITS]),
        ),
    )
    assert answer.results == {
        (ANALOG_INPUT, 1, PRESENT_VALUE): NAN,
        (ANALOG_INPUT, 1, UNITS): b"\x91\x30",
        (ACCUMULATOR, 1, UNITS): b"\x91\x13",
        (ANALOG_INPUT, 1, 9999): UNKNOWN_PROPERTY,
        (ANALOG_INPUT, 999, PRESENT_VALUE): UNKNOWN_OBJECT,
        (ANALOG_INPUT, 999, NAME): UNKNOWN_OBJECT,
        (ACCUMULATOR, 1, PRESENT_VALUE): NOT_INITIALIZED,
    }


async def test_read_multiple_of_unknown_objects_only(client: Client) -> None:
    answer = await client.ask(14, read_multiple((ANALOG_INPUT, 999, [8])))
    assert answer.results == {(ANALOG_INPUT, 999, 8): UNKNOWN_OBJECT}


async def test_all_required_and_optional(client: Client) -> None:
    found = {
        group: {key[2] for key in (await client.ask(14, read_multiple((0, 1, [group])))).results}
        for group in (8, 105, 80)
    }
    assert found[105] == {75, 77, 79, 85, 111, 36, 81, 117}
    assert found[80] == {28, 103}
    assert found[8] == found[105] | found[80]


async def test_group_with_an_index_is_no_property(client: Client) -> None:
    body = b"\x0c" + oid(0, 1) + b"\x1e\x09\x08\x19\x01\x1f"
    assert (await client.ask(14, body)).results == {(0, 1, 8): UNKNOWN_PROPERTY}


async def test_every_property_of_every_object_refuses_to_be_written(
    client: Client, face: BacnetFace
) -> None:
    count = 0
    for entry in face.table:
        for number in entry.images:
            for priority in (None, 8):
                body = write(entry.type, entry.instance, number, b"\x44\x00\x00\x00\x00", priority)
                assert (await client.ask(15, body)).error == DENIED
                count += 1
    assert count > 2 * 66 * 9


@pytest.mark.parametrize(
    "value", [b"\x00", b"\x10", b"\x11", b"\x75\x05\x00abcd", b"\xc4\x00\x00\x00\x01", b""]
)
async def test_no_kind_of_value_is_written(client: Client, value: bytes) -> None:
    assert (await client.ask(15, write(ANALOG_OUTPUT, 1, PRESENT_VALUE, value))).error == DENIED
    assert (await client.ask(15, write(DEVICE, 4194303, NAME, value))).error == DENIED


async def test_unknown_things_are_not_written_either(client: Client) -> None:
    body = write(ANALOG_OUTPUT, 999, PRESENT_VALUE, b"\x00")
    assert (await client.ask(15, body)).error == UNKNOWN_OBJECT
    body = write(ANALOG_OUTPUT, 1, 9999, b"\x00")
    assert (await client.ask(15, body)).error == UNKNOWN_PROPERTY


async def test_write_multiple_names_the_first_failure(client: Client) -> None:
    value = b"\x2e\x44\x00\x00\x00\x00\x2f\x39\x08"
    first = b"\x0c" + oid(BINARY_OUTPUT, 1) + b"\x1e\x09\x55" + value + b"\x1f"
    second = b"\x0c" + oid(BINARY_INPUT, 1) + b"\x1e\x09\x55\x19\x03" + value + b"\x1f"
    unknown = b"\x0c" + oid(BINARY_INPUT, 99) + b"\x1e\x09\x55" + value + b"\x1f"
    head = b"\x0e\x91\x02\x91\x28\x0f\x1e\x0c"
    denied = await client.ask(16, first + second)
    assert denied.apdu[3:] == head + oid(BINARY_OUTPUT, 1) + b"\x19\x55\x1f"
    indexed = await client.ask(16, second + first)
    assert indexed.apdu[3:] == head + oid(BINARY_INPUT, 1) + b"\x19\x55\x29\x03\x1f"
    nobody = await client.ask(16, unknown + first)
    assert nobody.apdu[3:7] == b"\x0e\x91\x01\x91"
    assert nobody.apdu[7] == 31
    assert nobody.decoded.firstFailedWriteAttempt.objectIdentifier[1] == 99


@pytest.mark.parametrize("service", [n for n in range(64) if n not in (12, 14, 15, 16)])
async def test_other_services_are_rejected_as_unrecognized(client: Client, service: int) -> None:
    answer = await client.ask(service, read(ANALOG_INPUT, 1, PRESENT_VALUE))
    assert (answer.kind, answer.reason) == (REJECT, 9)


MALFORMED = {
    "nothing": (12, b"", 5),
    "no property": (12, b"\x0c" + oid(0, 1), 5),
    "short object": (12, b"\x0b\x00\x00\x01\x19\x55", 3),
    "truncated object": (12, b"\x0c\x00\x00", 4),
    "property of no octets": (12, b"\x0c" + oid(0, 1) + b"\x18", 3),
    "property of five octets": (12, b"\x0c" + oid(0, 1) + b"\x1d\x05\x00\x00\x00\x00\x55", 3),
    "something after it": (12, read(0, 1, 85) + b"\x39\x01", 7),
    "application tags": (12, b"\xc4" + oid(0, 1) + b"\x91\x55", 5),
    "nothing to read": (14, b"", 5),
    "list that does not end": (14, b"\x0c" + oid(0, 1) + b"\x1e\x09\x55", 5),
    "no list": (14, b"\x0c" + oid(0, 1) + b"\x09\x55", 5),
    "write without value": (15, read(0, 1, 85), 5),
    "value that does not end": (15, read(0, 1, 85) + b"\x3e\x44\x00\x00\x00\x00", 5),
    "value cut short": (15, read(0, 1, 85) + b"\x3e\x44\x00\x00\x3f", 4),
    "wrong closing tag": (15, read(0, 1, 85) + b"\x3e\x21\x01\x4f", 4),
    "nested without end": (15, read(0, 1, 85) + b"\x3e" + b"\x0e" * 40, 4),
    "priority 17": (15, write(0, 1, 85, b"\x00", 17), 6),
    "priority 0": (15, write(0, 1, 85, b"\x00", 0), 6),
    "nothing to write": (16, b"", 5),
    "extended length cut short": (15, read(0, 1, 85) + b"\x3e\x75\xfe", 4),
    "extended length beyond the end": (15, read(0, 1, 85) + b"\x3e\x75\xff\x7f\xff\xff\xff", 4),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_broken_syntax_is_rejected(client: Client, name: str) -> None:
    service, body, reason = MALFORMED[name]
    answer = await client.ask(service, body)
    assert (answer.kind, answer.reason) == (REJECT, reason)


async def test_property_numbers_of_three_octets(client: Client) -> None:
    body = b"\x0c" + oid(0, 1) + b"\x1b\x00\x00\x55"
    answer = await client.ask(12, body)
    assert answer.apdu[3:] == read(0, 1, 85) + b"\x3e" + NAN + b"\x3f"


def test_no_answer_grows_without_end(face: BacnetFace) -> None:
    body = b"\x0c" + oid(DEVICE, 4000) + b"\x1e" + b"\x09\x4c" * 2000 + b"\x1f"
    with pytest.raises(Overflow):
        answer(face.table, 14, body)


@pytest.mark.parametrize(("times", "size"), [(700, 0), (1400, 5)])
async def test_answer_of_too_many_segments_is_aborted(
    client: Client, times: int, size: int
) -> None:
    body = b"\x0c" + oid(DEVICE, 4000) + b"\x1e" + b"\x09\x4c" * times + b"\x1f"
    answer = await client.ask(14, body, header=struct.pack("BB", 0x02, 0x70 | size))
    assert (answer.kind, answer.reason) == (ABORT, 1)
