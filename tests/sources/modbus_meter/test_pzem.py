"""PZEM-004T modules on one line, each a meter of its own."""

import asyncio
from contextlib import suppress
from pathlib import Path

from submeter.meter.instant import Instant
from submeter.meter.reading import Update
from submeter.pointmap import meter_map
from submeter.sources.modbus_meter.settings import ModbusMeterSettings
from submeter.sources.modbus_meter.source import ModbusSource
from submeter.sources.shared_line import SharedLine
from tooling.pzem import Pzem, on_a_pty


async def read(node: str, *units: int) -> dict[int, Update]:
    """Return one update of each unit, all of them asked over one line."""
    found: dict[int, Update] = {}
    line = None
    tasks = []
    for unit in units:
        settings = ModbusMeterSettings(port=node, unit=unit, map="pzem-004t", timeout=0.3)
        line = line or SharedLine(settings.spec(Path()), settings.line)
        source = ModbusSource(f"unit {unit}", line, settings, meter_map.load("pzem-004t"))

        def publish(update: Update, at: Instant, unit: int = unit) -> None:
            found[unit] = update

        tasks.append(asyncio.create_task(source.run(publish)))
    async with asyncio.timeout(5):
        while len(found) < len(units):
            await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return found


async def test_modules_on_one_line() -> None:
    second = Pzem(unit=2, watts=0.3, amperes=0.013, energy=9_999_999, alarm=True, factor=0.1)
    with on_a_pty(Pzem(), second) as node:
        found = await read(node, 1, 2)
    numbers = {unit: {n: v.number for n, v in each.values.items()} for unit, each in found.items()}
    assert numbers[1] == {
        "Voltage_L1_N": 230.1,
        "Current_L1": 71.234,
        "Active_Power_Total": 16.3915,
        "Active_Energy_Import": 123_456_000,
        "Frequency": 49.9,
        "Power_Factor_Total": 0.97,
        "Overload_Alarm": 0,
    }
    assert numbers[2]["Active_Energy_Import"] == 9_999_999_000
    assert numbers[2]["Active_Power_Total"] == 0.0003
    assert numbers[2]["Overload_Alarm"] == 1
    assert found[1].instrument is None
