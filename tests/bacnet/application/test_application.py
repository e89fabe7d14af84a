import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bacnet.application import virtual_time
from bacnet.application.device import (
    CLIENT,
    ECHO,
    NOTHING,
    OTHER,
    READ,
    READ_MULTIPLE,
    acknowledgement,
    application,
    left,
    piece,
    whole,
)
from submeter.bacnet.answer import DONE
from submeter.bacnet.application.application import Application, Silence
from submeter.bacnet.peer import GLOBAL, Peer
from submeter.errors import FrameError

WHO_IS = 8


class Asked(list[tuple[bytes, Peer, bool]]):
    """An unconfirmed service that takes notes."""

    def __call__(self, body: bytes, peer: Peer, broadcast: bool) -> None:
        self.append((body, peer, broadcast))


# The fast path


@pytest.mark.parametrize("service", [READ, READ_MULTIPLE])
@pytest.mark.parametrize("first", [0x00, 0x02])
async def test_reads_are_answered_fast(service: int, first: int) -> None:
    made, notes = application()
    asked = []

    def fast(apdu: bytes) -> bytes:
        asked.append(apdu)
        return b"answer"

    made.fast = fast
    request = bytes((first, 0x75, 1, service)) + b"body"
    made.receive(request, OTHER, False)
    assert asked == [request]
    assert [(each.apdu, each.to) for each in notes.sent] == [(b"answer", OTHER)]


@pytest.mark.parametrize(
    ("apdu", "broadcast"),
    [
        (whole(service=15), False),
        (whole(service=READ), True),
        (piece(0, b"", service=READ), False),
        (b"\x04\x05\x01\x0c", False),
        (b"\x10\x05\x01\x0c", False),
        (b"\x20\x01\x01\x0c", False),
        (b"\x00\x05\x01", False),
        (b"", False),
    ],
)
async def test_nothing_else_is(apdu: bytes, broadcast: bool) -> None:
    made, notes = application()
    made.fast = lambda apdu: b"answer"
    made.receive(apdu, CLIENT, broadcast)
    assert b"answer" not in notes.take()
    made.close()


async def test_what_is_too_much_for_the_fast_path_goes_to_the_service() -> None:
    made, notes = application()
    made.confirmed[READ] = lambda body, peer: DONE
    made.fast = lambda apdu: None
    made.receive(whole(service=READ), CLIENT, False)
    assert notes.take() == [b"\x20\x01\x0c"]


async def test_a_fault_of_the_fast_path_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    def fast(apdu: bytes) -> bytes | None:
        raise IndexError

    made, notes = application()
    made.confirmed[READ] = lambda body, peer: DONE
    made.fast = fast
    for _ in range(3):
        made.receive(whole(service=READ), CLIENT, False)
    assert len(notes.take()) == 3
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["event=bacnet_failure doing=fast_answer service=12 error=IndexError"]


# Unconfirmed services


@pytest.mark.parametrize("broadcast", [True, False])
async def test_unconfirmed_services_are_asked(broadcast: bool) -> None:
    made, notes = application()
    made.unconfirmed[WHO_IS] = asked = Asked()
    made.receive(b"\x10\x08body", OTHER, broadcast)
    made.receive(b"\x10\x07body", OTHER, broadcast)
    assert asked == [(b"body", OTHER, broadcast)]
    assert (notes.take(), made.malformed) == ([], 0)


async def test_unconfirmed_requests_that_break_their_syntax_are_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def service(body: bytes, peer: Peer, broadcast: bool) -> None:
        raise FrameError(body.decode())

    made, _ = application()
    made.unconfirmed[WHO_IS] = service
    for apdu in (b"\x10\x08body", b"\x10", b"", b"\x00\x05\x01", b"\x80\x01\x02\x03"):
        made.receive(apdu, CLIENT, False)
    assert made.malformed == 5
    assert not caplog.records


async def test_a_fault_of_an_unconfirmed_service_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def service(body: bytes, peer: Peer, broadcast: bool) -> None:
        raise KeyError

    made, _ = application()
    made.unconfirmed[WHO_IS] = service
    for _ in range(3):
        made.receive(b"\x10\x08", CLIENT, True)
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["event=bacnet_failure doing=unconfirmed service=8 error=KeyError"]


async def test_only_unconfirmed_requests_may_be_broadcast() -> None:
    made, notes = application()
    for apdu in (whole(), piece(0, b"x"), acknowledgement(0, 1), b"\x00"):
        made.receive(apdu, CLIENT, True)
    assert notes.take() == []
    assert left(made) == NOTHING
    made.receive(piece(0, b"x"), CLIENT, False)
    made.receive(b"\x70\x01\x00", CLIENT, True)
    assert made.transactions == 1
    made.close()


# Silence


