"""WriteProperty and WritePropertyMultiple: who may write what, and what is refused how."""

from typing import Any

import pytest
from bacpypes3.apdu import APDU, APCISequence
from bacpypes3.pdu import PDU
from hypothesis import given, settings
from hypothesis import strategies as st

from bacnet.client import (
    ACCUMULATOR,
    ANALOG_INPUT,
    ANALOG_OUTPUT,
    BINARY_INPUT,
    BINARY_OUTPUT,
    DEVICE,
    MULTI_STATE_VALUE,
    oid,
    read,
)
from bacnet.site import (
    BAD_TYPE,
    CLIENT,
    DENIED,
    DEVICE_ID,
    OPEN,
    OUT_OF_RANGE,
    STRANGER,
    Site,
    wish,
    wishes,
)
from submeter.bacnet import encoding
from submeter.bacnet.answer import DONE, Aborted, ErrorAnswer, Reason, Rejected
from submeter.bacnet.fault import Fault
from submeter.bacnet.peer import Peer
from submeter.bacnet.writing.write_request import MOST_WRITES
from submeter.meter import unlock_code
from submeter.meter.access_settings import AccessSettings
from submeter.meter.instant import Instant
from submeter.meter.setup import Setup
from tooling import meters

UNKNOWN_OBJECT, UNKNOWN_PROPERTY, NOT_AN_ARRAY, BAD_INDEX = (1, 31), (2, 32), (2, 50), (2, 42)
INTERVAL, WINDOW = 3, "Demand_Interval"
NAME, PRESENT_VALUE, OBJECT_LIST = 77, 85, 76
CHARACTER_STRING = 40
WILDCARD = 4194303
TWENTY = encoding.real(20)


@pytest.fixture
def site() -> Site:
    return Site(OPEN)


def setting(site: Site, name: str = WINDOW) -> int | float | None:
    return site.meter.readings[name].value


def failed(answer: object) -> tuple[tuple[int, int], int, int, int | None]:
    """Return the fault and the place that a WritePropertyMultiple-Error names."""
    assert isinstance(answer, ErrorAnswer), answer
    decoded: Any = APCISequence.decode(APDU.decode(PDU(b"\x50\x01\x10" + answer.body)))
    first = decoded.firstFailedWriteAttempt
    fault = int(decoded.errorType.errorClass), int(decoded.errorType.errorCode)
    place = (int(first.objectIdentifier[0]) << 22) + first.objectIdentifier[1]
    return fault, place, int(first.propertyIdentifier), first.propertyArrayIndex


def place(kind: int, instance: int) -> int:
    return kind << 22 | instance


def test_nobody_writes_by_default() -> None:
    site = Site()
    for entry in site.table:
        for number in [*entry.numbers, 371]:
            for priority in (None, 8):
                answer = site.write(entry.type, entry.instance, TWENTY, priority, number=number)
                assert answer == DENIED
    assert setting(site) == 15
    assert {entry.event for entry in site.entries()} == {"write_refused"}


def test_strangers_do_not_write(site: Site) -> None:
    assert site.write(ANALOG_OUTPUT, INTERVAL, TWENTY, peer=STRANGER) == DENIED
    (entry,) = site.entries()
    assert (entry.event, entry.meter, entry.who) == (
        "write_refused",
        "main",
        "bacnet 198.51.100.7",
    )
    assert entry.detail == 'point=Demand_Interval value="" reason=not-allowed'


def test_a_station_behind_a_router_is_its_router(site: Site) -> None:
    near, far = Peer(CLIENT.place, 2001, b"\x05"), Peer(STRANGER.place, 2001, b"\x05")
    assert site.write(ANALOG_OUTPUT, INTERVAL, TWENTY, peer=far) == DENIED
    assert site.write(ANALOG_OUTPUT, INTERVAL, TWENTY, peer=near) is None
    assert setting(site) == 20


def test_stations_behind_a_router_have_leases_of_their_own() -> None:
    code = "let-me-in"
    locked = AccessSettings(networks=["192.0.2.0/24"], unlock=unlock_code.hashed(code))
    site = Site(locked)
    one, two = Peer(CLIENT.place, 2001, b"\x05"), Peer(CLIENT.place, 2001, b"\x06")
    assert site.write(CHARACTER_STRING, 1, encoding.text(code), peer=one) is None
    for peer in (CLIENT, two, Peer(CLIENT.place, 2002, b"\x05")):
        assert site.write(ANALOG_OUTPUT, INTERVAL, TWENTY, peer=peer) == DENIED
    assert site.write(ANALOG_OUTPUT, INTERVAL, TWENTY, peer=one) is None
    told = {entry.who for entry in site.entries() if entry.event == "setting_changed"}
    assert told == {"bacnet net 2001 mac 05 192.0.2.7"}


