import contextlib

import pytest
from bacpypes3.ipv4 import bvll as library
from bacpypes3.pdu import PDU
from hypothesis import given
from hypothesis import strategies as st

from submeter.bacnet.link import bvll
from submeter.bacnet.link.bvll import Function
from submeter.bacnet.peer import Place
from submeter.errors import FrameError

sixteen = st.integers(0, 65535)
places = st.tuples(st.ip_addresses(v=4).map(str), sixteen)
A, B = ("192.0.2.1", 47808), ("198.51.100.7", 47809)


@given(st.integers(0, 255), st.binary(max_size=1500))
def test_packets_round_trip(function: int, body: bytes) -> None:
    assert bvll.decode(bvll.encode(function, body)) == (function, body)


@given(places, st.binary(max_size=100))
def test_forwarded_round_trip(origin: Place, npdu: bytes) -> None:
    function, body = bvll.decode(bvll.forwarded(origin, npdu))
    assert function == Function.FORWARDED_NPDU
    assert bvll.forwarded_from(body) == (origin, npdu)


@given(st.lists(places))
def test_broadcast_table_round_trips(table: list[Place]) -> None:
    _, body = bvll.decode(bvll.broadcast_table(table))
    assert bvll.broadcast_table_from(body) == [(place, b"\xff" * 4) for place in table]


@given(st.lists(st.tuples(places, sixteen, sixteen)))
def test_foreign_table_round_trips(table: list[tuple[Place, int, int]]) -> None:
    _, body = bvll.decode(bvll.foreign_table(table))
    assert bvll.foreign_table_from(body) == table


def test_time_left_does_not_overflow() -> None:
    _, body = bvll.decode(bvll.foreign_table([(A, 65535, 65565)]))
    assert bvll.foreign_table_from(body) == [(A, 65535, 65535)]


READERS = (
    bvll.decode,
    bvll.forwarded_from,
    bvll.number_from,
    bvll.broadcast_table_from,
    bvll.foreign_table_from,
    bvll.place_from,
)


@given(st.sampled_from(READERS), st.binary(max_size=64))
def test_readers_raise_frame_error_only(reader: object, data: bytes) -> None:
    assert callable(reader)
    with contextlib.suppress(FrameError):
        reader(data)


@given(st.integers(0, 31))
def test_a_flipped_bit_in_type_or_length_is_found(bit: int) -> None:
    packet = bytearray(bvll.forwarded(A, b"\x01\x00\x10\x08"))
    packet[bit // 8] ^= 1 << bit % 8
    if bit // 8 == 1:
        assert bvll.decode(bytes(packet))[0] != Function.FORWARDED_NPDU
    else:
        with pytest.raises(FrameError):
            bvll.decode(bytes(packet))


@pytest.mark.parametrize("data", [b"", b"\x81", b"\x81\x0a\x00", b"\x81\x0a\x00\x05", b"\x82\x0a"])
def test_broken_packets(data: bytes) -> None:
    with pytest.raises(FrameError):
        bvll.decode(data)


def decoded(packet: bytes) -> library.LPDU:
    pdu = PDU(packet)
    function = pdu.pduData[1]
    return library.pdu_types[function].decode(library.LPDU.decode(pdu))


def test_another_stack_reads_our_packets() -> None:
    assert decoded(bvll.result(0x30)).bvlciResultCode == 0x30
    assert decoded(bvll.register(300)).bvlciTimeToLive == 300
    forwarded = decoded(bvll.forwarded(A, b"\x01\x00"))
    assert forwarded.bvlciAddress.addrTuple == A
    assert bytes(forwarded.pduData) == b"\x01\x00"
    table = decoded(bvll.broadcast_table([A, B])).bvlciBDT
    assert [entry.addrTuple for entry in table] == [A, B]
    devices = decoded(bvll.foreign_table([(B, 60, 90)])).bvlciFDT
    assert [(e.fdAddress.addrTuple, e.fdTTL, e.fdRemain) for e in devices] == [(B, 60, 90)]
    for function in (Function.ORIGINAL_UNICAST, Function.ORIGINAL_BROADCAST):
        assert bytes(decoded(bvll.encode(function, b"\x01\x00\x10")).pduData) == b"\x01\x00\x10"
    assert bytes(decoded(bvll.encode(Function.DISTRIBUTE_BROADCAST, b"\x01")).pduData) == b"\x01"
