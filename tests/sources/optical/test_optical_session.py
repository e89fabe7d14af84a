"""The DLMS client against a meter of our own, without a port between them."""

from collections.abc import Callable, Sequence
from datetime import UTC
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submeter.errors import Condition, LinkError
from submeter.pointmap import source_map
from submeter.sources.dlms import axdr, hdlc
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.hdlc import Frame
from submeter.sources.dlms.said import Item
from submeter.sources.optical import hdlc_link
from submeter.sources.optical.association import DeniedError
from submeter.sources.optical.client import Client
from submeter.sources.optical.dlms_dialogue import reading
from submeter.sources.optical.hdlc_link import HdlcLink, address
from submeter.sources.optical.session import Session
from submeter.sources.optical.survey import Memory, Survey
from tooling.dlms_meter import DATA, REGISTER, SERIAL, DlmsMeter, Entry, register
from tooling.mutations import pieces

MAP = source_map.load("e350-text")
SERVER = address(1, None)
GET = b"\xe6\xe6\x00\xc0"
Carry = Callable[[bytes], bytes]


def session(
    password: bytes | None = None, memory: Memory | None = None
) -> tuple[Session[list[Item]], Survey]:
    client = Client(HdlcLink(16, SERVER), password)
    survey = Survey(client, MAP, memory or Memory(), UTC)
    return Session(reading(client, survey)), survey


def run(talk: Session[list[Item]], meter: Carry, most: int = 2000) -> dict[tuple[str, int], Item]:
    """Carry the bytes between both until the client is done; silence where the meter says none."""
    out = talk.start()
    for _ in range(most):
        if talk.done:
            break
        answer = meter(out) if out else b""
        out = talk.feed(answer) if answer else talk.silence()
    assert talk.done
    return {(str(item.obis), item.attribute): item for item in talk.outcome()}


def value(item: Item) -> object:
    assert isinstance(item.value, Data)
    return item.value.value


def assert_all(items: dict[tuple[str, int], Item]) -> None:
    energy = items["1-0:1.8.0*255", 2]
    assert (value(energy), energy.scaler, energy.unit) == (4_408_736, 0, "Wh")
    voltage = items["1-0:32.7.0*255", 2]
    assert (value(voltage), voltage.scaler, voltage.unit) == (2345, -1, "V")
    assert value(items["1-0:1.6.0*255", 2]) == 2345
    assert ("1-0:52.7.0*255", 2) not in items


@pytest.mark.parametrize("lists", [True, False])
@pytest.mark.parametrize(("frame", "block"), [(248, 100_000), (128, 60), (16, 7), (128, 1)])
def test_objects_are_read_with_their_scalers(lists: bool, frame: int, block: int) -> None:
    meter = DlmsMeter(frame=frame, block=block, lists=lists)
    talk, survey = session()
    assert_all(run(talk, meter.answer))
    assert survey.memory.identity == SERIAL
    assert talk.bad == 0


def test_what_is_known_of_a_meter_is_not_asked_again() -> None:
    meter = DlmsMeter(lists=False)
    talk, survey = session()
    first = run(talk, meter.answer)
    meter.asked.clear()
    talk, survey = session(memory=survey.memory)
    assert run(talk, meter.answer) == first
    assert (REGISTER, "1-0:1.8.0*255", 3) not in meter.asked
    assert not any(code == "1-0:52.7.0*255" for _, code, _ in meter.asked)


def test_another_meter_is_asked_everything_anew() -> None:
    talk, survey = session()
    run(talk, DlmsMeter().answer)
    other = [
        Entry(DATA, "0-0:96.1.0*255", {2: Data(axdr.OCTETS, b"2")}),
        register("1-0:1.8.0*255", 5, 3, "Wh"),
    ]
    talk, survey = session(memory=survey.memory)
    items = run(talk, DlmsMeter(other).answer)
    assert items["1-0:1.8.0*255", 2].scaler == 3
    assert survey.memory.identity == "2"


def test_refusals_of_one_object_spoil_no_other() -> None:
    refused = {(REGISTER, "1-0:16.7.0*255", 2): 3, (REGISTER, "1-0:31.7.0*255", 3): 2}
    talk, survey = session()
    items = run(talk, DlmsMeter(refused=refused).answer)
    assert_all(items)
    assert ("1-0:16.7.0*255", 2) not in items
    assert ("1-0:31.7.0*255", 2) not in items, "a number without its scaler means nothing"
    assert not survey.sound, "a temporary failure proves no object absent"


def test_a_value_that_cannot_be_read_spoils_no_other() -> None:
    meter = DlmsMeter()
    meter.entries.append(Entry(REGISTER, "1-0:9.7.0*255", {2: Data(99, None), 3: Data(99, None)}))
    talk, _ = session()
    assert_all(run(talk, meter.answer))


def test_the_time_of_a_maximum_is_read() -> None:
    talk, _ = session()
    items = run(talk, DlmsMeter().answer)
    assert value(items["1-0:1.6.0*255", 5]) == bytes.fromhex("07e80304 01 120f0000 ffc4 00")


@pytest.mark.parametrize("password", [b"12345678", b"x" * 60])
def test_low_level_security(password: bytes) -> None:
    meter = DlmsMeter(password=password, frame=32)
    talk, _ = session(password)
    assert_all(run(talk, meter.answer))


