"""M-Bus meters as sources: over TCP, a pseudo-terminal and a recording."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from submeter.errors import Condition, LinkError
from submeter.meter.instant import Instant
from submeter.meter.reading import Update
from submeter.pointmap import source_map
from submeter.sources import shared_line
from submeter.sources.mbus import schedule, timing
from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.schedule import Member
from submeter.sources.mbus.settings import MbusSettings
from submeter.sources.mbus.source import MbusSource
from submeter.sources.mbus.timing import Timing
from submeter.sources.port import Device, Port, Replay, Socket, Spec
from submeter.sources.shared_line import SharedLine
from submeter.sources.source import Health, supervise
from tooling import mbus_records as made
from tooling.mbus_bus import Bus, Slave, over_pty, over_tcp

ABB = Secondary("12345678", "ABB", 2, 2)
KAM = Secondary("12345679", "KAM", 1, 7)
SUCCESSOR = Secondary("12345679", "KAM", 1, 2)
ENERGY, POWER = "Active_Energy_Import", "Active_Power_Total"
QUICK = Timing(window=0.1, gap=0.01, pause=0.001, retries=0)
WATTS = made.dib(made.INTEGERS[4]) + made.vib(0x2B) + made.integer(2893, 4)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "of", lambda *_, **__: QUICK)


def electricity(primary: int = 5, meter: Secondary = ABB) -> Slave:
    return Slave(primary, meter, [made.energy(4408736) + WATTS])


def source(line: SharedLine, address: int | str = 5, **more: Any) -> MbusSource:
    """Return a source that reads its meter much more often than may be configured."""
    keys = {"port": str(line.spec), "address": address, "map": "mbus-electricity"} | more
    settings = MbusSettings.model_validate(keys).model_copy(update={"period": 0.02})
    return MbusSource("one", line, settings, source_map.load(settings.map))


def line(spec: Spec) -> SharedLine:
    return SharedLine(spec, MbusSettings(port="/dev/x", address=1, map="x").line)


class Watch:
    """Everything that a source published, and how it is."""

    def __init__(self, made_of: MbusSource) -> None:
        self.source = made_of
        self.updates: list[Update] = []
        self.health = Health()

    def publish(self, update: Update, at: Instant) -> None:
        self.updates.append(update)

    @property
    def condition(self) -> Condition:
        return self.health.condition(self.source.trouble)

    async def until(self, wanted: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not wanted():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def running(*several: MbusSource) -> AsyncIterator[list[Watch]]:
    watches = [Watch(each) for each in several]
    tasks = [
        asyncio.create_task(supervise(each.source, each.publish, 0.01, each.health))
        for each in watches
    ]
    try:
        yield watches
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def test_what_it_says_of_itself() -> None:
    made_of = source(line(Socket("192.0.2.1", 10001)), "12345678")
    assert made_of.describe() == (
        "mbus socket://192.0.2.1:10001 address 12345678-*-FF-FF (mbus-electricity)"
    )
    assert made_of.max_age == 180
    assert made_of.expected.keys() >= {ENERGY, POWER, "Instrument_Error"}
    assert made_of.dials[ENERGY].step == 10**6
    slow = MbusSettings(port="/dev/x", address=1, map="x", period=3600.0)
    shared = line(Device(Path("/dev/x")))
    assert MbusSource("s", shared, slow, source_map.load("mbus-water")).max_age == 10_800


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"address": 251}, "is no M-Bus address|less than or equal to 250"),
        ({"address": "1234"}, "is no M-Bus address"),
        ({"meter": "ABB"}, "is no M-Bus address"),
        ({"period": 0.5}, "greater than or equal to 1"),
        ({"baudrate": 1234}, "Input should be"),
        ({"speed": 1}, "Extra inputs"),
    ],
)
def test_settings_that_are_refused(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        MbusSettings.model_validate({"port": "/dev/x", "address": 1, "map": "m"} | wrong)


async def test_two_meters_on_one_converter(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    litres = made.dib(made.BCDS[8]) + made.vib(0x13) + made.bcd(12565, 8)
    bus = Bus([electricity(), Slave(0, KAM, [litres], status=0b0000_0100)])
    async with over_tcp(bus) as number:
        shared = line(Socket("127.0.0.1", number))
        both = source(shared), source(shared, "12345679", map="mbus-water")
        async with running(*both) as (one, two):
            await one.until(lambda: one.updates and two.updates)
            await one.until(lambda: len(one.updates) > 2)
    first, second = one.updates[0], two.updates[0]
    assert first.values[ENERGY].number == 4_408_736_000
    assert first.values[POWER].number == pytest.approx(2.893)
    assert first.values["Instrument_Battery_Low"].number == 0
    assert first.instrument == one.source.identity == "12345678-ABB-02-02"
    assert "Voltage_L1_N" in first.absent
    assert second.values["Volume"].number == 12_565_000
    assert second.values["Instrument_Battery_Low"].number == 1
    assert second.instrument == "12345679-KAM-01-07"
    assert (one.condition, two.condition) == (Condition.ONLINE, Condition.ONLINE)
    origin = one.source.origin(ENERGY)
    assert origin is not None
    assert origin.labels == (("energy", "4408736 Wh"),)
    assert origin.raw.startswith(b"\x68")
    assert "mbus-electricity.yaml:" in origin.where
    told = [record.getMessage() for record in caplog.records]
    assert 'event=mbus_meter source=one meter=12345679-KAM-01-07 medium="water"' in told


async def test_a_line_with_250_meters() -> None:
    meters = [Secondary(f"{10_000_000 + n}", "ABB", 2, 2) for n in range(250)]
    bus = Bus([electricity(n + 1, meter) for n, meter in enumerate(meters)])
    bus.slaves[100].deaf = 10**6
    async with over_tcp(bus) as number:
        shared = line(Socket("127.0.0.1", number))
        several = [source(shared, n + 1) for n in range(250)]
        async with running(*several) as watches:
            heard = [each for n, each in enumerate(watches) if n != 100]
            await heard[0].until(lambda: all(each.updates for each in heard))
            assert watches[100].condition in (Condition.SILENT, Condition.STARTING)
            most = max(len(each.updates) for each in heard)
    assert most <= 3  # in turn, not the same ones again and again
    assert [each.updates[0].instrument for each in heard] == [
        str(meter) for n, meter in enumerate(meters) if n != 100
    ]


async def test_on_a_serial_line() -> None:
    bus = Bus([electricity()])
    async with (
        over_pty(bus) as node,
        running(source(line(Device(node)), format="8N1")) as (one,),
    ):
        await one.until(lambda: one.updates)
    assert one.updates[0].values[ENERGY].number == 4_408_736_000


async def test_a_meter_that_falls_silent_and_comes_back() -> None:
    bus = Bus([electricity()])
    async with (
        over_tcp(bus) as number,
        running(source(line(Socket("127.0.0.1", number)))) as (one,),
    ):
        await one.until(lambda: one.updates)
        bus.silent = True
        await one.until(lambda: one.condition is Condition.SILENT)
        before = len(one.updates)
        bus.silent = False
        await one.until(lambda: len(one.updates) > before)
        assert one.condition is Condition.ONLINE


async def test_one_lost_reading_is_no_loss_of_the_link() -> None:
    slave = electricity()
    async with (
        over_tcp(Bus([slave])) as number,
        running(source(line(Socket("127.0.0.1", number)))) as (one,),
    ):
        await one.until(lambda: one.updates)
        slave.deaf = 2
        before = len(one.updates)
        await one.until(lambda: not slave.deaf and len(one.updates) > before + 1)
        assert one.health.failures == 0


async def test_two_meters_at_one_address() -> None:
    bus = Bus([electricity(), electricity(meter=KAM)])
    async with (
        over_tcp(bus) as number,
        running(source(line(Socket("127.0.0.1", number)))) as (one,),
    ):
        await one.until(lambda: one.condition is Condition.COLLISION)
        bus.slaves.pop()
        await one.until(lambda: one.condition is Condition.ONLINE)
        assert one.source.dropped > 0


async def test_a_meter_is_replaced() -> None:
    slave = electricity()
    async with (
        over_tcp(Bus([slave])) as number,
        running(source(line(Socket("127.0.0.1", number)))) as (one,),
    ):
        await one.until(lambda: one.updates)
        slave.meter = SUCCESSOR
        await one.until(lambda: one.updates[-1].instrument == str(SUCCESSOR))
        assert one.source.trouble is None


async def test_another_meter_than_the_configured_one_is_not_believed() -> None:
    slave = electricity(meter=KAM)
    async with over_tcp(Bus([slave])) as number:
        made_of = source(line(Socket("127.0.0.1", number)), meter="12345678")
        async with running(made_of) as (one,):
            await one.until(lambda: one.condition is Condition.OTHER_METER)
            assert one.source.identity == str(KAM)
            assert one.updates == []
            slave.meter = ABB
            await one.until(lambda: one.updates)
            assert one.condition is Condition.ONLINE


@pytest.mark.parametrize(
    ("records", "condition"),
    [
        (made.dib(made.BCDS[8]) + made.vib(0x13) + made.bcd(1, 8), Condition.WRONG_LAYOUT),
        (made.energy(1)[:-1], Condition.WRONG_LAYOUT),
    ],
)
async def test_answers_of_which_nothing_can_be_made(records: bytes, condition: Condition) -> None:
    slave = Slave(5, ABB, [records])
    async with (
        over_tcp(Bus([slave])) as number,
        running(source(line(Socket("127.0.0.1", number)))) as (one,),
    ):
        await one.until(lambda: one.condition is condition)
        assert one.updates == []
        slave.telegrams = [made.energy(1)]
        await one.until(lambda: one.updates)
        assert one.condition is Condition.ONLINE


async def test_a_converter_that_goes_away() -> None:
    bus = Bus([electricity()])
    async with over_tcp(bus) as number:
        spec = Socket("127.0.0.1", number)
    async with running(source(line(spec))) as (one,):
        await one.until(lambda: one.condition is Condition.UNREACHABLE)


async def test_all_meters_on_a_converter_that_does_not_answer_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each would wait for its first turn, and then for a connection of its own."""
    tries = 0

    async def opened(*_: object) -> Port:
        nonlocal tries
        tries += 1
        await asyncio.sleep(0.1)
        raise LinkError("no answer from 192.0.2.1", Condition.UNREACHABLE)

    monkeypatch.setattr(shared_line, "open_port", opened)
    shared = line(Socket("192.0.2.1", 10001))
    several = [source(shared, n + 1) for n in range(50)]
    for each in several:
        monkeypatch.setattr(each, "_member", Member(600.0))
    async with running(*several) as watches:
        await watches[0].until(
            lambda: all(each.condition is Condition.UNREACHABLE for each in watches)
        )
    assert tries == 1