def test_no_more_writes_in_a_request_than_can_be_done_at_once(site: Site) -> None:
    each = (ANALOG_OUTPUT, INTERVAL, TWENTY)
    assert site.serve(16, wishes(*[each] * 64)) is DONE
    with pytest.raises(Aborted):
        site.serve(16, wishes(*[each] * 65))


def test_only_settings_and_commands_are_written(site: Site) -> None:
    written = []
    contents = [TWENTY, encoding.unsigned(1), encoding.enumerated(1), encoding.real(1)]
    for entry in site.table:
        for number in [*entry.numbers, 371]:
            answers = [
                site.write(entry.type, entry.instance, content, 8, number=number)
                for content in contents
            ]
            if any(answer != DENIED for answer in answers):
                assert number == PRESENT_VALUE
                written.append(entry.name)
    configuration = [point.name for point in site.meter.points if point.group == "configuration"]
    commands = ["Reset_Demand_Peak", "Sync_Clock"]
    assert sorted(written) == sorted([*configuration, *commands, "Unlock_Code"])


def test_what_is_refused_is_told_of_its_meter_or_of_the_device(site: Site) -> None:
    site.write(ANALOG_INPUT, 1, TWENTY)
    site.write(ANALOG_INPUT, 1, encoding.text("x"), number=NAME)
    site.write(DEVICE, WILDCARD, encoding.text("x"), number=NAME)
    site.write(ANALOG_INPUT, 999, TWENTY)
    site.write(ANALOG_INPUT, 1, TWENTY, number=9999)
    told = [(entry.meter, entry.detail) for entry in site.entries()]
    assert told == [
        ("main", 'point="Active_Power_Total property 85" value="" reason=read-only'),
        ("main", 'point="Active_Power_Total property 77" value="" reason=read-only'),
        ("Submeter", 'point="Submeter property 77" value="" reason=read-only'),
        ("Submeter", 'point="object 0,999 property 85" value="" reason=unknown'),
        ("main", 'point="Active_Power_Total property 9999" value="" reason=unknown'),
    ]


@pytest.mark.parametrize("peer", [CLIENT, STRANGER])
def test_unknown_things(site: Site, peer: Peer) -> None:
    assert site.write(ANALOG_OUTPUT, 999, TWENTY, peer=peer) == UNKNOWN_OBJECT
    assert site.write(ANALOG_OUTPUT, INTERVAL, TWENTY, peer=peer, number=9999) == UNKNOWN_PROPERTY
    assert site.write(ANALOG_OUTPUT, INTERVAL, TWENTY, peer=peer, number=8) == UNKNOWN_PROPERTY
    value = b"\x3e" + TWENTY + b"\x3f"
    for where, index, expected in [
        (read(ANALOG_OUTPUT, INTERVAL, PRESENT_VALUE, 1), 1, NOT_AN_ARRAY),
        (read(MULTI_STATE_VALUE, 1, PRESENT_VALUE, 1), 1, NOT_AN_ARRAY),  # has no value yet
        (read(DEVICE, DEVICE_ID, OBJECT_LIST, 9999), 9999, BAD_INDEX),
        (read(DEVICE, DEVICE_ID, OBJECT_LIST, 1), 1, DENIED),
        (read(ANALOG_OUTPUT, INTERVAL, 87, 8), 8, DENIED),
        (read(ANALOG_OUTPUT, INTERVAL, 9999, 1), 1, UNKNOWN_PROPERTY),
    ]:
        assert site.serve(15, where + value, peer) == expected, index
    assert setting(site) == 15


