"""The TIC source and an emulated meter at the other end of a line."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal

import pytest

from submeter.errors import Condition
from submeter.meter.instant import Instant
from submeter.meter.reading import Update
from submeter.pointmap import source_map
from submeter.sources import port as ports
from submeter.sources.source import supervise
from submeter.sources.tic import baud_search
from submeter.sources.tic.decoder import Group, Mode
from submeter.sources.tic.settings import TicSettings
from submeter.sources.tic.source import TicSource
from tooling.tic import Historique, Linky, frame
from tooling.tic_emitter import TicEmitter
from tooling.tic_pme_pmi import PmePmi

MAPS = {mode: source_map.load(f"tic-{mode.value.replace('_', '-')}") for mode in Mode}
INDEX = "Active_Energy_Import"
ADDRESS = "042276000001"


class Heard:
    """What a source has published: every update, and the last number of each point."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.numbers: dict[str, float] = {}

    def __call__(self, update: Update, at: Instant) -> None:
        self.updates.append(update)
        self.numbers |= {name: value.number for name, value in update.values.items()}
        for name in update.absent:
            self.numbers.pop(name, None)


def source(
    node: str, baudrate: Literal["auto", 1200, 9600] = 9600, meter: str | None = None
) -> TicSource:
    settings = TicSettings(port=node, baudrate=baudrate, meter=meter)
    return TicSource("one", ports.Device(Path(node)), settings, MAPS)


@asynccontextmanager
async def listening(made: TicSource) -> AsyncIterator[Heard]:
    heard = Heard()
    task = asyncio.create_task(supervise(made, heard, first_pause=0.02))
    try:
        yield heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


async def test_every_mode_in_its_turn() -> None:
    with TicEmitter(Linky(phases=3)) as emitter:
        made = source(emitter.node)
        async with listening(made) as heard:
            await until(lambda: "Tariff_Current" in heard.numbers and INDEX in heard.numbers)
            assert heard.numbers["Relay_1"] in (0, 1)
            emitter.model = Historique(contract="TEMPO", phases=3)
            await until(lambda: heard.numbers.get("Tariff_Colour_Today") == 1)
            assert made.identity == "021600000001"
            emitter.model = PmePmi()
            await until(lambda: heard.numbers.get("Subscribed_Power") == 250)
            assert "Voltage_L1_N" not in heard.numbers
            emitter.model = Linky(phases=3)
            await until(lambda: "Voltage_L1_N" in heard.numbers)
            assert made.trouble is None


async def test_the_baud_rate_is_found_and_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baud_search, "DEAF", 0.15)
    monkeypatch.setattr(baud_search, "TRIAL", 0.1)
    with TicEmitter(Linky(phases=1), 9600) as emitter:
        made = source(emitter.node, "auto")
        async with listening(made) as heard:
            await until(lambda: INDEX in heard.numbers)
            emitter.model, emitter.baudrate = Historique(), 1200
            await until(lambda: made.identity == "021600000001")
            emitter.model, emitter.baudrate = PmePmi(), 19200
            await until(lambda: made.identity == "041436028024")
            # A module may send historique mode at the speed of standard mode.
            emitter.model, emitter.baudrate = Historique(seed=2), 9600
            await until(lambda: made.identity == "021600000002")
        async with listening(made):  # it goes on where it was right
            await until(lambda: made.identity == "021600000002" and made.trouble is None)


async def test_two_meters_on_two_ports() -> None:
    with TicEmitter(Linky(seed=1)) as one, TicEmitter(Historique(seed=2), 1200) as two:
        first, second = source(one.node), source(two.node, 1200)
        async with listening(first) as heard, listening(second) as other:
            await until(lambda: INDEX in heard.numbers and INDEX in other.numbers)
            assert first.identity != second.identity
            assert heard.numbers[INDEX] != other.numbers[INDEX]


