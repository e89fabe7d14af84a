"""A TIC output over a pseudo-terminal, a socket and a recording."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal

import pytest

from submeter.errors import LinkError
from submeter.meter.instant import Instant
from submeter.meter.meter import COMMUNICATION, Meter
from submeter.meter.reading import Quality
from submeter.pointmap import points, source_map
from submeter.sources import port as ports
from submeter.sources.serial_port import SerialPort
from submeter.sources.source import supervise
from submeter.sources.tic import baud_search
from submeter.sources.tic.decoder import Mode
from submeter.sources.tic.settings import TicSettings
from submeter.sources.tic.source import TicSource, pace
from tooling import meters
from tooling.tic import Historique, Linky
from tooling.unplugged import unplug

MAPS = {
    Mode.STANDARD: source_map.load("tic-standard"),
    Mode.HISTORIQUE: source_map.load("tic-historique"),
    Mode.PME_PMI: source_map.load("tic-pme-pmi"),
}
ENERGY = "Active_Energy_Import"
PATIENCE = 5.0


class Cable:
    """A pseudo-terminal behind a name of its own, which survives unplugging as by-id links do."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._master: int | None = None

    def plug(self) -> None:
        self._master, self._slave = os.openpty()
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        if self._master is not None:
            unplug(self._master, self._slave)
        self._master = None
        self._link.unlink(missing_ok=True)

    def send(self, data: bytes) -> None:
        assert self._master is not None
        os.write(self._master, data)


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    made = Cable(tmp_path / "adapter")
    made.plug()
    yield made
    made.unplug()


def source(
    spec: ports.Spec,
    baudrate: Literal["auto", 9600, 1200] = 9600,
    form: Literal["7E1", "8N1"] = "7E1",
) -> TicSource:
    settings = TicSettings(port=str(spec), baudrate=baudrate, format=form)
    return TicSource("one", spec, settings, MAPS)


def meter_for(made: TicSource, max_age: float = 0.3) -> Meter:
    return meters.meter("one", points.standard().values(), made.expected, max_age)


async def until(meter: Meter, name: str, *wanted: Quality) -> None:
    """Wait until `name` has a quality that is `wanted`, letting the meter age and commit."""
    async with asyncio.timeout(PATIENCE):
        while meter.readings[name].quality not in wanted:
            await asyncio.sleep(0.01)
            meter.tick(Instant.now())
            meters.commit(meter, Instant.now())


