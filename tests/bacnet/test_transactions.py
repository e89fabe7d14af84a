import asyncio
import struct
from unittest.mock import patch

import pytest

from bacnet.client import (
    ABORT,
    COMPLEX,
    DEVICE,
    SEGMENT_ACK,
    Answer,
    Client,
    frame,
    oid,
    read,
    read_multiple,
)
from submeter.bacnet import BacnetFace

OBJECT_LIST = read(DEVICE, 4000, 76)
ONE_NAME = read(DEVICE, 4000, 77)
NAMES = read_multiple(*((0, n, [77, 28]) for n in range(1, 19)))
FILLER = b"\x09\x4d" * 600


def waiting(face: BacnetFace) -> int:
    assert face._transactions is not None
    return len(face._transactions.serverTransactions)


async def start_segmented(client: Client, size: int, window: int = 1) -> list[Answer]:
    """Ask for names in segments, acknowledge every one, return them."""
    await client.send(frame(bytes((0x02, 0x70 | size, 9, 14)) + NAMES))
    segments = [await client.receive()]
    while segments[-1].apdu[0] & 0x04:
        for _ in range(window):
            await client.send(frame(bytes((0x40, 9, segments[-1].apdu[2], window))))
            break
        for _ in range(window):
            segments.append(await client.receive())
            if not segments[-1].apdu[0] & 0x04:
                break
    await client.send(frame(bytes((0x40, 9, segments[-1].apdu[2], window))))
    return segments


@pytest.mark.parametrize(("size", "limit"), [(0, 50), (1, 128), (3, 480), (4, 1024)])
@pytest.mark.parametrize("window", [1, 4])
async def test_segments_fit_and_make_up_the_answer(
    client: Client, face: BacnetFace, size: int, limit: int, window: int
) -> None:
    whole = (await client.ask(14, NAMES, header=b"\x00\x05")).apdu[3:]
    segments = await start_segmented(client, size, window)
    assert all(segment.apdu[0] & 0xF8 == 0x38 for segment in segments)
    assert max(len(segment.apdu) for segment in segments) == limit
    assert [segment.apdu[2] for segment in segments] == list(range(len(segments)))
    assert b"".join(segment.apdu[5:] for segment in segments) == whole
    await asyncio.sleep(0.05)
    assert waiting(face) == 0


@pytest.mark.parametrize("size", [*range(5), 6, 15])
async def test_no_segments_for_a_client_that_takes_none(client: Client, size: int) -> None:
    answer = await client.ask(14, NAMES, header=bytes((0x00, size)))
    assert (answer.kind, answer.reason) == (ABORT, 4)


async def test_answers_up_to_the_limit_come_in_one_piece(client: Client) -> None:
    # 22 octets in front of the value, one after it, and the list in pieces of 5.
    short = read_multiple((DEVICE, 4000, [77]))
    answer = await client.ask(14, short, header=b"\x00\x00")
    assert answer.kind == COMPLEX
    assert len(answer.apdu) <= 50


async def test_too_many_segments_for_the_client(client: Client) -> None:
    answer = await client.ask(14, NAMES, header=b"\x02\x10")
    assert (answer.kind, answer.reason) == (ABORT, 11)


@pytest.mark.parametrize("window", [0, 128, 255])
async def test_bad_window_in_an_acknowledgement_aborts(
    client: Client, face: BacnetFace, window: int
) -> None:
    await client.send(frame(b"\x02\x73\x09\x0e" + NAMES))
    await client.receive()
    await client.send(frame(bytes((0x40, 9, 0, window))))
    answer = await client.receive()
    assert (answer.kind, answer.reason) == (ABORT, 7)
    assert waiting(face) == 0


async def test_segment_that_was_never_sent_cannot_be_acknowledged(
    client: Client, face: BacnetFace
) -> None:
    await client.send(frame(b"\x02\x73\x09\x0e" + NAMES))
    await client.receive()
    await client.send(frame(bytes((0x40, 9, 100, 127))))
    assert await client.silent()
    assert waiting(face) == 1
    await client.send(frame(bytes((0x40, 9, 0, 1))))
    assert (await client.receive()).apdu[2] == 1


async def test_client_aborts_a_segmented_answer(client: Client, face: BacnetFace) -> None:
    await client.send(frame(b"\x02\x73\x09\x0e" + NAMES))
    await client.receive()
    await client.send(frame(b"\x70\x09\x00"))
    assert await client.silent()
    assert waiting(face) == 0


async def test_repeated_request_does_not_disturb_its_answer(
    client: Client, face: BacnetFace
) -> None:
    await client.send(frame(b"\x02\x73\x09\x0e" + NAMES))
    await client.receive()
    await client.send(frame(b"\x02\x73\x09\x0e" + NAMES))
    assert await client.silent()
    await client.send(frame(bytes((0x40, 9, 0, 1))))
    assert (await client.receive()).apdu[2] == 1


