import asyncio

import pytest

from bacnet.application import virtual_time
from bacnet.application.device import CLIENT, NOTHING, OTHER, application, left
from submeter.bacnet.application import limits
from submeter.bacnet.application.application import Application
from submeter.bacnet.peer import Peer

COV = 1


class Heard(list[bool]):
    """What `done` was called with."""

    def __call__(self, heard: bool) -> None:
        self.append(heard)


def ask(made: Application, done: Heard, to: Peer = CLIENT, body: bytes = b"body") -> bool:
    return made.outgoing.request(COV, body, to, done)


async def test_a_request() -> None:
    made, notes = application()
    assert made.outgoing.request(2, b"body", OTHER, Heard(), priority=2)
    [sent] = notes.sent
    assert sent.apdu == b"\x00\x05\x00\x02body"
    assert (sent.to, sent.reply_expected, sent.priority) == (OTHER, True, 2)
    assert not sent.decoded.apduSA
    made.close()


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        (b"\x20\x00\x01", True),
        (b"\x30\x00\x01\x91", True),
        (b"\x50\x00\x01\x91\x05\x91\x4f", False),
        (b"\x60\x00\x09", False),
        (b"\x71\x00\x00", False),
    ],
)
async def test_answers(answer: bytes, heard: bool) -> None:
    made, notes = application()
    done = Heard()
    ask(made, done)
    notes.take()
    made.receive(answer, OTHER, False)
    made.receive(answer, CLIENT, True)
    made.receive(answer[:1] + b"\x07" + answer[2:], CLIENT, False)
    assert done == []
    made.receive(answer, CLIENT, False)
    made.receive(answer, CLIENT, False)
    assert done == [heard]
    assert left(made) == NOTHING
    assert notes.take() == []


@pytest.mark.parametrize(
    "answer",
    [
        b"\x20\x00\x02",  # another service
        b"\x30\x00\x02",
        b"\x50\x00\x02",
        b"\x70\x00\x00",  # a client's Abort
        b"\x41\x00\x00\x01",  # of segments that we never sent
        b"\x20\x00",
        b"\x30\x00",
        b"\x60\x00",
    ],
)
async def test_what_is_no_answer(answer: bytes) -> None:
    made, notes = application()
    done = Heard()
    ask(made, done)
    notes.take()
    made.receive(answer, CLIENT, False)
    assert (done, notes.take(), len(made.outgoing)) == ([], [], 1)
    made.close()


async def test_an_answer_in_segments_is_aborted() -> None:
    made, notes = application()
    done = Heard()
    ask(made, done)
    notes.take()
    segment = b"\x3c\x00\x00\x04\x01body"
    made.receive(segment, CLIENT, False)
    assert done == [False]
    made.receive(segment, CLIENT, False)
    assert notes.take() == [b"\x70\x00\x04", b"\x70\x00\x02"]
    assert left(made) == NOTHING


def test_silence_is_asked_again_and_then_told() -> None:
    async def scenario() -> None:
        made, notes = application()
        done = Heard()
        made.outgoing.request(COV, b"body", CLIENT, done, priority=1)
        await asyncio.sleep(11.9)
        assert [each.apdu for each in notes.sent] == [b"\x00\x05\x00\x01body"] * 4
        assert {(each.reply_expected, each.priority) for each in notes.sent} == {(True, 1)}
        assert done == []
        await asyncio.sleep(0.2)
        assert done == [False]
        assert len(notes.sent) == 4
        assert left(made) == NOTHING

    virtual_time.run(scenario())


def test_an_answer_to_a_repeated_request_ends_it() -> None:
    async def scenario() -> None:
        made, notes = application()
        done = Heard()
        ask(made, done)
        await asyncio.sleep(4)
        made.receive(b"\x20\x00\x01", CLIENT, False)
        assert (done, left(made)) == ([True], NOTHING)
        await asyncio.sleep(20)
        assert len(notes.sent) == 2

    virtual_time.run(scenario())


async def test_invoke_ids_of_one_station_are_its_own() -> None:
    made, notes = application()
    for _ in range(limits.MOST_REQUESTS_TO_ONE):
        assert ask(made, Heard())
    assert not ask(made, Heard())
    assert len({apdu[2] for apdu in notes.take()}) == limits.MOST_REQUESTS_TO_ONE
    assert ask(made, Heard(), OTHER)
    made.receive(b"\x20\x05\x01", CLIENT, False)
    assert ask(made, Heard())
    made.close()


async def test_an_invoke_id_in_use_is_skipped() -> None:
    made, notes = application()
    first = Heard()
    ask(made, first)
    for _ in range(255):
        done = Heard()
        ask(made, done)
        invoke_id = notes.take()[-1][2]
        assert invoke_id != 0
        made.receive(bytes((0x20, invoke_id, COV)), CLIENT, False)
        assert done == [True]
    ask(made, Heard())
    assert notes.take()[-1][2] == 1
    assert first == []
    made.close()


async def test_all_requests_together_have_a_bound() -> None:
    made, _ = application()
    peers = [Peer((f"192.0.2.{number}", 47808)) for number in range(11)]
    begun = [ask(made, Heard(), peer) for peer in peers for _ in range(100)]
    assert begun == [True] * limits.MOST_REQUESTS + [False] * (1100 - limits.MOST_REQUESTS)
    made.close()
    assert left(made) == NOTHING


async def test_the_longest_request() -> None:
    made, notes = application()
    assert ask(made, Heard(), body=bytes(1472))
    assert len(notes.sent[0].apdu) == limits.LARGEST_APDU
    with pytest.raises(ValueError, match="1473"):
        ask(made, Heard(), body=bytes(1473))
    made.close()
    assert left(made) == NOTHING


def test_close_forgets_requests_without_a_word() -> None:
    async def scenario() -> None:
        made, notes = application()
        done = Heard()
        ask(made, done)
        made.close()
        assert left(made) == NOTHING
        await asyncio.sleep(20)
        assert (done, len(notes.sent)) == ([], 1)
        assert not ask(made, done)

    virtual_time.run(scenario())


@pytest.mark.parametrize("silence", ["disable", "disable-initiation"])
def test_nothing_is_asked_or_repeated_in_silence(silence: str) -> None:
    async def scenario() -> None:
        made, notes = application()
        done = Heard()
        ask(made, done)
        made.silence = silence  # type: ignore[assignment]
        assert not ask(made, done)
        await asyncio.sleep(3.1)
        assert (done, len(notes.sent)) == ([False], 1)
        assert left(made) == NOTHING

    virtual_time.run(scenario())


async def test_done_may_ask_again_and_may_fail(caplog: pytest.LogCaptureFixture) -> None:
    made, notes = application()
    again = Heard()

    def done(heard: bool) -> None:
        ask(made, again)
        raise TypeError

    made.outgoing.request(COV, b"", CLIENT, done)
    made.receive(b"\x20\x00\x01", CLIENT, False)
    made.receive(b"\x20\x01\x01", CLIENT, False)
    assert (again, len(notes.take())) == ([True], 2)
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["event=bacnet_failure doing=reply service=1 error=TypeError"]
    assert left(made) == NOTHING
