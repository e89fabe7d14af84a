from unittest.mock import Mock

import pytest

from bacnet.client import (
    ACCUMULATOR,
    ANALOG_INPUT,
    ANALOG_OUTPUT,
    DEVICE,
    NETWORK_PORT,
    Answer,
    oid,
    read,
    read_multiple,
    reference,
)
from bacnet.site import CLIENT, DEVICE_ID, Site
from submeter.bacnet.answer import Aborted, AbortReason, Ack, Fitted, Reason, Rejected
from submeter.bacnet.application.limits import LARGEST_ANSWER
from submeter.bacnet.reading import read_answer
from submeter.bacnet.reading.read_request import MOST_READ

NAME, PRESENT_VALUE, STATUS_FLAGS, UNITS, OBJECT_LIST = 77, 85, 111, 117, 76
UNKNOWN_OBJECT, UNKNOWN_PROPERTY = (1, 31), (2, 32)
NOT_AN_ARRAY, BAD_INDEX, NOT_INITIALIZED = (2, 50), (2, 42), (2, 72)
NAN = b"\x44\x7f\xc0\x00\x00"
WILDCARD = 4194303


@pytest.fixture(scope="module")
def site() -> Site:
    return Site()


def multiple(site: Site, body: bytes) -> dict[tuple[int, int, int], object]:
    """Return the results of a ReadPropertyMultiple as bacpypes3 decodes them."""
    answer = site.serve(14, body)
    assert isinstance(answer, Ack), answer
    return Answer(b"\x30\x01\x0e" + answer.body).results


def test_read_property_answers_the_encoded_value(site: Site) -> None:
    assert site.read(ANALOG_INPUT, 1, UNITS) == b"\x91\x30"
    assert site.read(ANALOG_INPUT, 1, PRESENT_VALUE) == NAN


def test_read_property_refusals(site: Site) -> None:
    assert site.read(ANALOG_INPUT, 999, PRESENT_VALUE) == UNKNOWN_OBJECT
    assert site.read(ANALOG_INPUT, WILDCARD, NAME) == UNKNOWN_OBJECT
    assert site.read(ANALOG_INPUT, 1, 9999) == UNKNOWN_PROPERTY
    assert site.read(ANALOG_INPUT, 1, 9999, 1) == UNKNOWN_PROPERTY
    assert site.read(ANALOG_INPUT, 1, 8) == UNKNOWN_PROPERTY  # ALL is for the multiple
    assert site.read(ACCUMULATOR, 1, PRESENT_VALUE) == NOT_INITIALIZED
    assert site.read(ANALOG_INPUT, 1, PRESENT_VALUE, 1) == NOT_AN_ARRAY
    assert site.read(DEVICE, DEVICE_ID, OBJECT_LIST, 9999) == BAD_INDEX


def test_arrays_are_read_whole_or_by_element(site: Site) -> None:
    count = len(site.table)
    assert site.read(DEVICE, DEVICE_ID, OBJECT_LIST, 0) == b"\x22" + count.to_bytes(2, "big")
    assert site.read(DEVICE, DEVICE_ID, OBJECT_LIST, 1) == b"\xc4" + oid(DEVICE, DEVICE_ID)
    whole = site.read(DEVICE, DEVICE_ID, OBJECT_LIST)
    assert len(whole) == count * 5
    assert site.read(DEVICE, DEVICE_ID, OBJECT_LIST, count) == whole[-5:]


@pytest.mark.parametrize(("kind", "own"), [(DEVICE, DEVICE_ID), (NETWORK_PORT, 1)])
def test_wildcard_instance_is_answered_with_the_real_one(site: Site, kind: int, own: int) -> None:
    answer = site.serve(12, read(kind, WILDCARD, NAME))
    assert isinstance(answer, Ack)
    assert answer.body.startswith(read(kind, own, NAME))
    assert list(multiple(site, read_multiple((kind, WILDCARD, [NAME])))) == [(kind, own, NAME)]


def test_read_multiple_answers_each_property_for_itself(site: Site) -> None:
    asked = read_multiple(
        (ANALOG_INPUT, 1, [PRESENT_VALUE, 9999, UNITS]),
        (ANALOG_INPUT, 999, [PRESENT_VALUE, NAME]),
        (ACCUMULATOR, 1, [PRESENT_VALUE, UNITS]),
    )
    assert multiple(site, asked) == {
        (ANALOG_INPUT, 1, PRESENT_VALUE): NAN,
        (ANALOG_INPUT, 1, UNITS): b"\x91\x30",
        (ACCUMULATOR, 1, UNITS): b"\x91\x13",
        (ANALOG_INPUT, 1, 9999): UNKNOWN_PROPERTY,
        (ANALOG_INPUT, 999, PRESENT_VALUE): UNKNOWN_OBJECT,
        (ANALOG_INPUT, 999, NAME): UNKNOWN_OBJECT,
        (ACCUMULATOR, 1, PRESENT_VALUE): NOT_INITIALIZED,
    }


def test_read_multiple_of_unknown_objects_only(site: Site) -> None:
    body = read_multiple((ANALOG_INPUT, 999, [8]))
    assert multiple(site, body) == {(ANALOG_INPUT, 999, 8): UNKNOWN_OBJECT}


