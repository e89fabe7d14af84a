import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbus.units import ADDRESS, BAUDRATE, CODE, INTERVAL, MAP, PEER, WHO, Site
from modbus.wire import measured, place, register, small_map
from submeter.errors import Refusal
from submeter.meter.access import Who
from submeter.modbus.image import Image
from submeter.modbus.unit import Peer, Pending
from submeter.pointmap.address import Table
from submeter.pointmap.meter_file import WhenStale
from submeter.pointmap.register import UnlockCode

TEN = struct.pack(">f", 10.0).hex()


@pytest.mark.parametrize(
    ("request_", "reply", "wishes"),
    [
        ("05 0000 ff00", "05 0000 ff00", [("Reset_Demand_Peak", 1)]),
        ("05 0000 0000", "05 0000 0000", [("Reset_Demand_Peak", 0)]),
        ("06 0002 0022", "06 0002 0022", [(ADDRESS, 0x22)]),
        ("06 0003 0000", "06 0003 0000", [(BAUDRATE, 9600)]),
        ("06 0007 ffff", "06 0007 ffff", [("Overload_Threshold", -1)]),
        ("06 ffff 0009", "06 ffff 0009", [("Display_Backlight_Timeout", 9)]),
        ("0f 0000 0002 01 02", "0f 0000 0002", [("Reset_Demand_Peak", 0), ("Sync_Clock", 1)]),
        ("0f 0000 0001 01 ff", "0f 0000 0001", [("Reset_Demand_Peak", 1)]),
        (f"10 0000 0002 04 {TEN}", "10 0000 0002", [(INTERVAL, 10.0)]),
        (
            f"10 0000 0004 08 {TEN} 0022 0001",
            "10 0000 0004",
            [(INTERVAL, 10.0), (ADDRESS, 0x22), (BAUDRATE, 19200)],
        ),
        # The example of V1.1b3, 6.16: 0x12 with F2 and 25 gives 17.
        ("16 0002 00f2 0025", "16 0002 00f2 0025", [(ADDRESS, 0x17)]),
        ("17 0002 0001 0002 0001 02 0030", "17 02 0012", [(ADDRESS, 0x30)]),
        (
            "17 0000 0004 0007 0001 02 0030",
            "17 08 41700000 0012 0001",
            [("Overload_Threshold", 48)],
        ),
        ("17 0002 0002 0007 0001 02 0030", "17 04 00e6 0001", [("Overload_Threshold", 48)]),
    ],
)
def test_what_can_be_written(
    request_: str, reply: str, wishes: list[tuple[str, int | float]]
) -> None:
    site = Site()
    assert site.ask(request_) == bytes.fromhex(reply)
    assert site.door.written == [wishes]
    assert not site.door.refused


@pytest.mark.parametrize(
    "request_",
    [
        # Lengths, quantities and byte counts, even where the address is wrong too.
        *("05", "05 0000", "05 0000 ff", "05 0000 ff00 00", "06 0002", "06 0002 0022 00"),
        *("05 0000 0001", "05 0000 1234", "05 0000 ff01", "05 ffff 00ff"),
        *("0f", "0f 0000 0001 01", "0f 0000 0000 00", "0f 0000 0001 00", "0f ffff 0000 00"),
        *("0f 0000 0001 02 0100", "0f 0000 0002 01 0200", "0f 0000 0009 01 00"),
        f"0f 0000 07b1 f7 {bytes(247).hex()}",
        *("10", "10 0000 0002 04", "10 0000 0000 00", "10 ffff 0000 00", "10 0000 0002 02 0000"),
        *("10 0000 0002 04 00000000 00", "10 0000 0002 04 000000", "10 0000 0001 04 00000000"),
        f"10 0000 007c f8 {bytes(248).hex()}",
        *("16", "16 0002 00f2", "16 0002 00f2 0025 00"),
        *("17", "17 0002 0001 0002 0001 02", "17 0002 0000 0002 0001 02 0030"),
        *("17 0002 007e 0002 0001 02 0030", "17 0002 0001 0002 0000 00"),
        *("17 0002 0001 0002 0001 04 0030", "17 0002 0001 0002 0001 02 0030 00"),
        f"17 0002 0001 0000 007a f4 {bytes(244).hex()}",
        "17 ffff 007e 0004 0001 02 0030",
    ],
)
def test_the_form_comes_first(request_: str) -> None:
    site = Site()
    pdu = bytes.fromhex(request_)
    assert site.ask(pdu) == bytes((pdu[0] | 0x80, 3))
    assert not site.door.written
    assert [each[2] for each in site.door.refused] == [Refusal.OUT_OF_RANGE]