@pytest.mark.parametrize(
    ("password", "words"), [(b"wrong", "password is wrong"), (None, "another way")]
)
def test_a_wrong_password_is_refused_in_words_and_once(password: bytes | None, words: str) -> None:
    meter = DlmsMeter(password=b"12345678")
    talk, _ = session(password)
    with pytest.raises(DeniedError, match=words) as caught:
        run(talk, meter.answer)
    assert caught.value.condition is Condition.REFUSED
    assert meter.associations == 1
    assert "wrong" not in repr(password) or "12345678" not in str(caught.value)


@pytest.mark.parametrize("lost", range(2, 14))
@pytest.mark.parametrize("whose", ["request", "answer", "damaged"])
def test_a_lost_frame_is_asked_for_again(lost: int, whose: str) -> None:
    meter = DlmsMeter(frame=40, block=50)
    count = 0

    def line(data: bytes) -> bytes:
        nonlocal count
        count += 1
        if count != lost:
            return meter.answer(data)
        if whose == "request":
            return b""
        answer = meter.answer(data)
        return b"" if whose == "answer" else answer[:-3] + bytes([answer[-3] ^ 1]) + answer[-2:]

    talk, _ = session()
    assert_all(run(talk, line))


def test_a_slow_meter_is_waited_for() -> None:
    meter = DlmsMeter()
    waiting: list[bytes] = []

    def line(data: bytes) -> bytes:
        frame = hdlc.Decoder().feed(data)[0]
        if waiting:
            return waiting.pop()
        answer = meter.answer(data)
        if frame.control & 1 or len(meter.asked) != 5:
            return answer
        waiting.append(answer)
        acknowledged = (frame.control >> 1 & 7) + 1 & 7
        return hdlc.encode(Frame(b"\x21", SERVER, acknowledged << 5 | 0x11))

    talk, _ = session()
    assert_all(run(talk, line))


def test_a_silent_meter_is_silent_and_noise_is_noise() -> None:
    for answer, condition in ((b"", Condition.SILENT), (b"\xff\x00~", Condition.NOISE)):
        talk, _ = session()
        spoken = [talk.start()]
        while not talk.done:
            assert not answer or talk.feed(answer) == b""
            spoken.append(talk.silence())
        with pytest.raises(LinkError) as caught:
            talk.outcome()
        assert caught.value.condition is condition
        assert len([each for each in spoken if each]) == hdlc_link.TRIES


def test_a_meter_that_disconnects_is_told() -> None:
    talk, _ = session()
    meter = DlmsMeter()
    with pytest.raises(LinkError, match="ended the connection") as caught:
        run(
            talk,
            lambda data: (
                hdlc.encode(Frame(b"\x21", SERVER, 0x1F))
                if len(meter.asked) > 3
                else meter.answer(data)
            ),
        )
    assert caught.value.condition is Condition.REFUSED


@pytest.mark.parametrize("info", [b"x" * 100, b""])
def test_an_answer_without_end_is_given_up(info: bytes) -> None:
    meter = DlmsMeter()
    received = 0

    def line(data: bytes) -> bytes:
        nonlocal received
        frame = hdlc.Decoder().feed(data)[0]
        numbered = not frame.control & 1
        if frame.control in (0x93, 0x53) or (numbered and not frame.info.startswith(GET)):
            return meter.answer(data)
        if numbered:
            received = (frame.control >> 1 & 7) + 1 & 7
        control = received << 5 | 0x10 | (frame.control >> 5) << 1
        return hdlc.encode(Frame(b"\x21", SERVER, control, info, segmented=True))

    talk, _ = session()
    with pytest.raises(LinkError, match="has no end") as caught:
        run(talk, line, 10_000)
    assert caught.value.condition is Condition.NOISE


def test_frames_to_others_are_passed_over() -> None:
    meter = DlmsMeter()
    stray = hdlc.encode(Frame(b"\x23", SERVER, 0x73))
    talk, _ = session()
    assert_all(run(talk, lambda data: stray + meter.answer(data)))


def test_answers_that_come_twice_are_taken_once() -> None:
    meter = DlmsMeter(frame=40, block=50)

    def line(data: bytes) -> bytes:
        answer = meter.answer(data)
        return answer + answer

    talk, _ = session()
    assert_all(run(talk, line))


@pytest.mark.parametrize(
    ("logical", "physical", "octets"),
    [
        (1, None, "03"),
        (1, 17, "0223"),
        (1, 0, "0201"),
        (0x1234 & 0x3FFF, 0x3FFF, "4868fefe"[:6] + "ff"),
        (300, None, "04580001"),
    ],
)
def test_addresses(logical: int, physical: int | None, octets: str) -> None:
    assert address(logical, physical).hex() == octets


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_the_split_of_the_bytes_makes_no_difference(seed: int) -> None:
    random = Random(seed)
    meter = DlmsMeter(frame=60, block=90)
    talk, _ = session()
    out = talk.start()
    while not talk.done:
        parts: Sequence[bytes] = list(pieces(meter.answer(out), random))
        assert parts
        said = [talk.feed(part) for part in parts]
        assert not any(said[:-1]), "nothing is sent before the answer is whole"
        out = said[-1]
    assert_all({(str(item.obis), item.attribute): item for item in talk.outcome()})
