"""Few requests, and what a meter refuses is learnt once."""

from submeter.pointmap.spans import Span
from submeter.sources.modbus_meter.blocks import Blocks
from submeter.sources.modbus_meter.client import Answer, Data, Refused
from tooling.modbus_slave import Slave

VALUES = [Span(3, 0, 2), Span(3, 2, 2), Span(3, 10, 2), Span(3, 12, 1), Span(3, 200, 4)]


def filled(slave: Slave) -> Slave:
    for span in VALUES:
        for n in range(span.length):
            slave.registers[3, span.start + n] = span.start + n
    return slave


async def ask(slave: Slave, span: Span) -> Answer:
    frame = slave.pdu(bytes([span.function]) + span.start.to_bytes(2) + span.length.to_bytes(2))
    return Refused(frame[1]) if frame[0] & 0x80 else Data(frame[2:], frame)


async def read(blocks: Blocks, slave: Slave) -> tuple[dict[Span, str], set[Span], int]:
    """Return what was found, what is lacking, and in how many requests."""
    slave.asked.clear()
    heard = await blocks.read(lambda span: ask(slave, span))
    found = {span: piece.data.hex() for span, piece in heard.pieces.items()}
    return found, heard.lacks, len(slave.asked)


def wanted(*spans: Span) -> dict[Span, str]:
    numbers = {span: range(span.start, span.start + span.length) for span in spans}
    return {span: b"".join(n.to_bytes(2) for n in each).hex() for span, each in numbers.items()}


async def test_everything_is_read_in_few_requests() -> None:
    slave = filled(Slave({}))
    slave.holes = True
    assert await read(Blocks(VALUES, 32), slave) == (wanted(*VALUES), set(), 2)
    assert slave.asked == [(3, 0, 13), (3, 200, 4)]


async def test_a_map_that_refuses_holes_is_read_without_them() -> None:
    slave = filled(Slave({}))
    assert await read(Blocks(VALUES, 0), slave) == (wanted(*VALUES), set(), 3)


async def test_a_hole_that_is_refused_is_left_out_from_then_on() -> None:
    slave = filled(Slave({}))
    blocks = Blocks(VALUES, 32)
    assert await read(blocks, slave) == (wanted(*VALUES), set(), 4)
    assert await read(blocks, slave) == (wanted(*VALUES), set(), 3)
    assert slave.asked == [(3, 0, 4), (3, 10, 3), (3, 200, 4)]
    blocks.restart()
    assert (await read(blocks, slave))[2] == 4


async def test_what_the_meter_does_not_have_is_asked_for_once() -> None:
    slave = filled(Slave({}))
    del slave.registers[3, 12]
    blocks = Blocks(VALUES, 32)
    there = wanted(*(span for span in VALUES if span.start != 12))
    assert await read(blocks, slave) == (there, {Span(3, 12, 1)}, 6)
    assert await read(blocks, slave) == (there, {Span(3, 12, 1)}, 3)


async def test_a_short_limit_of_the_meter_is_found() -> None:
    slave = Slave({(4, n): n for n in range(100)})
    slave.largest = 20
    blocks = Blocks([Span(4, n, 2) for n in range(0, 100, 2)], 32)
    found, lacks, _ = await read(blocks, slave)
    assert (len(found), lacks) == (50, set())
    assert (await read(blocks, slave))[2] <= 8


async def test_a_refusal_that_passes_is_not_remembered() -> None:
    slave = filled(Slave({}))
    slave.holes = True
    slave.refuses[10] = 4
    blocks = Blocks(VALUES, 32)
    there = wanted(*(span for span in VALUES if span.start != 10))
    found, lacks, _ = await read(blocks, slave)
    assert (found, lacks) == (there, set())
    slave.refuses.clear()
    assert await read(blocks, slave) == (wanted(*VALUES), set(), 2)


async def test_bits_are_cut_one_by_one() -> None:
    slave = Slave({(2, n): n % 3 == 0 for n in range(1000, 1030)})
    blocks = Blocks([Span(2, n, 1) for n in range(1000, 1030)], 32, [Span(2, 1000, 3)])
    found, _, requests = await read(blocks, slave)
    assert requests == 2
    assert found.pop(Span(2, 1000, 3)) == "000001"
    assert found == {Span(2, n, 1): f"0{int(n % 3 == 0)}" for n in range(1000, 1030)}
