from typing import Any

import pytest
from bacpypes3.apdu import (
    APDU,
    AbortPDU,
    ComplexAckPDU,
    ConfirmedRequestPDU,
    ErrorPDU,
    RejectPDU,
    SegmentAckPDU,
    SimpleAckPDU,
    UnconfirmedRequestPDU,
)
from bacpypes3.pdu import PDU
from hypothesis import given
from hypothesis import strategies as st

from submeter.bacnet.answer import AbortReason, Reason
from submeter.bacnet.application import apdu
from submeter.errors import FrameError

OCTET = st.integers(0, 255)
BODY = st.binary(max_size=60)
SIZES = {0: 50, 1: 128, 2: 206, 3: 480, 4: 1024, 5: 1476}


def decoded(octets: bytes) -> Any:
    return APDU.decode(PDU(octets))


@given(
    st.booleans(), st.booleans(), st.booleans(), st.integers(0, 7), st.integers(0, 15), st.data()
)
def test_requests_that_another_encoder_made(
    segmented: bool, more: bool, takes: bool, segments: int, size: int, data: st.DataObject
) -> None:
    invoke_id, sequence, window, service = (data.draw(OCTET) for _ in range(4))
    body = data.draw(BODY)
    made = ConfirmedRequestPDU(service)
    made.apduSeg, made.apduMor, made.apduSA = segmented, more, takes
    made.apduMaxSegs, made.apduMaxResp = segments, size
    made.apduInvokeID, made.apduSeq, made.apduWin = invoke_id, sequence, window
    made.put_data(body)
    read = apdu.confirmed_request(bytes(made.encode().pduData))
    assert read == apdu.ConfirmedRequest(
        segmented,
        more,
        takes,
        {0: None, 7: None}.get(segments, 2**segments),
        SIZES.get(size, 50),
        invoke_id,
        sequence if segmented else 0,
        window if segmented else 0,
        service,
        body,
    )


@given(OCTET, OCTET, BODY)
def test_what_has_a_service_is_what_another_decoder_reads(
    invoke_id: int, service: int, body: bytes
) -> None:
    for octets, kind in (
        (apdu.request(invoke_id, service, body), ConfirmedRequestPDU),
        (apdu.complex_ack(invoke_id, service, body), ComplexAckPDU),
        (apdu.error(invoke_id, service, body), ErrorPDU),
        (apdu.simple_ack(invoke_id, service), SimpleAckPDU),
    ):
        read = decoded(octets)
        assert type(read) is kind
        assert (read.apduInvokeID, read.apduService) == (invoke_id, service)
        assert bytes(read.pduData) == (b"" if kind is SimpleAckPDU else body)
        assert not getattr(read, "apduSeg", False)
    read = decoded(apdu.unconfirmed(service, body))
    assert type(read) is UnconfirmedRequestPDU
    assert (read.apduService, bytes(read.pduData)) == (service, body)


def test_our_requests_take_the_largest_answer_but_no_segments() -> None:
    read = apdu.confirmed_request(apdu.request(7, 1, b"body"))
    assert (read.largest, read.takes_segments, read.most_segments) == (1476, False, None)
    assert len(apdu.request(7, 1, b"")) == apdu.REQUEST_HEADER


@given(OCTET, OCTET, OCTET, st.integers(1, 127), st.booleans(), BODY)
def test_segments_of_an_answer(
    invoke_id: int, service: int, sequence: int, window: int, more: bool, body: bytes
) -> None:
    octets = apdu.complex_ack_segment(invoke_id, service, sequence, window, more, body)
    read = decoded(octets)
    assert type(read) is ComplexAckPDU
    assert (read.apduSeg, bool(read.apduMor), read.apduSeq) == (True, more, sequence)
    assert (read.apduWin, read.apduInvokeID, read.apduService) == (window, invoke_id, service)
    assert bytes(read.pduData) == body
    assert apdu.reply_of(octets) == apdu.Reply(True, invoke_id, service)


@given(OCTET, OCTET, st.integers(1, 127), st.booleans())
def test_segment_ack(invoke_id: int, sequence: int, window: int, negative: bool) -> None:
    octets = apdu.segment_ack(invoke_id, sequence, window, negative)
    read = decoded(octets)
    assert type(read) is SegmentAckPDU
    assert (bool(read.apduNak), bool(read.apduSrv)) == (negative, True)
    assert (read.apduInvokeID, read.apduSeq, read.apduWin) == (invoke_id, sequence, window)
    assert apdu.segment_ack_of(octets) == (negative, True, invoke_id, sequence, window)


@pytest.mark.parametrize("reason", Reason)
def test_reject(reason: Reason) -> None:
    read = decoded(apdu.reject(9, reason))
    assert type(read) is RejectPDU
    assert (read.apduInvokeID, int(read.apduAbortRejectReason)) == (9, reason)
    assert apdu.ending_of(apdu.reject(9, reason))[1:] == (9, reason)


@pytest.mark.parametrize("reason", AbortReason)
@pytest.mark.parametrize("server", [True, False])
def test_abort(reason: AbortReason, server: bool) -> None:
    octets = apdu.abort(9, reason, server=server)
    read = decoded(octets)
    assert type(read) is AbortPDU
    assert (read.apduInvokeID, int(read.apduAbortRejectReason)) == (9, reason)
    assert bool(read.apduSrv) == server
    assert apdu.ending_of(octets) == (server, 9, reason)


@pytest.mark.parametrize(
    ("read", "least", "whole"),
    [
        (apdu.confirmed_request, 4, b"\x02\x75\x01\x0c\x09"),
        (apdu.confirmed_request, 6, b"\x0e\x75\x01\x00\x04\x0c\x09"),
        (apdu.segment_ack_of, 4, b"\x40\x01\x00\x04"),
        (apdu.reply_of, 3, b"\x20\x01\x0f"),
        (apdu.reply_of, 3, b"\x30\x01\x0c\x09"),
        (apdu.reply_of, 5, b"\x3c\x01\x00\x04\x0c\x09"),
        (apdu.reply_of, 3, b"\x50\x01\x0c\x91"),
        (apdu.ending_of, 3, b"\x60\x01\x09"),
        (apdu.ending_of, 3, b"\x71\x01\x04"),
    ],
)
def test_what_is_cut_off_is_a_frame_error(read: Any, least: int, whole: bytes) -> None:
    for length in range(least):
        with pytest.raises(FrameError):
            read(whole[:length])
    for length in range(least, len(whole) + 1):
        read(whole[:length])