def test_all_required_and_optional(site: Site) -> None:
    found = {
        group: {key[2] for key in multiple(site, read_multiple((ANALOG_OUTPUT, 3, [group])))}
        for group in (8, 105, 80)
    }
    assert {75, 77, 79, 85, 87, 104, 111, 36, 81, 117, 431} == found[105]
    assert {28, 103} < found[80]
    assert found[8] == found[105] | found[80]
    assert not found[105] & found[80]
    assert 371 not in found[8]  # Property_List is not among them


def test_group_with_an_index_is_no_array(site: Site) -> None:
    body = b"\x0c" + oid(0, 1) + b"\x1e\x09\x08\x19\x01\x1f"
    assert multiple(site, body) == {(0, 1, 8): NOT_AN_ARRAY}


MALFORMED = {
    "nothing": (12, b"", Reason.MISSING_PARAMETER),
    "no property": (12, b"\x0c" + oid(0, 1), Reason.MISSING_PARAMETER),
    "short object": (12, b"\x0b\x00\x00\x01\x19\x55", Reason.INVALID_DATA_TYPE),
    "truncated object": (12, b"\x0c\x00\x00", Reason.INVALID_TAG),
    "property of no octets": (12, b"\x0c" + oid(0, 1) + b"\x18", Reason.INVALID_DATA_TYPE),
    "property of five octets": (
        12,
        b"\x0c" + oid(0, 1) + b"\x1d\x05\x00\x00\x00\x00\x55",
        Reason.INVALID_DATA_TYPE,
    ),
    "something after it": (12, read(0, 1, 85) + b"\x39\x01", Reason.TOO_MANY_ARGUMENTS),
    "application tags": (12, b"\xc4" + oid(0, 1) + b"\x91\x55", Reason.MISSING_PARAMETER),
    "nothing to read": (14, b"", Reason.MISSING_PARAMETER),
    "endless list": (14, b"\x0c" + oid(0, 1) + b"\x1e\x09\x55", Reason.MISSING_PARAMETER),
    "no list": (14, b"\x0c" + oid(0, 1) + b"\x09\x55", Reason.MISSING_PARAMETER),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_broken_reads_are_rejected(site: Site, name: str) -> None:
    service, body, reason = MALFORMED[name]
    answer = site.serve(service, body)
    assert isinstance(answer, Rejected)
    assert answer.reason is reason


def test_property_numbers_of_three_octets(site: Site) -> None:
    answer = site.serve(12, b"\x0c" + oid(0, 1) + b"\x1b\x00\x00\x55")
    assert answer == Ack(read(0, 1, 85) + b"\x3e" + NAN + b"\x3f")


def results(site: Site, body: bytes, room: int) -> bytes | AbortReason:
    """Return the results of a ReadPropertyMultiple that fit, or why there are none."""
    fitted = site.confirmed[14](body, CLIENT)
    assert isinstance(fitted, Fitted)
    assert not fitted.in_parts
    try:
        answer = fitted.make(room)
    except Aborted as aborted:
        return aborted.reason
    assert isinstance(answer, Ack)
    return answer.body


def test_results_are_read_as_far_as_they_can_be_sent(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = read_multiple((DEVICE, DEVICE_ID, [NAME] * 20))
    whole = results(site, body, 10_000)
    assert isinstance(whole, bytes)
    assert results(site, body, len(whole)) == whole
    assert results(site, body, len(whole) - 1) is AbortReason.BUFFER_OVERFLOW
    read = Mock(wraps=read_answer.value)
    monkeypatch.setattr(read_answer, "value", read)
    assert results(site, body, len(whole) // 2) is AbortReason.BUFFER_OVERFLOW
    assert read.call_count in (10, 11)


def references(count: int, number: int = PRESENT_VALUE) -> bytes:
    return b"\x0c" + oid(ANALOG_INPUT, 1) + b"\x1e" + reference(0, number) * count + b"\x1f"


@pytest.mark.parametrize(
    ("most", "too_many"),
    [
        (references(MOST_READ - 1), references(MOST_READ)),
        (references(1) * (MOST_READ // 2), references(1) * (MOST_READ // 2) + references(0)),
        (references(MOST_READ // 15, 8), references(MOST_READ // 15 + 1, 8)),
    ],
    ids=["references", "objects", "groups"],
)
def test_one_request_reads_so_much(site: Site, most: bytes, too_many: bytes) -> None:
    assert len(site.table.find(1).numbers) == 15  # type: ignore[union-attr]
    assert isinstance(results(site, most, 1 << 20), bytes)
    assert results(site, too_many, 1 << 20) is AbortReason.BUFFER_OVERFLOW


def test_what_follows_too_much_is_not_even_parsed(site: Site) -> None:
    assert results(site, references(MOST_READ) + b"junk", 1 << 20) is AbortReason.BUFFER_OVERFLOW


def test_no_answer_grows_without_end(site: Site) -> None:
    body = b"\x0c" + oid(DEVICE, DEVICE_ID) + b"\x1e" + reference(0, OBJECT_LIST) * 1400 + b"\x1f"
    assert results(site, body, LARGEST_ANSWER) is AbortReason.BUFFER_OVERFLOW