@pytest.mark.parametrize(
    "request_",
    [
        f"0f 0000 07b0 f6 {bytes(246).hex()}",
        f"10 0000 007b f6 {bytes(246).hex()}",
        f"17 0002 007d 0000 0079 f2 {bytes(242).hex()}",
    ],
)
def test_the_largest_quantities_are_no_fault_of_form(request_: str) -> None:
    pdu = bytes.fromhex(request_)
    assert Site().ask(pdu) == bytes((pdu[0] | 0x80, 2))


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ("05 0003 ff00", Refusal.UNKNOWN),
        ("05 ffff ff00", Refusal.UNKNOWN),
        ("06 0004 0001", Refusal.UNKNOWN),
        ("10 0003 0002 04 0000 0000", Refusal.UNKNOWN),
        ("0f 0001 0003 01 00", Refusal.READ_ONLY),
        ("10 ffff 0002 04 0001 0001", Refusal.UNKNOWN),  # beyond the table
        ("06 0009 0007", Refusal.READ_ONLY),  # a constant
        ("06 0005 0007", Refusal.READ_ONLY),  # and half of one value
        ("05 0002 ff00", Refusal.READ_ONLY),
        ("10 0000 0005 0a 7fc0 0000 0000 0000 0000", Refusal.UNKNOWN),  # before a bad value
        ("10 0001 0004 08 0000 0000 0000 0000", Refusal.UNKNOWN),  # before half of a value
        ("16 0004 0000 0000", Refusal.UNKNOWN),
        ("16 0009 0000 0000", Refusal.READ_ONLY),
        ("17 0002 0001 0004 0001 02 0000", Refusal.UNKNOWN),
        ("17 0010 0001 0002 0001 02 0030", Refusal.UNKNOWN),  # only the read is wrong
        ("17 0010 0001 0000 0001 02 0030", Refusal.UNKNOWN),  # before half of a value
    ],
)
def test_then_addresses(request_: str, reason: Refusal) -> None:
    site = Site()
    pdu = bytes.fromhex(request_)
    assert site.ask(pdu) == bytes((pdu[0] | 0x80, 2))
    assert not site.door.written
    assert [each[2] for each in site.door.refused] == [reason]


@pytest.mark.parametrize(
    ("request_", "what"),
    [
        ("06 0000 4120", INTERVAL),  # half of a value
        ("06 0001 0000", INTERVAL),
        ("16 0000 0000 4120", INTERVAL),
        ("10 0001 0002 04 0000 0022", INTERVAL),
        ("10 0007 0001 02 8000", "Overload_Threshold"),  # the pattern of what is unknown
        ("10 0000 0002 04 7fc00000", INTERVAL),
        ("10 0000 0002 04 7f800000", INTERVAL),
        ("10 0000 0003 06 7fc00000 0022", INTERVAL),  # nothing of it
        ("06 0003 0002", BAUDRATE),  # no code
        ("16 0003 0000 0007", BAUDRATE),
        ("17 0002 0001 0003 0001 02 0009", BAUDRATE),
    ],
)
def test_then_values(request_: str, what: str) -> None:
    site = Site()
    pdu = bytes.fromhex(request_)
    assert site.ask(pdu) == bytes((pdu[0] | 0x80, 3))
    assert not site.door.written
    assert [(each[0], each[2]) for each in site.door.refused] == [(what, Refusal.OUT_OF_RANGE)]