@asynccontextmanager
async def running(made: TicSource, meter: Meter) -> AsyncIterator[None]:
    task = asyncio.create_task(supervise(made, meter.update, first_pause=0.02))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def speaking(cable: Cable, frames: Sequence[bytes]) -> AsyncIterator[None]:
    """Send the frames over and over while the block runs."""

    async def speak() -> None:
        while True:
            for each in frames:
                cable.send(each)
                await asyncio.sleep(0.05)

    task = asyncio.create_task(speak())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def tuned(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the baud rates that a port will be set to, which it is not then."""
    rates: list[int] = []

    async def retune(port: SerialPort, line: ports.Line) -> None:
        rates.append(line.baudrate)

    monkeypatch.setattr(SerialPort, "retune", retune)
    return rates


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage().split()[0].removeprefix("event=") for record in caplog.records]


def test_what_all_modes_can_give_is_expected() -> None:
    made = source(ports.Socket("192.0.2.1", 1))
    assert made.expected.keys() == {name for each in MAPS.values() for name in each.rules}
    assert made.expected["Active_Power_Total"] is Quality.DERIVED
    assert made.max_age == 40
    assert made.describe() == "tic socket://192.0.2.1:1 (tic-standard, tic-historique, tic-pme-pmi)"


def test_pace() -> None:
    assert pace(Linky().next_frame()) == 960
    assert pace(Historique().next_frame()) == 120


async def test_unplugged_goes_stale_and_comes_back(
    cable: Cable, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    made = source(ports.Device(tmp_path / "adapter"), form="7E1")
    meter, linky = meter_for(made), [Linky().next_frame()]
    async with running(made, meter):
        async with speaking(cable, linky):
            await until(meter, ENERGY, Quality.MEASURED)
            assert meter.readings[COMMUNICATION].value == 1
            index = meter.readings[ENERGY].value
        cable.unplug()
        await until(meter, ENERGY, Quality.STALE)
        await until(meter, "Voltage_L1_N", Quality.STALE)
        assert meter.readings[COMMUNICATION].value == 0
        assert meter.readings[ENERGY].value == index
        cable.plug()
        async with speaking(cable, linky):
            await until(meter, ENERGY, Quality.MEASURED)
    told = [event for event in events(caplog) if event != "link_still_down"]
    assert told == ["tic_meter", "link_up", "link_down", "tic_meter", "link_up"]
    assert 'reason="' in caplog.records[2].getMessage()


async def test_8n1_frames_with_their_parity_bits(cable: Cable, tmp_path: Path) -> None:
    made = source(ports.Device(tmp_path / "adapter"), form="8N1")
    meter = meter_for(made)
    parity = bytes(byte | (byte.bit_count() % 2 << 7) for byte in range(128)) * 2
    async with running(made, meter), speaking(cable, [Linky().next_frame().translate(parity)]):
        await until(meter, ENERGY, Quality.MEASURED)


async def test_the_other_mode_in_mid_stream(
    cable: Cable, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    made = source(ports.Device(tmp_path / "adapter"))
    meter = meter_for(made, max_age=60)
    old = Historique(contract="TEMPO", phases=3)
    async with running(made, meter):
        async with speaking(cable, [Linky(phases=3).next_frame()]):
            await until(meter, "Voltage_L1_N", Quality.MEASURED)
            await until(meter, "Phase_Loss_L1", Quality.DERIVED)  # from the voltages
            # whatever was sent last, a frame or a part of one
        async with speaking(cable, [old.next_frame()]):
            await until(meter, "Phase_Loss_L1", Quality.MEASURED)
            await until(meter, "Voltage_L1_N", Quality.ABSENT)
        async with speaking(cable, [Linky(phases=3).next_frame()]):
            await until(meter, "Voltage_L1_N", Quality.MEASURED)
            await until(meter, "Phase_Loss_L1", Quality.DERIVED)  # from the voltages
    modes = [
        r.getMessage().split("mode=")[1].split()[0] for r in caplog.records if "mode=" in r.msg
    ]
    assert modes == ["standard", "historique", "standard"]


async def test_auto_tries_the_other_rate_and_goes_on_trying(
    cable: Cable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baud_search, "DEAF", 0.05)
    monkeypatch.setattr(baud_search, "TRIAL", 0.05)
    rates = tuned(monkeypatch)
    made = source(ports.Device(tmp_path / "adapter"), baudrate="auto")
    meter = meter_for(made)
    async with running(made, meter):
        async with speaking(cable, [b"\x81\x40\x00garbage"]):
            async with asyncio.timeout(PATIENCE):
                while len(rates) < 3:
                    await asyncio.sleep(0.01)
        async with speaking(cable, [Historique().next_frame()]):
            await until(meter, ENERGY, Quality.MEASURED)
            found = len(rates)
            await asyncio.sleep(0.2)
        assert rates[:3] == [1200, 19200, 4800]
        assert len(rates) == found


async def test_auto_does_not_hang_on_a_silent_line(
    cable: Cable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baud_search, "TRIAL", 0.02)
    monkeypatch.setattr(baud_search, "SILENCE", 0.2)
    made = source(ports.Device(tmp_path / "adapter"), baudrate="auto", form="8N1")
    with pytest.raises(LinkError, match="nothing arrives; not a byte for 0 s"):
        async with asyncio.timeout(PATIENCE):
            await made.run(lambda update, at: None)


async def test_a_rate_that_is_given_is_not_changed(
    cable: Cable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baud_search, "DEAF", 0.02)
    monkeypatch.setattr(baud_search, "SILENCE", 0.3)
    rates = tuned(monkeypatch)
    made = source(ports.Device(tmp_path / "adapter"), baudrate=1200)
    async with speaking(cable, [b"garbage"]):
        with pytest.raises(LinkError, match="no valid TIC"):
            async with asyncio.timeout(PATIENCE):
                await made.run(lambda update, at: None)
    assert rates == []


async def test_a_line_that_falls_silent_is_lost(
    cable: Cable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baud_search, "SILENCE", 0.2)
    made = source(ports.Device(tmp_path / "adapter"), baudrate=9600)
    cable.send(Linky().next_frame())
    with pytest.raises(LinkError, match="nothing arrives; not a byte for 0 s"):
        async with asyncio.timeout(PATIENCE):
            await made.run(lambda update, at: None)


async def test_a_noisy_line_is_told_once(
    cable: Cable, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    made = source(ports.Device(tmp_path / "adapter"))
    meter = meter_for(made, max_age=60)
    good = Linky().next_frame()
    bad = good.replace(b"IRMS", b"IRNS").replace(b"URMS", b"URNS")
    async with running(made, meter):
        async with speaking(cable, [bad]):
            async with asyncio.timeout(PATIENCE):
                while "line_noisy" not in events(caplog):
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)
        async with speaking(cable, [good]), asyncio.timeout(PATIENCE):
            while "line_quiet" not in events(caplog):
                await asyncio.sleep(0.01)
    assert [event for event in events(caplog) if event.startswith("line")] == [
        "line_noisy",
        "line_quiet",
    ]


async def test_a_recording_repeats_and_its_index_grows(tmp_path: Path) -> None:
    path = tmp_path / "linky.tic"
    linky = Linky(seed=5)
    path.write_bytes(b"".join(linky.next_frame() for _ in range(10)))
    made = source(ports.parse(f"replay:{path}?speed=10000", tmp_path))
    indexes: list[float] = []
    done = asyncio.Event()

    def publish(update: object, at: Instant) -> None:
        numbers = getattr(update, "values", {})
        if ENERGY not in numbers:
            return  # the first frame's waits for the second one's
        indexes.append(numbers[ENERGY].number)
        if len(indexes) > 50:
            done.set()

    task = asyncio.create_task(made.run(publish))
    async with asyncio.timeout(PATIENCE):
        await done.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert indexes == sorted(indexes)
    assert indexes[-1] - indexes[0] >= 4 * (indexes[9] - indexes[0])
