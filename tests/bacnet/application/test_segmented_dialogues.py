"""Segments that are lost, doubled and overtaken on the way, in both directions."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from bacnet.application import virtual_time
from bacnet.application.device import CLIENT, NOTHING, Notes, application, left
from bacnet.application.segmenting_client import SegmentingClient
from submeter.bacnet.application import limits
from submeter.bacnet.peer import GLOBAL, Peer

DELIVERED, LOST, DOUBLED, OVERTAKEN = range(4)
DELAY = 0.01  # s
FATES = st.lists(st.sampled_from([DELIVERED] * 4 + [LOST, DOUBLED, OVERTAKEN]), max_size=120)
BODY = bytes(range(256)) * 3
FIRST_ACKNOWLEDGED = b"\x40\x01\x00"
LENGTHS = st.integers(0, 760)
SIZES = st.sampled_from([48, 100, 1400])
WINDOWS = st.integers(1, 127)


class Wire:
    """Delivers packets as `fates` have it, one after the other, and well when there are no more."""

    def __init__(self, fates: list[int]) -> None:
        self._fates = list(reversed(fates))
        self.lost: list[bytes] = []

    def carry(self, deliver: Callable[[bytes], None], apdu: bytes) -> None:
        fate = self._fates.pop() if self._fates else DELIVERED
        later = asyncio.get_running_loop().call_later
        if fate == LOST:
            self.lost.append(apdu)
        else:
            later(DELAY * (3.5 if fate == OVERTAKEN else 1), deliver, apdu)
        if fate == DOUBLED:
            later(2 * DELAY, deliver, apdu)


class Carrier(Notes):
    """Takes what the device sends to the client, over the wire."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.wire = wire
        self.client: SegmentingClient | None = None

    def send(
        self, apdu: bytes, to: Peer = CLIENT, *, reply_expected: bool = False, priority: int = 0
    ) -> None:
        assert self.client is not None
        self.wire.carry(self.client.receive, apdu)

    def broadcast(self, apdu: bytes, network: int = GLOBAL, *, priority: int = 0) -> None:
        raise AssertionError("nothing is broadcast")


class Outcome(NamedTuple):
    """What the client got; `unheard`: that it took the first segment was lost, twice."""

    answer: bytes | None
    unheard: bool


def dialogue(body: bytes, size: int, proposes: int, takes: int, fates: list[int]) -> Outcome:
    """Have a client ask for `body` to be echoed; make sure that nothing is left behind."""

    async def scenario() -> Outcome:
        wire = Wire(fates)
        carrier = Carrier(wire)
        made, _ = application(carrier)
        client = SegmentingClient(
            lambda apdu: wire.carry(lambda octets: made.receive(octets, CLIENT, False), apdu),
            body,
            size,
            proposes,
            takes,
        )
        carrier.client = client
        client.begin()
        await asyncio.sleep(300)
        assert client.ended
        assert left(made) == NOTHING
        unheard = sum(apdu[:3] == FIRST_ACKNOWLEDGED for apdu in wire.lost) > 1
        return Outcome(client.answer, unheard)

    return virtual_time.run(scenario())


@given(LENGTHS, SIZES, WINDOWS, WINDOWS)
def test_over_a_good_wire_every_dialogue_succeeds(
    length: int, size: int, proposes: int, takes: int
) -> None:
    assert dialogue(BODY[:length], size, proposes, takes, []).answer == BODY[:length]


@given(LENGTHS, SIZES, WINDOWS, WINDOWS, FATES)
def test_over_a_bad_wire_comes_the_answer_or_none(
    length: int, size: int, proposes: int, takes: int, fates: list[int]
) -> None:
    body = BODY[:length]
    assert dialogue(body, size, proposes, takes, fates).answer in (body, None)


@given(
    st.integers(48, 760), SIZES, WINDOWS, WINDOWS, st.integers(0, 60), st.sampled_from([1, 2, 3])
)
def test_one_packet_that_goes_wrong_does_no_harm(
    length: int, size: int, proposes: int, takes: int, place: int, fate: int
) -> None:
    outcome = dialogue(BODY[:length], size, proposes, takes, [DELIVERED] * place + [fate])
    assert outcome.answer == BODY[:length]


@given(WINDOWS, WINDOWS, st.lists(st.integers(0, 60), max_size=3, unique=True))
def test_nor_do_three_that_are_lost(proposes: int, takes: int, places: list[int]) -> None:
    fates = [LOST if place in places else DELIVERED for place in range(61)]
    outcome = dialogue(BODY[:700], 60, proposes, takes, fates)
    # What nobody was heard to take is given up after the second time.
    assert outcome.answer in ((BODY[:700], None) if outcome.unheard else (BODY[:700],))


def test_an_answer_of_more_segments_than_there_are_numbers() -> None:
    body = bytes(range(250)) * 60
    assert len(body) <= limits.MOST_SEGMENTS * 1400
    assert len(body) > 256 * 45
    fates = [DELIVERED, LOST, DELIVERED, DOUBLED, DELIVERED, OVERTAKEN, DELIVERED] * 40
    assert dialogue(body, 1400, 16, 16, []).answer == body
    assert dialogue(body, 1400, 16, 5, fates).answer in (body, None)