def test_what_is_refused_is_told_as_it_was_to_be_written() -> None:
    site = Site()
    site.ask("10 0000 0002 04 7fc00000")
    site.ask("06 0009 0008")
    site.ask("06 0004 0008")
    site.ask("16 0003 0000 0007")
    assert [each[:2] for each in site.door.refused] == [
        (INTERVAL, "7fc00000"),
        ("holding register 9", "0008"),
        ("HR 0x0004", "function 6"),
        (BAUDRATE, "mask 0000 0007"),
    ]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (Refusal.NOT_ALLOWED, 1),
        (Refusal.UNKNOWN, 2),
        (Refusal.READ_ONLY, 2),
        (Refusal.LOCKED, 3),
        (Refusal.SEALED, 3),
        (Refusal.OUT_OF_RANGE, 3),
        (Refusal.UNSUPPORTED, 4),
    ],
)
@pytest.mark.parametrize(
    "request_",
    [
        "05 0000 ff00",
        "06 0002 0022",
        "0f 0000 0002 01 02",
        "10 0002 0001 02 0022",
        "16 0002 00f2 0025",
        "17 0002 0001 0002 0001 02 0030",
    ],
)
def test_what_the_door_refuses(request_: str, reason: Refusal, code: int) -> None:
    site = Site()
    site.door.reason = reason
    pdu = bytes.fromhex(request_)
    assert site.ask(pdu) == bytes((pdu[0] | 0x80, code))
    assert not site.door.refused  # it tells the audit log itself


@pytest.mark.parametrize("request_", ["05", "06 0004 0001", "10 0014 0002 04 00000001", "16", "17"])
def test_before_everything_else_the_peer_must_be_allowed(request_: str) -> None:
    pdu = bytes.fromhex(request_)
    refused = bytes((pdu[0] | 0x80, 1))
    shut, elsewhere, less = Site(), Site(), Site(functions=frozenset((1, 2, 3, 4)))
    shut.lock.open = False
    assert shut.ask(pdu) == refused
    assert elsewhere.ask(pdu, Peer(WHO, may_write=False)) == refused
    assert less.ask(pdu) == refused
    assert Site(door=None).ask(pdu) == refused
    assert Site(lock=None).ask(pdu) == refused
    for site in (shut, elsewhere, less):
        assert site.door.refused == [(f"function {pdu[0]}", "", Refusal.NOT_ALLOWED)]
        assert not site.lock.tried


def test_a_point_is_written_once() -> None:
    site = Site()
    places = [
        register(INTERVAL, Table.HOLDING, 0, "float32", writable=True),
        register(INTERVAL, Table.HOLDING, 2, "uint16", writable=True),
    ]
    site.unit.image = Image(small_map(places))
    twice = "10 0000 0003 06 {} {}"
    assert site.ask(twice.format(TEN, "000a")) == bytes.fromhex("10 0000 0003")
    assert site.ask(twice.format(TEN, "000b")) == b"\x90\x03"
    assert site.door.written == [[(INTERVAL, 10)]]


def test_function_23_reads_what_it_wrote() -> None:
    site = Site()
    site.door.then = lambda: site.image.apply({ADDRESS: measured(0x30)})
    assert site.ask("17 0002 0001 0002 0001 02 0030") == bytes.fromhex("17 02 0030")


@pytest.mark.parametrize(
    ("fallback", "reply"), [("failure", b"\x97\x04"), ("no-answer", b"\x97\x0b"), ("silence", None)]
)
def test_function_23_writes_nothing_where_it_cannot_answer(
    fallback: str, reply: bytes | None
) -> None:
    site = Site()
    site.unit.image = Image(MAP, when_stale=WhenStale.model_validate({"stale": fallback}))
    assert site.ask("17 0005 0002 0002 0001 02 0030") == reply
    assert not site.door.written
    assert len(site.door.refused) == 1


def test_no_mask_over_a_value_that_is_not_known() -> None:
    site = Site()
    assert site.ask("16 0007 00ff 0100") == b"\x96\x04"
    assert site.door.refused[0][2] is Refusal.UNSUPPORTED


# The unlock code.


NUMBER = int(CODE).to_bytes(4).hex()
TEXT = CODE.encode().ljust(8, b"\0").hex()
BLANKS = CODE.encode().ljust(8).hex()


