"""Dead meters on a line do not hold up the living ones."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, suppress
from typing import NoReturn

import pytest

from submeter.errors import Condition, LinkError
from submeter.pointmap import source_map
from submeter.sources.mbus import schedule, timing
from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.link import Decoder, Short
from submeter.sources.mbus.schedule import Member, Schedule
from submeter.sources.mbus.settings import MbusSettings
from submeter.sources.mbus.source import MbusSource
from submeter.sources.mbus.timing import Timing
from submeter.sources.port import Line, Socket
from submeter.sources.shared_line import SharedLine
from submeter.sources.source import supervise
from tooling import mbus_records as made
from tooling.mbus_bus import Bus, Slave, over_tcp

METERS, DEAD = 40, 15
PERIOD = 0.3  # s


class Noting(Bus):
    """A line that notes the addresses that were asked, in order."""

    def __init__(self, slaves: list[Slave]) -> None:
        super().__init__(slaves)
        self.asked: list[int] = []
        self._notes = Decoder()

    def take(self, data: bytes) -> bytes:
        self.asked += [each.address for each in self._notes.feed(data) if isinstance(each, Short)]
        return super().take(data)


def slave(primary: int) -> Slave:
    return Slave(primary, Secondary(f"{primary:08}", "ABB", 2, 2), [made.energy(1000)])


def source(line: SharedLine, address: int) -> MbusSource:
    settings = MbusSettings(port=str(line.spec), address=address, map="mbus-electricity")
    settings = settings.model_copy(update={"period": PERIOD})
    return MbusSource(f"m{address}", line, settings, source_map.load(settings.map))


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_the_first_round_asks_each_dead_meter_once_and_goes_on_reading_the_living(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        timing, "of", lambda *_, **__: Timing(window=0.05, gap=0.01, pause=0.001, retries=2)
    )
    bus = Noting([slave(each) for each in range(DEAD + 1, METERS + 1)])
    read: Counter[int] = Counter()
    async with over_tcp(bus) as number, AsyncExitStack() as stack:
        spec = Socket("127.0.0.1", number)
        line = SharedLine(spec, Line(2400, "8E1"))
        for address in (*range(1, METERS, 2), *range(2, METERS + 1, 2)):
            running = asyncio.create_task(
                supervise(
                    source(line, address), lambda *_, number=address: read.update([number]), 0.01
                )
            )
            stack.push_async_callback(end, running)
        async with asyncio.timeout(6):
            while len(read) < METERS - DEAD:
                await asyncio.sleep(0.01)
    of_dead = Counter(each for each in bus.asked if each <= DEAD)
    # A wake-up and one request each, and hardly any of the second round.
    assert sum(of_dead.values()) <= 2 * DEAD + 8
    last = max(place for place, each in enumerate(bus.asked) if bus.asked.index(each) == place)
    assert max(Counter(bus.asked[:last]).values()) >= 6  # a wake-up and a request a reading


async def test_what_silent_meters_cost_is_charged_from_the_start() -> None:
    plan, member, loop = Schedule("line"), Member(10.0), asyncio.get_running_loop()
    began = loop.time()
    plan.lost(member, 0.02)
    plan.lost(member, 0.02)
    await plan.silent_turn(0.01)
    # Half of the line's time while none answers, since the first of them began.
    assert loop.time() - began >= 0.05


async def test_a_single_lost_reading_does_not_wait_behind_dead_meters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick = Timing(window=0.02, gap=0.01, pause=0.001, retries=0)
    monkeypatch.setattr(timing, "of", lambda *_, **__: quick)
    one = slave(1)
    bus, updates = Bus([one]), Counter[int]()
    async with over_tcp(bus) as number, AsyncExitStack() as stack:
        made_of = source(SharedLine(Socket("127.0.0.1", number), Line(2400, "8E1")), 1)
        plan = schedule.of(made_of._line)
        task = asyncio.create_task(supervise(made_of, lambda *_: updates.update([1])))
        stack.push_async_callback(end, task)
        async with asyncio.timeout(3):
            while not updates:
                await asyncio.sleep(0.01)
            plan.lost(Member(10.0), 1000.0)  # dead meters have used up what they get
            one.deaf = 2
            while updates[1] < 2:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("full", [False, True])
async def test_a_meter_that_never_ends_leaves_a_full_line_to_the_others(
    monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    quick = Timing(window=0.02, gap=0.01, pause=0.001, retries=0)
    monkeypatch.setattr(timing, "of", lambda *_, **__: quick)
    one = slave(1)
    monkeypatch.setattr(schedule, "SILENT_SHARE", 0.01)
    one.telegrams = [made.energy(1, tariff=tariff) for tariff in range(20)]
    read: Counter[int] = Counter()
    async with over_tcp(Bus([one])) as number, AsyncExitStack() as stack:
        made_of = source(SharedLine(Socket("127.0.0.1", number), Line(2400, "8E1")), 1)
        plan, other = schedule.of(made_of._line), Member(1.0)
        stack.enter_context(plan.joined(other))
        plan.took(other, 2.0 if full else 0.1)
        task = asyncio.create_task(supervise(made_of, lambda *_: read.update([1])))
        stack.push_async_callback(end, task)
        await asyncio.sleep(1.2)
    # Each reading takes some hundredths of a second, and leaves a hundred times as much.
    assert 1 <= read[1] <= 2 if full else read[1] >= 3


async def test_dead_meters_wait_for_their_share_after_the_converter_was_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick = Timing(window=0.02, gap=0.01, pause=0.001, retries=0)
    monkeypatch.setattr(timing, "of", lambda *_, **__: quick)
    bus = Noting([])
    async with over_tcp(bus) as number:
        line = SharedLine(Socket("127.0.0.1", number), Line(2400, "8E1"))
        made_of = source(line, 1)
        with pytest.raises(LinkError, match="no answer"):
            await made_of.run(print)
        turn = line.turn

        def lost() -> NoReturn:
            raise LinkError("gone", Condition.UNREACHABLE)

        monkeypatch.setattr(line, "turn", lost)
        schedule.of(line).lost(Member(1.0), 0.001)
        with pytest.raises(LinkError, match="gone"):
            await made_of._in_turn()
        monkeypatch.setattr(line, "turn", turn)
        schedule.of(line).lost(Member(1.0), 1000.0)
        before = len(bus.asked)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(made_of._in_turn(), 0.1)
        assert len(bus.asked) == before
