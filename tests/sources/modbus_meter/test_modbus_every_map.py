"""Every meter that we can imitate can be read: what our own face serves comes back."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from submeter.meter.instant import Instant
from submeter.meter.reading import Update
from submeter.pointmap import folders, meter_map
from submeter.pointmap.meter_map import MeterMap
from submeter.sources.modbus_meter import source as modbus_source
from submeter.sources.modbus_meter.settings import ModbusMeterSettings
from submeter.sources.modbus_meter.source import ModbusSource
from submeter.sources.shared_line import SharedLine
from tooling import known_meter
from tooling.known_meter import NUMBERS, SERIAL_NUMBER, UNIT, served
from tooling.pty_pair import pty_pair

NAMES = sorted(path.stem for path in (folders.shipped() / "meters").glob("*.yaml"))
NO_SERIAL = {"carlo-gavazzi-em24", "pzem-004t", "standard"}
# int16 in SunSpec's percent and 10 W, the others by the scale of their registers.
COARSE = {"kW": 0.011, "kvar": 0.011, "kVA": 0.011, "V": 0.11, "A": 0.11, "Hz": 0.11, "%": 0.11}


def made(name: str, chosen: MeterMap | None = None, **where: object) -> ModbusSource:
    given = {"unit": UNIT, "map": name, "timeout": 0.5, "retries": 1, **where}
    settings = ModbusMeterSettings.model_validate(given)
    line = SharedLine(settings.spec(Path()), settings.line)
    return ModbusSource("meter", line, settings, chosen or meter_map.load(name))


async def updates(source: ModbusSource, count: int = 1) -> list[Update]:
    """Return the first updates that `source` publishes."""
    found: list[Update] = []
    enough = asyncio.Event()

    def publish(update: Update, at: Instant) -> None:
        found.append(update)
        if len(found) >= count:
            enough.set()

    running = asyncio.create_task(source.run(publish))
    waiting = asyncio.create_task(enough.wait())
    await asyncio.wait({running, waiting}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    for task in (running, waiting):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert len(found) >= count
    return found


def check(name: str, update: Update, known: Mapping[str, int | float] = NUMBERS) -> None:
    every = {point.name: point for point in meter_map.load(name).points}
    compared = 0
    for point, value in update.values.items():
        if point not in known:
            continue
        wanted, unit = known[point], every[point].unit
        if every[point].kind == "index":
            step = 64_000_000 if name.startswith("sunspec-213") else 100_000_000
            assert isinstance(value.number, int)
            assert wanted - step <= value.number <= wanted + 64_000, point
        elif point == "Power_Factor_Total" and name == "pzem-004t":
            assert value.number == pytest.approx(wanted, abs=0.011)
        else:
            assert value.number == pytest.approx(wanted, abs=COARSE.get(unit or "", 0.0011)), point
        compared += 1
    assert compared >= (6 if name == "pzem-004t" else 14)


@pytest.mark.parametrize("name", NAMES)
async def test_every_map_is_read_back_over_tcp(name: str) -> None:
    async with served(name) as there:
        source = made(name, tcp=f"127.0.0.1:{there.port}")
        (update,) = await updates(source)
    check(name, update)
    assert set(update.values) | update.absent <= set(source.expected)
    assert not update.failed
    digits = 7 if name == "carlo-gavazzi-em340" else 8
    identity = None if name in NO_SERIAL else SERIAL_NUMBER[:digits]
    assert source.identity == update.instrument == identity
    every = {point.name: point for point in meter_map.load(name).points}
    had = {each.point.name for each in meter_map.load(name).registers if each.point}
    measured = {point for point in had & set(NUMBERS) if every[point].group == "measurement"}
    ours = {"Demand_Current", "Demand_Peak_Current", "Demand_Peak_Timestamp"}
    assert measured - ours <= set(update.values)
    assert not ours & set(update.values)


@pytest.mark.parametrize("name", ["abb-b23", "eastron-sdm630"])
async def test_two_maps_are_read_back_over_a_serial_line(name: str) -> None:
    with pty_pair() as nodes:
        async with served(name, line=nodes) as there:
            source = made(name, port=there.node, baudrate=known_meter.BAUDRATE)
            (update,) = await updates(source)
    check(name, update)
    assert source.identity == SERIAL_NUMBER


async def test_what_is_not_known_there_is_not_known_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modbus_source, "ABSENT_AFTER", 1)
    for name in ("standard", "carlo-gavazzi-em340", "schneider-iem3155"):
        async with served(name, unknown=known_meter.SOME) as there:
            source = made(name, tcp=f"127.0.0.1:{there.port}")
            (update,) = await updates(source)
        taken = set(known_meter.SOME) & set(source.expected)
        assert len(taken) >= 4
        assert not taken & set(update.values)
        check(name, update)


async def test_an_index_is_exact_where_the_meter_has_it_exactly() -> None:
    for name, step in (("standard", 1000), ("carlo-gavazzi-em340", 1000), ("abb-b23", 10_000)):
        async with served(name) as there:
            (update,) = await updates(made(name, tcp=f"127.0.0.1:{there.port}"))
        wanted = NUMBERS["Active_Energy_Import"]
        assert update.values["Active_Energy_Import"].number == wanted // step * step


async def test_a_value_can_be_traced_to_its_register() -> None:
    async with served("abb-b23") as there:
        source = made("abb-b23", tcp=f"127.0.0.1:{there.port}")
        await updates(source)
    origin = source.origin("Frequency")
    assert origin is not None
    assert origin.labels == (("HR 0x5B2C", "1386 x 0.01 Hz"),)
    file, _, line = origin.where.rpartition(":")
    assert "Frequency" in Path(file).read_text().split("\n")[int(line) - 1]
    assert bytes.fromhex("1386") in origin.raw
    assert source.origin("Active_Energy_Export") is not None
    assert source.origin("Communication_Status") is None