@pytest.mark.parametrize(
    "request_",
    [f"10 0014 0002 04 {NUMBER}", f"10 0016 0004 08 {TEXT}", f"10 0016 0004 08 {BLANKS}"],
)
def test_the_right_code_is_answered_when_it_is_found_right(request_: str) -> None:
    site = Site()
    pending = site.ask(request_)
    assert isinstance(pending, Pending)
    assert site.lock.tried == [CODE]
    assert pending.work() is True
    assert pending.finish(True) == bytes.fromhex(request_)[:5]
    assert site.lock.concluded == [True]


def test_a_wrong_code_is_exception_3() -> None:
    site = Site()
    pending = site.ask("10 0014 0002 04 00000001")
    assert isinstance(pending, Pending)
    assert pending.finish(pending.work()) == b"\x90\x03"
    assert site.lock.concluded == [False]


@pytest.mark.parametrize(("reason", "code"), [(Refusal.NOT_ALLOWED, 1), (Refusal.LOCKED, 3)])
def test_a_code_that_may_not_be_tried(reason: Refusal, code: int) -> None:
    site = Site()
    site.lock.reason = reason
    assert site.ask(f"10 0014 0002 04 {NUMBER}") == bytes((0x90, code))


def test_where_no_code_is_asked_for_any_is_right() -> None:
    site = Site()
    site.lock.asks = False
    assert site.ask("10 0014 0002 04 00000001") == bytes.fromhex("10 0014 0002")


@pytest.mark.parametrize("request_", ["10 0014 0002 04 00000000", f"10 0016 0004 08 {'00' * 8}"])
def test_zeros_lock_again(request_: str) -> None:
    site = Site()
    assert site.ask(request_) == bytes.fromhex(request_)[:5]
    assert site.lock.locked == 1
    assert not site.lock.tried


@pytest.mark.parametrize(
    "request_",
    [
        "06 0014 0001",  # half of it
        "16 0014 0000 0001",
        f"10 0014 0006 0c {NUMBER} {TEXT}",  # two codes
        f"10 0016 0005 0a {TEXT} 0022",  # a code and a setting
        f"17 0002 0001 0014 0002 04 {NUMBER}",
        f"17 0002 0001 0014 0002 04 {'00' * 4}",
        "10 0014 0002 04 ffffffff",
    ],
)
def test_a_code_comes_alone_and_never_into_the_audit_log(request_: str) -> None:
    site = Site()
    pdu = bytes.fromhex(request_)
    assert site.ask(pdu) == bytes((pdu[0] | 0x80, 3))
    assert not site.lock.tried
    assert not site.lock.locked
    assert not site.door.written
    assert [each[1] for each in site.door.refused] == ["code"]


@pytest.mark.parametrize("cut", [1, 3])
def test_nor_does_one_in_a_request_of_the_wrong_form(cut: int) -> None:
    site = Site()
    pdu = bytes.fromhex(f"10 0014 0002 04 {NUMBER}")[:-cut]
    assert site.ask(pdu) == b"\x90\x03"
    assert NUMBER[:4] not in str(site.door.refused)


def test_a_code_of_one_register() -> None:
    site = Site()
    site.unit.image = Image(
        small_map([place(UnlockCode(), Table.HOLDING, 0, "uint16", writable=True)])
    )
    pending = site.ask("06 0000 1234")
    assert isinstance(pending, Pending)
    assert site.lock.tried == [str(0x1234)]
    assert pending.finish(True) == bytes.fromhex("06 0000 1234")


@given(
    st.sampled_from([5, 6, 15, 16, 22, 23]),
    st.binary(max_size=252),
    st.sampled_from([PEER, Peer(Who("modbus.rtu", "/dev/ttyUSB0"))]),
)
def test_any_bytes_are_written_or_refused(function: int, data: bytes, peer: Peer) -> None:
    site = Site()
    pdu = bytes((function,)) + data
    reply = site.ask(pdu, peer)
    if isinstance(reply, Pending):
        assert len(site.lock.tried) == 1
    else:
        assert reply is not None
        assert reply[0] & 0x7F == function
        written = bool(site.door.written) + site.lock.locked
        assert written + len(site.door.refused) == 1
        assert (reply[0] == function) == bool(written)
