"""carlo-gavazzi-energy-meter-modbus detects an EM340 and reads it: PORT UNIT."""

import asyncio
import json
import sys

from carlo_gavazzi_energy_meter_modbus import async_detect  # type: ignore[import-not-found]
from modbus_connection import ModbusTcpParams  # type: ignore[import-not-found]
from modbus_connection.tmodbus import ModbusConnection  # type: ignore[import-not-found]


async def main(port: int, unit: int) -> None:
    connection = ModbusConnection(ModbusTcpParams(host="127.0.0.1", port=port))
    try:
        meter = await async_detect(connection.for_unit(unit))
        report = await meter.async_update()
        parts = (
            meter.measurements,
            meter.energy,
            meter.demand,
            meter.tariff_energy,
            meter.settings,
        )
        values = {
            name: getattr(part, name)
            for part in parts
            for name in vars(type(part))
            if not name.startswith("_") and isinstance(getattr(part, name), int | float | None)
        }
        found = {
            "model": meter.model.name,
            "serial": meter.serial_number,
            "firmware": meter.firmware_version,
            "failed": sorted(report.failed),
            "best_energy_imported": meter.best_energy().energy_imported,
            "values": values,
        }
        print(json.dumps(found))
    finally:
        await connection.close()


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