async def test_the_whole_line_falls_silent_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the line's time is for silent meters beside others only."""
    bus = Bus([electricity(n + 1) for n in range(4)])
    async with over_tcp(bus) as number:
        shared = line(Socket("127.0.0.1", number))
        several = [source(shared, n + 1) for n in range(4)]
        async with running(*several) as watches:
            await watches[0].until(lambda: all(each.updates for each in watches))
            assert schedule.of(shared).load > 0
            bus.silent = True
            await watches[0].until(
                lambda: all(each.condition is Condition.SILENT for each in watches)
            )
            assert schedule.of(shared).load == 0


async def test_a_recording_of_the_line(tmp_path: Path) -> None:
    frames = [
        made.answer(5, ABB, made.energy(1000) + made.MORE),
        made.answer(6, KAM, made.energy(7)),
        made.answer(5, ABB, WATTS),
        made.answer(5, ABB, made.energy(2000) + made.MORE),
        made.answer(5, ABB, WATTS),
    ]
    file = tmp_path / "line"
    file.write_bytes(b"".join(b"\xe5" + each.encode() for each in frames))
    async with running(source(line(Replay(file, 1000.0)))) as (one,):
        await one.until(lambda: len(one.updates) >= 4)
    indexes = [each.values[ENERGY].number for each in one.updates[:4]]
    assert indexes == [1_000_000, 2_000_000, 2_000_000, 3_000_000]
    assert one.updates[0].values[POWER].number == pytest.approx(2.893)
    assert (one.updates[0].instrument or "").startswith("12345678-ABB-02-02 replay ")