async def test_short_frames_keep_what_the_long_ones_said() -> None:
    with TicEmitter(Historique(phases=3, subscribed=1), pause=0.005) as emitter:
        made = source(emitter.node)
        async with listening(made) as heard:
            await until(lambda: heard.numbers.get("Overload_Alarm") == 0)
            before = set(heard.numbers)
            emitter.overload = True
            await until(lambda: heard.numbers.get("Overload_Alarm") == 1)
            count = len(heard.updates)
            await until(lambda: len(heard.updates) > count + 45)
            alarms = [u.values["Overload_Alarm"].number for u in heard.updates[count:]
                      if "Overload_Alarm" in u.values]  # fmt: skip
            assert set(alarms) == {1}, "a long frame in between ends no overload"
            assert before <= set(heard.numbers)
            assert made.trouble is None
            emitter.overload = False
            await until(lambda: heard.numbers["Overload_Alarm"] == 0)


class Sleeper:
    """A meter without power: it says its address and nothing else."""

    def next_frame(self) -> bytes:
        return frame(Mode.HISTORIQUE, [Group("ADCO", "021600000001")])


async def test_a_meter_that_sleeps() -> None:
    with TicEmitter(Historique(phases=1)) as emitter:
        made = source(emitter.node)
        async with listening(made) as heard:
            await until(lambda: INDEX in heard.numbers)
            absent = {name for update in heard.updates for name in update.absent}
            emitter.model = Sleeper()
            await until(lambda: made.trouble is Condition.SLEEPING)
            await asyncio.sleep(0.8)  # more than 20 frames
            assert {name for update in heard.updates for name in update.absent} == absent
            emitter.model = Historique(phases=1)
            await until(lambda: made.trouble is None)


async def test_another_meter_than_the_one_that_is_expected() -> None:
    with TicEmitter(Linky(seed=2)) as emitter:
        made = source(emitter.node, meter=ADDRESS)
        async with listening(made) as heard:
            await until(lambda: made.trouble is Condition.OTHER_METER)
            assert made.identity == "042276000002"
            assert not heard.updates
            emitter.model = Linky(seed=1)
            await until(lambda: INDEX in heard.numbers)
            assert made.trouble is None
            assert {update.instrument for update in heard.updates} == {ADDRESS}


async def test_a_meter_that_does_not_say_who_it_is_is_not_the_one_that_is_expected() -> None:
    with TicEmitter(PmePmi(address=None)) as emitter:
        made = source(emitter.node, meter=ADDRESS)
        async with listening(made) as heard:
            await until(lambda: made.trouble is Condition.OTHER_METER)
            assert made.identity is None
            assert not heard.updates


async def test_noise_is_a_trouble_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baud_search, "DEAF", 0.2)
    with TicEmitter(Linky(phases=3), pause=0.01) as emitter:
        made = source(emitter.node)
        emitter.noise = 0.01
        async with listening(made) as heard:
            await until(lambda: made.trouble is Condition.NOISE)
            assert made.dropped > 0
            emitter.noise = 0.0
            await until(lambda: made.trouble is None and INDEX in heard.numbers)
            emitter.baudrate = 1200  # nothing but garbage
            await until(lambda: made.trouble is Condition.NOISE)


async def test_the_ledger_is_remembered() -> None:
    meter = PmePmi()
    meter.run(36_000)
    with TicEmitter(meter) as emitter:
        made = source(emitter.node)
        assert made.saved() == '{"ledger": {}}'
        async with listening(made) as heard:
            await until(lambda: INDEX in heard.numbers)
        emitter.silent = True
        kept = made.saved()
        assert kept == made.saved()
        meter.tariff = "HCH"
        again = source(emitter.node)
        again.restore(kept)
        emitter.silent = False
        async with listening(again) as heard:
            await until(lambda: INDEX in heard.numbers)
        assert heard.numbers[INDEX] >= 900 * 10**6


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ledger": []}', '{"ledger": {"E": {"a": -1}}}'])
def test_a_memory_that_is_damaged_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        source("/dev/null").restore(text)


async def test_the_origin_of_a_value_is_the_frame_it_came_in() -> None:
    with TicEmitter(Linky(phases=1)) as emitter:
        made = source(emitter.node)
        async with listening(made) as heard:
            await until(lambda: "Voltage_L1_N" in heard.numbers)
            origin = made.origin("Voltage_L1_N")
    assert origin
    assert origin.raw.startswith(b"\x02\nADSC\t042264000001\t")
    assert origin.raw.endswith(b"\r\x03")
    assert origin.labels[0][0] == "URMS1"
    assert f"\nURMS1\t{origin.labels[0][1].removesuffix(' V')}\t".encode() in origin.raw
    assert "tic-standard.yaml:" in origin.where
