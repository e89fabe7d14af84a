"""An SDM630 made of raw registers by pymodbus, which shares neither code nor map with ours."""

import asyncio
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from submeter.meter.instant import Instant
from submeter.meter.reading import Update
from submeter.pointmap import meter_map
from submeter.sources.modbus_meter.settings import ModbusMeterSettings
from submeter.sources.modbus_meter.source import ModbusSource
from submeter.sources.shared_line import SharedLine

# As the maker's list has them: volts, amperes, W, var, factor, Hz, kWh.
INPUT = {0: 231.5, 2: 232.5, 4: 233.5, 6: 1.25, 12: 285.5, 52: -856.5, 60: 120.25, 62: -0.96}
INPUT |= {70: 50.02, 72: 4711.25, 74: 12.5, 200: 401.5, 224: 0.5, 234: 1.5, 240: 7.25}
SERIAL = 0x01234567
UNIT = 3


def registers() -> list[int]:
    words = [0] * 400
    for address, value in INPUT.items():
        words[address : address + 2] = struct.unpack(">2H", struct.pack(">f", value))
    return words


async def test_an_sdm630_by_pymodbus_is_read() -> None:
    kind = DataType.REGISTERS
    device = SimDevice(
        UNIT,
        (
            [SimData(0, values=[False] * 16, datatype=DataType.BITS)],
            [SimData(0, values=[False] * 16, datatype=DataType.BITS)],
            [SimData(64512, values=list(struct.unpack(">2H", SERIAL.to_bytes(4))), datatype=kind)],
            [SimData(0, values=registers(), datatype=kind)],
        ),
    )
    server = ModbusTcpServer(device, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    assert isinstance(server.transport, asyncio.Server)
    port = server.transport.sockets[0].getsockname()[1]
    settings = ModbusMeterSettings(tcp=f"127.0.0.1:{port}", unit=UNIT, map="eastron-sdm630")
    line = SharedLine(settings.spec(Path()), settings.line)
    source = ModbusSource("sdm630", line, settings, meter_map.load("eastron-sdm630"))
    heard: asyncio.Queue[Update] = asyncio.Queue()

    def publish(update: Update, at: Instant) -> None:
        heard.put_nowait(update)

    task = asyncio.create_task(source.run(publish))
    try:
        update = await asyncio.wait_for(heard.get(), 5)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await server.shutdown()  # type: ignore[no-untyped-call]
    numbers = {name: value.number for name, value in update.values.items()}
    assert update.instrument == str(SERIAL)
    assert numbers["Voltage_L1_N"] == 231.5
    assert numbers["Voltage_L1_L2"] == 401.5
    assert numbers["Current_L1"] == 1.25
    assert numbers["Active_Power_L1"] == 0.2855
    assert numbers["Active_Power_Total"] == -0.8565
    assert numbers["Reactive_Power_Total"] == 0.12025
    assert numbers["Power_Factor_Total"] == pytest.approx(-0.96)  # inductive there, export here
    assert numbers["Frequency"] == pytest.approx(50.02)
    assert numbers["Active_Energy_Import"] == 4_711_250_000
    assert numbers["Active_Energy_Export"] == 12_500_000
    assert numbers["THD_Current_L1"] == 7.25
