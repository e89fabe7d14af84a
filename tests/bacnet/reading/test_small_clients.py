"""Clients that take little at a time, and how they read everything all the same."""

import asyncio
from typing import Any

import pytest

from bacnet.application.device import NOTHING, Notes, abort, left, receive, whole
from bacnet.client import DEVICE, Answer, read_multiple
from bacnet.reading import range_peer
from bacnet.reading.range_peer import by_position, by_sequence, request
from bacnet.site import DEVICE_ID, Site
from bacnet.trends.samples import BEGIN, Samples, log, minutes
from submeter.bacnet.answer import AbortReason, Ack
from submeter.bacnet.application.application import Application
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.reading.read_range import READ_RANGE, ReadRange

READ_MULTIPLE, NAME, DESCRIPTION, MODEL = 14, 77, 28, 70
SIZES = [50, 128, 206, 480, 1024, 1476]


async def ask(made: Application, notes: Notes, apdu: bytes) -> bytes:
    """Return the answer to a request, which may have to be worked out."""
    receive(made, apdu)
    async with asyncio.timeout(5):
        while not notes.sent:
            await asyncio.sleep(0.001)
    (answer,) = notes.take()
    return answer


@pytest.mark.parametrize("code", range(6))
async def test_a_log_read_by_a_client_without_segments(code: int) -> None:
    records = await log(Samples(minutes(200), lambda at: (at - BEGIN) / 60))
    notes = Notes()
    made = Application(ObjectTable([records]), notes)
    made.confirmed = ReadRange(made.table).confirmed
    read: list[float] = []
    flags = [0, 0, 0]
    wanted = request(by_position(1, 200))
    while not flags[1]:
        apdu = await ask(made, notes, whole(READ_RANGE, wanted, code=code))
        assert len(apdu) <= SIZES[code]
        found = range_peer.answered(Ack(apdu[3:]))
        flags = list(found.resultFlags)
        read += [record.logDatum.realValue for record in range_peer.items(found)]
        wanted = request(by_sequence(len(read) + 1, 200 - len(read)))
        assert flags == [int(found.itemCount == len(read)), int(len(read) == 200), 1 - flags[1]]
    assert read == list(range(200))
    assert left(made) == NOTHING


async def test_a_client_of_many_small_segments_gets_no_more_than_it_takes() -> None:
    notes = Notes()
    made = Application(Site().table, notes)
    made.confirmed = ReadRange(made.table).confirmed
    objects: Any = request(object=("device", DEVICE_ID), property="object-list")
    apdu = await ask(made, notes, whole(READ_RANGE, objects, code=0, segments=1))
    assert apdu[0] == 0x3C  # the first of two segments of 45
    made.close()


def reading() -> tuple[Application, Notes]:
    notes = Notes()
    site = Site()
    made = Application(site.table, notes)
    made.confirmed = {READ_MULTIPLE: site.confirmed[READ_MULTIPLE]}
    return made, notes


@pytest.mark.parametrize("code", range(6))
async def test_as_many_properties_as_fit_one_apdu(code: int) -> None:
    made, notes = reading()
    many = 0
    while True:
        many += 1
        body = read_multiple((DEVICE, DEVICE_ID, [NAME] * many))
        apdu = await ask(made, notes, whole(READ_MULTIPLE, body, code=code))
        if apdu[0] == 0x71:
            break
        assert len(Answer(apdu).decoded.listOfReadAccessResults[0].listOfResults) == many
        length = len(apdu)
    each = 2 + 2 + 3 + len("Submeter")
    assert SIZES[code] - each < length <= SIZES[code]
    assert apdu == abort(AbortReason.SEGMENTATION_NOT_SUPPORTED)


async def test_one_octet_too_many_for_its_segments() -> None:
    made, notes = reading()
    body = read_multiple((DEVICE, DEVICE_ID, [NAME, NAME, MODEL, DESCRIPTION]))
    apdu = await ask(made, notes, whole(READ_MULTIPLE, body, code=5))
    octets = len(apdu) - 3
    assert 45 < octets <= 90
    apdu = await ask(made, notes, whole(READ_MULTIPLE, body, code=0, segments=1))
    assert apdu[0] == 0x3C
    receive(made, b"\x70\x01\x00")
    longer = read_multiple((DEVICE, DEVICE_ID, [NAME, NAME, MODEL, DESCRIPTION, NAME, NAME]))
    apdu = await ask(made, notes, whole(READ_MULTIPLE, longer, code=0, segments=1))
    assert apdu == abort(AbortReason.BUFFER_OVERFLOW)
    assert left(made) == NOTHING