MALFORMED = {
    "nothing": (15, b"", Reason.MISSING_PARAMETER),
    "no value": (15, read(1, 3, 85), Reason.MISSING_PARAMETER),
    "value that does not end": (15, read(1, 3, 85) + b"\x3e" + TWENTY, Reason.MISSING_PARAMETER),
    "value cut short": (15, read(1, 3, 85) + b"\x3e\x44\x00\x00\x3f", Reason.INVALID_TAG),
    "wrong closing tag": (15, read(1, 3, 85) + b"\x3e\x21\x01\x4f", Reason.INVALID_TAG),
    "long opening tag": (15, read(1, 3, 85) + b"\xfe\x03" + TWENTY + b"\x3f", Reason.INVALID_TAG),
    "long closing tag": (15, read(1, 3, 85) + b"\x3e" + TWENTY + b"\xff\x03", Reason.INVALID_TAG),
    "nested without end": (15, read(1, 3, 85) + b"\x3e" + b"\x0e" * 40, Reason.INVALID_TAG),
    "priority 17": (15, wish(1, 3, TWENTY, 17), Reason.OUT_OF_RANGE),
    "priority 0": (15, wish(1, 3, TWENTY, 0), Reason.OUT_OF_RANGE),
    "more": (15, wish(1, 3, TWENTY, 8) + b"\x00", Reason.TOO_MANY_ARGUMENTS),
    "no value in the value": (15, wish(1, 3, b""), Reason.MISSING_PARAMETER),
    "two values": (15, wish(1, 3, TWENTY * 2), Reason.TOO_MANY_ARGUMENTS),
    "REAL of two octets": (15, wish(1, 3, b"\x42\x00\x00"), Reason.INVALID_DATA_TYPE),
    "extended length cut short": (15, read(1, 3, 85) + b"\x3e\x75\xfe", Reason.INVALID_TAG),
    "gigabytes": (15, read(1, 3, 85) + b"\x3e\x75\xff\x7f\xff\xff\xff", Reason.INVALID_TAG),
    "nothing to write": (16, b"", Reason.MISSING_PARAMETER),
    "an object without a list": (16, b"\x0c" + oid(1, 3), Reason.MISSING_PARAMETER),
    "an empty list": (16, b"\x0c" + oid(1, 3) + b"\x1e\x1f", Reason.MISSING_PARAMETER),
    "broken after a good one": (16, wishes((1, 3, TWENTY)) + b"\x0c\x00", Reason.INVALID_TAG),
    "no value after a good one": (
        16,
        wishes((1, 3, TWENTY), (1, 7, b"")),
        Reason.MISSING_PARAMETER,
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_broken_syntax_is_rejected_and_nothing_is_written(site: Site, name: str) -> None:
    service, body, reason = MALFORMED[name]
    answer = site.serve(service, body)
    assert isinstance(answer, Rejected)
    assert answer.reason is reason
    assert setting(site) == 15
    assert [event for event, _ in site.told()] == ["write_refused"]


@pytest.mark.parametrize("content", [b"", TWENTY * 2, b"\x2e\x00\x2f", b"\x0e\x0f", b"\x13"])
def test_what_nobody_may_write_may_be_anything(site: Site, content: bytes) -> None:
    assert site.write(DEVICE, DEVICE_ID, content, number=NAME) == DENIED
    assert site.write(ANALOG_OUTPUT, INTERVAL, content, peer=STRANGER) == DENIED


def test_several_are_written_in_their_order(site: Site) -> None:
    body = wishes(
        (ANALOG_OUTPUT, INTERVAL, TWENTY),
        (MULTI_STATE_VALUE, 2, encoding.unsigned(1)),
        (BINARY_OUTPUT, 2, encoding.enumerated(1)),
        (ANALOG_OUTPUT, INTERVAL, encoding.real(30)),
    )
    assert site.serve(16, body) is DONE
    assert setting(site) == 30
    assert setting(site, "Modbus_Baudrate") == 9600
    assert setting(site, "Sync_Clock") == 1


def test_several_properties_of_one_object(site: Site) -> None:
    value = b"\x2e" + TWENTY + b"\x2f\x39\x08"
    body = b"\x0c" + oid(ANALOG_OUTPUT, INTERVAL) + b"\x1e\x09\x55" + value + b"\x09\x57" + value
    assert failed(site.serve(16, body + b"\x1f")) == (DENIED, place(1, 3), 87, None)
    assert setting(site) == 20
    assert site.read(ANALOG_OUTPUT, INTERVAL, 431) == encoding.unsigned(8)


def test_it_stops_at_the_first_that_is_refused(site: Site) -> None:
    bad = (ANALOG_OUTPUT, 7, encoding.real(500))
    good = (ANALOG_OUTPUT, INTERVAL, TWENTY)
    answer = site.serve(16, wishes(bad, good))
    assert failed(answer) == (OUT_OF_RANGE, place(1, 7), PRESENT_VALUE, None)
    assert setting(site) == 15
    answer = site.serve(16, wishes(good, bad, (MULTI_STATE_VALUE, 2, encoding.unsigned(1))))
    assert failed(answer) == (OUT_OF_RANGE, place(1, 7), PRESENT_VALUE, None)
    assert setting(site) == 20
    assert setting(site, "Modbus_Baudrate") == 19200


def test_the_error_names_object_property_and_index(site: Site) -> None:
    value = b"\x2e" + TWENTY + b"\x2f"
    indexed = b"\x0c" + oid(BINARY_INPUT, 1) + b"\x1e\x09\x55\x19\x03" + value + b"\x1f"
    assert failed(site.serve(16, indexed)) == (NOT_AN_ARRAY, place(3, 1), PRESENT_VALUE, 3)
    unknown = site.serve(16, wishes((BINARY_INPUT, 99, TWENTY)))
    assert failed(unknown) == (UNKNOWN_OBJECT, place(3, 99), PRESENT_VALUE, None)
    wrong = site.serve(16, wishes((ANALOG_OUTPUT, INTERVAL, encoding.unsigned(1))))
    assert failed(wrong) == (BAD_TYPE, place(1, 3), PRESENT_VALUE, None)


def test_a_request_of_endless_writes_is_aborted(site: Site) -> None:
    body = wishes(*[(ANALOG_OUTPUT, INTERVAL, TWENTY)] * (MOST_WRITES + 1))
    with pytest.raises(Aborted):
        site.serve(16, body)
    assert setting(site) == 15
    assert [event for event, _ in site.told()] == ["write_refused"]
    body = wishes(*[(ANALOG_OUTPUT, INTERVAL, TWENTY)] * MOST_WRITES)
    assert site.serve(16, body) is DONE


SEALED = Setup(configured=meters.WHOLE.configured, commands=meters.WHOLE.commands, sealed=True)
RATINGS = ("CT_Primary_Rating", "CT_Secondary_Rating")
INDEXES = ("Active_Energy_Import", "Active_Energy_Export")
CONTENTS = st.sampled_from(
    [
        encoding.NULL,
        encoding.real(1),
        encoding.real(60),
        encoding.real(400),
        encoding.real(float("nan")),
        encoding.unsigned(2),
        encoding.unsigned(4_000_000),
        encoding.enumerated(1),
        encoding.double(1),
        encoding.text(""),
        encoding.text("a code"),
        b"",
        b"\x0e\x0f",
        b"\x91\x01\x91\x01",
    ]
)
KINDS = st.sampled_from([ANALOG_OUTPUT, BINARY_OUTPUT, MULTI_STATE_VALUE, ACCUMULATOR, 0, 8, 40])
PLACES = st.tuples(KINDS, st.integers(0, 12) | st.just(902) | st.just(DEVICE_ID))
NUMBERS = st.sampled_from([85, 85, 85, 77, 87, 104, 103, 81, 9999])
PRIORITIES = st.none() | st.integers(0, 17)
SINGLE = st.builds(
    lambda where, number, content, priority: (
        15,
        wish(where[0], where[1], content, priority, number),
    ),
    PLACES,
    NUMBERS,
    CONTENTS,
    PRIORITIES,
)
SEVERAL = st.lists(st.tuples(PLACES, CONTENTS), min_size=1, max_size=4).map(
    lambda each: (16, wishes(*((*where, content) for where, content in each)))
)
JUNK = st.tuples(st.sampled_from([15, 16]), st.binary(max_size=40))


@st.composite
def mutated(draw: st.DrawFn) -> tuple[int, bytes]:
    service, body = draw(SINGLE | SEVERAL)
    at = draw(st.integers(0, len(body) - 1))
    how = draw(st.sampled_from(["cut", "flip", "add"]))
    if how == "cut":
        return service, body[:at]
    if how == "flip":
        return service, body[:at] + bytes((draw(st.integers(0, 255)),)) + body[at + 1 :]
    return service, body[:at] + draw(st.binary(max_size=4)) + body[at:]


@given(st.lists(SINGLE | SEVERAL | mutated() | JUNK, min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_no_index_and_no_seal_moves(
    requests: list[tuple[int, bytes]],
) -> None:
    site = Site(OPEN, SEALED)
    meters.know(site.meter, dict.fromkeys(INDEXES, 5_000_000), Instant.now())
    kept = {name: setting(site, name) for name in (*RATINGS, *INDEXES)}
    assert kept["Active_Energy_Import"] == 5_000_000
    site.told()
    for service, body in requests:
        answer = site.serve(service, body)
        refused = isinstance(answer, Fault | Rejected | ErrorAnswer)
        assert refused or answer is DONE
        assert {name: setting(site, name) for name in kept} == kept
        events = [event for event, _ in site.told()]
        assert ("write_refused" in events) == refused
        assert refused or events or oid(40, 1) in body  # where no code is asked for
