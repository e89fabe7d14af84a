"""A meter that is silent about some registers, instead of refusing them, is read all the same."""

import pytest

from submeter.errors import Condition, LinkError
from submeter.pointmap.spans import Span
from submeter.sources.modbus_meter import blocks as modbus_blocks
from submeter.sources.modbus_meter.blocks import Blocks
from submeter.sources.modbus_meter.client import Answer, Data, Refused

VALUES = [Span(3, n, 2) for n in range(0, 16, 2)] + [Span(3, 100, 2), Span(3, 200, 2)]


class Partly:
    """A meter that never answers a request in which one of `mute` is; `asked` by addresses."""

    def __init__(self, *mute: int) -> None:
        self.mute = set(mute)
        self.asked: list[tuple[int, int]] = []

    async def __call__(self, span: Span) -> Answer | None:
        self.asked.append((span.start, span.length))
        if self.mute.intersection(range(span.start, span.end)):
            return None
        data = b"".join(n.to_bytes(2) for n in range(span.start, span.end))
        return Data(data, data)

    async def read(self, blocks: Blocks) -> tuple[set[int], set[int], int]:
        """Return the addresses of what was found and is lacking, and how often it was silent."""
        heard = await blocks.read(self)
        for span, piece in heard.pieces.items():
            assert piece.data == b"".join(n.to_bytes(2) for n in range(span.start, span.end))
        if heard.pieces:
            blocks.learn(heard)
        found, lacks = ({span.start for span in each} for each in (heard.pieces, heard.lacks))
        return found, lacks, len(heard.silent)


EVERY = {span.start for span in VALUES}


async def test_the_others_are_read_and_what_is_silent_is_given_up() -> None:
    there, blocks = Partly(100), Blocks(VALUES, 8)
    for _ in range(3):
        assert await there.read(blocks) == (EVERY - {100}, set(), 1)
    there.asked.clear()
    assert await there.read(blocks) == (EVERY - {100}, {100}, 0)
    assert there.asked == [(0, 16), (200, 2)]


async def test_a_silence_that_passes_is_forgotten() -> None:
    there, blocks = Partly(100), Blocks(VALUES, 8)
    for _ in range(5):
        there.mute = {100}
        for _ in range(2):
            assert (await there.read(blocks))[1:] == (set(), 1)
        there.mute = set()
        assert await there.read(blocks) == (EVERY, set(), 0)


async def test_a_block_is_taken_apart_until_only_what_is_silent_is_missing() -> None:
    there, blocks = Partly(4, 5, 200), Blocks(VALUES, 8)
    for _ in range(30):
        found, _, silent = await there.read(blocks)
        assert 100 in found
        assert silent <= 2
    there.asked.clear()
    assert await there.read(blocks) == (EVERY - {4, 200}, {4, 200}, 0)
    assert there.asked == [(0, 4), (6, 10), (100, 2)]


async def test_no_more_than_one_suspect_is_asked_for_in_a_round() -> None:
    there, blocks = Partly(*range(16)), Blocks(VALUES, 8)
    for _ in range(30):
        found, _, silent = await there.read(blocks)
        assert found == {100, 200}
        assert silent <= 1
    assert await there.read(blocks) == ({100, 200}, set(range(0, 16, 2)), 0)


async def test_a_meter_that_answers_nothing_is_asked_twice_each_time_elsewhere() -> None:
    there, blocks = Partly(*range(300)), Blocks(VALUES, 8)
    assert await there.read(blocks) == (set(), set(), 2)
    assert there.asked == [(0, 16), (100, 2)]
    there.mute.remove(200)
    there.mute.remove(201)
    blocks.restart()
    assert await there.read(blocks) == ({200}, set(), 2)


async def test_a_meter_that_was_dead_for_long_has_lost_nothing() -> None:
    there, blocks = Partly(*range(300)), Blocks(VALUES, 8)
    for _ in range(10):
        await there.read(blocks)
    there.mute.clear()
    there.asked.clear()
    assert await there.read(blocks) == (EVERY, set(), 0)
    assert len(there.asked) == 3


async def test_what_was_given_up_is_tried_again_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there, blocks = Partly(100, 200), Blocks(VALUES, 8)
    for _ in range(8):
        await there.read(blocks)
    there.asked.clear()
    await there.read(blocks)
    assert there.asked == [(0, 16)]
    monkeypatch.setattr(modbus_blocks, "ASK_AGAIN", 0.0)
    blocks.restart()
    assert (await there.read(blocks))[2] == 1
    assert (await there.read(blocks))[2] == 1
    there.mute.clear()
    await there.read(blocks)
    assert await there.read(blocks) == (EVERY, set(), 0)


async def test_a_silent_part_of_what_is_refused() -> None:
    there, blocks = Partly(4), Blocks(VALUES, 8)

    async def ask(span: Span) -> Answer | None:
        return Refused(2) if 10 in range(span.start, span.end) else await there(span)

    for _ in range(12):
        heard = await blocks.read(ask)
        blocks.learn(heard)
    assert {span.start for span in heard.lacks} == {4, 10}
    assert {span.start for span in heard.pieces} == EVERY - {4, 10}


async def test_a_port_that_is_lost_ends_the_round() -> None:
    async def ask(span: Span) -> Answer | None:
        raise LinkError("closed", Condition.UNREACHABLE)

    with pytest.raises(LinkError, match="closed"):
        await Blocks(VALUES, 8).read(ask)
