"""What changes or breaks while a meter is read."""

import asyncio
from contextlib import AsyncExitStack, suppress

import pytest

from submeter.errors import Condition
from submeter.meter.instant import Instant
from submeter.meter.reading import Update
from submeter.pointmap import source_map
from submeter.sources import shared_line
from submeter.sources.mbus import address, telegram, timing
from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.answer import Answer
from submeter.sources.mbus.reading import Reader
from submeter.sources.mbus.settings import MbusSettings
from submeter.sources.mbus.source import MbusSource
from submeter.sources.mbus.timing import Timing
from submeter.sources.port import Line, Socket
from submeter.sources.shared_line import SharedLine
from submeter.sources.source import Health, supervise
from tooling import mbus_records as made
from tooling.mbus_bus import Bus, Slave

ABB = Secondary("12345678", "ABB", 2, 2)
QUICK = Timing(window=0.1, gap=0.02, pause=0.001, retries=0)
ENERGY = "Active_Energy_Import"
WH, KWH, TENTHS_OF_MWH = made.vib(0x03), made.vib(0x06), made.vib(0x7B, 0x00)


def of(unit: bytes, number: int) -> Answer:
    records = made.dib(made.INTEGERS[4]) + unit + made.integer(number, 4)
    frame = made.answer(5, ABB, records)
    return Answer((telegram.read(frame),), frame.encode())


def test_an_index_goes_on_without_a_jump_when_the_unit_changes() -> None:
    reader = Reader("one", address.parse(5), None, source_map.load("mbus-electricity"))
    answers = [
        (KWH, 123_000, 123_000),
        (TENTHS_OF_MWH, 1_230, 123_000),
        (KWH, 123_001, 123_001),
        (WH, 123_001_500, 123_001.5),
        (TENTHS_OF_MWH, 1_231, 123_100),
    ]
    for turn, (unit, number, kilowatthours) in enumerate(answers):
        update = reader.understand(of(unit, number), 3600.0 * turn)
        assert update is not None
        assert update.values[ENERGY].number == round(kilowatthours * 1_000_000)
        assert update.instrument == str(ABB)
    assert reader.trouble is None


class Loose(Bus):
    """A line whose converter goes away in the middle of an answer while it is `loose`."""

    loose = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(300):
                answer = self.take(data)
                if self.loose and len(answer) > 1:
                    writer.write(answer[: len(answer) // 2])
                    break
                writer.write(answer)
        finally:
            writer.close()


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_line_that_is_unplugged_within_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "of", lambda *_, **__: QUICK)
    monkeypatch.setattr(shared_line, "OPEN_AGAIN", 0.05)
    bus, updates, health = (
        Loose([Slave(5, ABB, [made.energy(4_408_736)])]),
        list[Update](),
        Health(),
    )

    def publish(update: Update, at: Instant) -> None:
        updates.append(update)

    server = await asyncio.start_server(bus.serve, "127.0.0.1", 0)
    number = server.sockets[0].getsockname()[1]
    async with asyncio.timeout(8), AsyncExitStack() as stack:
        stack.callback(server.close)
        line = SharedLine(Socket("127.0.0.1", number), Line(2400, "8E1"))
        settings = MbusSettings(port="/dev/x", address=5, map="mbus-electricity")
        settings = settings.model_copy(update={"period": 0.05})
        source = MbusSource("one", line, settings, source_map.load(settings.map))
        task = asyncio.create_task(supervise(source, publish, 0.02, health))
        stack.push_async_callback(end, task)
        while not updates:
            await asyncio.sleep(0.01)
        bus.loose = True
        while health.condition(source.trouble) is not Condition.UNREACHABLE:
            await asyncio.sleep(0.01)
        before, bus.loose = len(updates), False
        while len(updates) == before:
            await asyncio.sleep(0.01)
        assert health.condition(source.trouble) is Condition.ONLINE
    assert {each.values[ENERGY].number for each in updates} == {4_408_736_000}