async def test_unacknowledged_segment_is_sent_again(client: Client) -> None:
    await client.send(frame(b"\x02\x73\x09\x0e" + NAMES))
    first = await client.receive()
    assert (await client.receive()).apdu == first.apdu


async def test_segmented_request(client: Client, face: BacnetFace) -> None:
    pieces = [NAMES[start : start + 100] for start in range(0, len(NAMES), 100)]
    for number, piece in enumerate(pieces):
        more = 0x04 if number < len(pieces) - 1 else 0
        await client.send(frame(bytes((0x0A | more, 0x75, 9, number, 1, 14)) + piece))
        acknowledged = await client.receive()
        assert (acknowledged.kind, acknowledged.apdu[2]) == (SEGMENT_ACK, number)
    answer = await client.receive()
    assert answer.kind == COMPLEX
    assert len(answer.results) == 36
    assert waiting(face) == 0


async def test_request_of_endless_segments_is_aborted(client: Client, face: BacnetFace) -> None:
    for number in range(17):
        await client.send(frame(bytes((0x0E, 0x75, 9, number, 1, 14)) + b"\x00" * 100))
        answer = await client.receive()
        if answer.kind == ABORT:
            break
    assert (number, answer.reason) == (16, 1)
    assert waiting(face) == 0


@pytest.mark.parametrize(("sequence", "window", "reason"), [(1, 1, 2), (0, 0, 7), (0, 128, 7)])
async def test_wrong_first_segment_is_aborted(
    client: Client, face: BacnetFace, sequence: int, window: int, reason: int
) -> None:
    await client.send(frame(bytes((0x0C, 0x75, 9, sequence, window, 14)) + b"\x00" * 10))
    answer = await client.receive()
    assert (answer.kind, answer.reason) == (ABORT, reason)
    assert waiting(face) == 0


async def test_invoke_id_is_free_again_at_once(client: Client, face: BacnetFace) -> None:
    for body in (b"", b"\xff\xff", OBJECT_LIST):
        await client.send(frame(b"\x00\x05\x07\x0c" + body))
        assert (await client.receive()).apdu[1] == 7
    assert waiting(face) == 0


async def test_invoke_id_is_free_even_after_a_fault_of_ours(
    client: Client, face: BacnetFace
) -> None:
    with patch("submeter.bacnet.services.answer", side_effect=RuntimeError):
        await client.send(frame(b"\x00\x05\x07\x0c" + OBJECT_LIST))
        assert await client.silent()
    assert waiting(face) == 0


async def test_one_client_cannot_take_what_all_need(client: Client, face: BacnetFace) -> None:
    for number in range(16):
        await client.send(frame(bytes((0x02, 0x73, number, 14)) + NAMES))
        await client.receive()
    assert waiting(face) == 16
    await client.send(frame(bytes((0x02, 0x73, 99, 14)) + NAMES))
    refused = await client.receive()
    assert (refused.kind, refused.reason) == (ABORT, 9)
    assert waiting(face) == 16
    await client.send(frame(b"\x00\x05\x64\x0c" + ONE_NAME))
    assert (await client.receive()).kind == COMPLEX
    other = Client(client.target)
    assert (await other.ask(12, ONE_NAME)).kind == COMPLEX
    await other.send(frame(bytes((0x02, 0x73, 1, 14)) + NAMES))
    assert (await other.receive()).kind == COMPLEX
    other.close()
    assert waiting(face) == 17


async def test_unfinished_requests_do_not_keep_others_out(client: Client, face: BacnetFace) -> None:
    for number in range(20):
        await client.send(frame(bytes((0x0C, 0x75, number, 0, 4, 14)) + NAMES))
    other = Client(client.target)
    assert (await other.ask(12, ONE_NAME)).kind == COMPLEX
    other.close()
    assert waiting(face) == 16


async def test_broadcast_confirmed_request_is_not_answered(client: Client) -> None:
    request = b"\x00\x05\x01\x0c" + OBJECT_LIST
    await client.send(frame(request, function=0x0B))
    await client.send(frame(request, npci=struct.pack(">BBHBB", 1, 0x20, 0xFFFF, 0, 255)))
    assert await client.silent()


async def test_routed_request_is_answered_through_its_router(client: Client) -> None:
    loop_request = b"\x00\x05\x01\x0c" + read(0, 1, 85)
    npci = struct.pack(">BBHBB", 1, 0x0C, 2001, 1, 0x11)
    await client.send(frame(loop_request, npci=npci))
    data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client._socket, 2000), 2)
    assert data[4:12] == struct.pack(">BBHBBB", 1, 0x20, 2001, 1, 0x11, 255) + b"\x30"
    assert oid(0, 1) in data