@pytest.mark.parametrize(
    ("silence", "read", "control", "who_is", "initiates"),
    [
        ("enable", True, True, True, True),
        ("disable-initiation", True, True, True, False),
        ("disable", False, True, False, False),
    ],
)
async def test_silence(
    silence: Silence, read: bool, control: bool, who_is: bool, initiates: bool
) -> None:
    made, notes = application()
    made.unconfirmed[WHO_IS] = asked = Asked()
    made.confirmed |= {each: lambda body, peer: DONE for each in (READ, 15, 17, 20)}
    made.silence = silence
    for service, served in ((READ, read), (15, read), (17, control), (20, control)):
        made.fast = lambda apdu: b"fast"
        made.receive(whole(service=service), CLIENT, False)
        assert bool(notes.take()) == served
        made.receive(piece(0, b"", more=False, service=service), CLIENT, False)
        assert bool(notes.take()) == served
    made.receive(b"\x10\x08", CLIENT, True)
    assert bool(asked) == who_is
    assert made.may_initiate() == initiates
    assert left(made) == NOTHING


async def test_answers_under_way_end_by_themselves_when_all_is_disabled() -> None:
    made, notes = application()
    made.receive(whole(body=bytes(500), code=0, segments=0), CLIENT, False)
    made.silence = "disable"
    notes.take()
    made.receive(acknowledgement(0, 1), CLIENT, False)
    assert notes.take() == []
    made.close()


@pytest.mark.parametrize("silence", ["enable", "disable-initiation", "disable"])
async def test_what_we_send_unasked(silence: Silence) -> None:
    made, notes = application()
    made.silence = silence
    made.send_unconfirmed(2, b"cov", OTHER, priority=2)
    made.broadcast_unconfirmed(0, b"own")
    assert len(notes.sent) == len(notes.broadcasts) == (silence == "enable")
    notes.sent.clear()
    notes.broadcasts.clear()
    made.send_unconfirmed(0, b"answer", OTHER, 1, answer=True)
    made.broadcast_unconfirmed(1, b"answer", 2001, priority=3, answer=True)
    made.broadcast_unconfirmed(1, b"answer", answer=True)
    [sent] = notes.sent
    assert (sent.apdu, sent.to, sent.priority) == (b"\x10\x00answer", OTHER, 1)
    assert not sent.reply_expected
    assert notes.broadcasts == [(b"\x10\x01answer", 2001, 3), (b"\x10\x01answer", GLOBAL, 0)]


async def test_services_supported_is_what_is_there_now() -> None:
    made, _ = application()
    made.confirmed.clear()
    assert made.services_supported() == b"\x85\x07\x04" + bytes(6)
    made.confirmed = {0: lambda body, peer: DONE}
    made.unconfirmed[WHO_IS] = Asked()
    assert made.services_supported() == b"\x85\x07\x04\x80\x00\x00\x00\x20\x00"
    made.receive(whole(service=0), CLIENT, False)  # and a new dictionary is found as well


# Whatever comes

FIRSTS = [
    whole(),
    whole(body=bytes(300), code=0, segments=0),
    piece(0, b"x"),
    piece(1, b"x", more=False),
    acknowledgement(0, 1),
    acknowledgement(3, 5, negative=True),
    b"\x70\x01\x00",
    b"\x71\x00\x00",
    b"\x20\x00\x01",
    b"\x3c\x00\x00\x01\x01",
    b"\x10\x08",
]
MUTATED = st.builds(
    lambda apdu, at, octet, end: (apdu[: at % len(apdu)] + octet + apdu[at % len(apdu) + 1 :])[
        :end
    ],
    st.sampled_from(FIRSTS),
    st.integers(0, 10),
    st.binary(min_size=1, max_size=1),
    st.integers(0, 400),
)
APDUS = st.one_of(st.binary(max_size=30), st.sampled_from(FIRSTS), MUTATED)


def busy() -> Application:
    made, _ = application()
    made.unconfirmed[WHO_IS] = Asked()
    made.confirmed[ECHO + 1] = lambda body, peer: DONE
    made.fast = lambda apdu: None
    return made


@given(st.lists(st.tuples(APDUS, st.sampled_from([CLIENT, OTHER]), st.booleans(), st.floats(0, 2))))
def test_whatever_comes_leaves_nothing_behind(
    packets: list[tuple[bytes, Peer, bool, float]],
) -> None:
    async def scenario() -> None:
        made = busy()
        made.outgoing.request(1, b"", CLIENT, lambda heard: None)
        for apdu, peer, broadcast, pause in packets:
            made.receive(apdu, peer, broadcast and pause > 1.5)
            if pause > 1:
                await asyncio.sleep(pause)
        await asyncio.sleep(70)
        assert left(made) == NOTHING
        assert not made.shares.clients._inside
        assert not made._failures._told

    virtual_time.run(scenario())
