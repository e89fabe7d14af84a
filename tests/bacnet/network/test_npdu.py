import contextlib

import pytest
from bacpypes3 import npdu as library
from bacpypes3.pdu import PDU
from hypothesis import assume, given
from hypothesis import strategies as st

from submeter.bacnet.network.npdu import PLAIN, REPLY_EXPECTED, Npdu, decode, encode
from submeter.bacnet.peer import GLOBAL
from submeter.errors import FrameError

networks = st.integers(1, 65534)
octets = st.binary(min_size=1, max_size=7)
somewhere = st.one_of(st.none(), st.tuples(networks, st.binary(max_size=7)), st.just((GLOBAL, b"")))
origins = st.one_of(st.none(), st.tuples(networks, octets))


@given(st.integers(0, 7), somewhere, origins, st.integers(0, 255), octets)
def test_apdus_round_trip(control: int, to: object, origin: object, hops: int, body: bytes) -> None:
    packet = Npdu(body, control, to, origin, hops if to else 255)  # type: ignore[arg-type]
    assert decode(encode(packet)) == packet


@given(st.integers(0, 255), somewhere, st.binary(max_size=20))
def test_messages_round_trip(message: int, to: object, body: bytes) -> None:
    assume(message < 0x80 or len(body) >= 2)
    packet = Npdu(body, destination=to, message=message)  # type: ignore[arg-type]
    assert decode(encode(packet)) == packet


@given(st.binary(max_size=40))
def test_decode_raises_frame_error_only(data: bytes) -> None:
    with contextlib.suppress(FrameError):
        decode(data)


WHOLE = encode(Npdu(b"\x10\x08", 7, (5, b"\x01"), (6, b"\x02\x03"), 9))


@given(st.integers(0, len(WHOLE) * 8 - 1))
def test_a_flipped_bit_is_found_or_seen(bit: int) -> None:
    data = bytearray(WHOLE)
    data[bit // 8] ^= 1 << bit % 8
    with contextlib.suppress(FrameError):
        assert decode(bytes(data)) != decode(WHOLE)


@pytest.mark.parametrize("length", range(len(WHOLE) - 1))
def test_cut_off(length: int) -> None:
    with contextlib.suppress(FrameError):
        assert decode(WHOLE[:length]).body == b"\x10"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01",
        "0100",  # no APDU
        "02001008",  # version
        "01401008",  # reserved bit 6
        "01101008",  # reserved bit 4
        "0120000000ff1008",  # DNET 0
        "01080000010a1008",  # SNET 0
        "0108ffff010a1008",  # SNET 65535
        "01080005001008",  # SLEN 0
        "0120000501",
        "012000050a0102",
        "0120ffff00",
        "0120000508" + 8 * "0a" + "ff1008",  # DLEN 8
        "0120ffff0d" + 13 * "0a" + "ff1008",
        "0108000508" + 8 * "0a" + "1008",  # SLEN 8
        "010800054c" + 76 * "0a" + "1008",
        "0180",
        "018080",  # a vendor's message without vendor
        "01808000",
    ],
)
def test_broken(text: str) -> None:
    with pytest.raises(FrameError):
        decode(bytes.fromhex(text))


def test_longest_address() -> None:
    mac = bytes(range(7))
    packet = decode(bytes.fromhex(f"0128000507{mac.hex()}000607{mac.hex()}ff1008"))
    assert (packet.destination, packet.source) == ((5, mac), (6, mac))


def test_address_of_everybody_is_ignored() -> None:
    assert decode(bytes.fromhex("0120ffff010aff1008")).destination == (GLOBAL, b"")


def test_plain_heads() -> None:
    for control, head in enumerate(PLAIN):
        assert head + b"\x10\x08" == encode(Npdu(b"\x10\x08", control))


def test_another_stack_reads_ours() -> None:
    packet = Npdu(b"\x10\x08", REPLY_EXPECTED | 2, (2001, b"\x07"), (5, b"\x01\x02"), 17)
    read = library.NPDU.decode(PDU(encode(packet)))
    assert (read.npduDADR.addrNet, read.npduDADR.addrAddr) == (2001, b"\x07")
    assert (read.npduSADR.addrNet, read.npduSADR.addrAddr) == (5, b"\x01\x02")
    assert (read.npduHopCount, bytes(read.pduData)) == (17, b"\x10\x08")
    assert read.pduExpectingReply
    assert read.pduNetworkPriority == 2
    everybody = library.NPDU.decode(PDU(encode(Npdu(b"\x10\x08", destination=(GLOBAL, b"")))))
    assert everybody.npduDADR.is_globalbroadcast
