"""A meter whose readings never change, served under the map of a known meter and the standard one.

What the standard map shows of it is what a client of the other map has to get.
"""

import asyncio
import struct
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from submeter.meter.access import Access
from submeter.meter.access_settings import AccessSettings
from submeter.meter.audit import Audit
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality
from submeter.modbus.identification import Identification
from submeter.modbus.image import Image
from submeter.modbus.rtu.face import ModbusRtuFace
from submeter.modbus.settings import RtuSettings
from submeter.modbus.unit import Unit
from submeter.pointmap import meter_map
from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import MeterMap
from tooling import meters
from tooling.faces import serving, tcp_face
from tooling.modbus_client import VALUE_TYPES, Poller

STANDARD = meter_map.load("standard")
UNIT, STANDARD_UNIT = 7, 8
SERIAL_NUMBER, REVISION = "20261121", "4.2"
BAUDRATE: Literal[19200] = 19200
NUMBERS: Mapping[str, int | float] = {
    # mWh and mvarh
    "Active_Energy_Import": 123_456_789_012,
    "Active_Energy_Export": 4_321_098_765,
    "Reactive_Energy_Import": 7_654_321_098,
    "Reactive_Energy_Export": 987_654_321,
    # kW, kvar, kVA
    "Active_Power_Total": 41.2345,
    "Active_Power_L1": 12.3456,
    "Active_Power_L2": 13.5791,
    "Active_Power_L3": 15.3098,
    "Reactive_Power_Total": -8.7654,
    "Apparent_Power_Total": 42.1558,
    "Voltage_L1_N": 229.94,
    "Voltage_L2_N": 230.43,
    "Voltage_L3_N": 231.87,
    "Voltage_L1_L2": 398.62,
    "Voltage_L2_L3": 400.31,
    "Voltage_L3_L1": 399.58,
    "Current_L1": 53.7012,
    "Current_L2": 58.9374,
    "Current_L3": 66.0471,
    "Current_Neutral": 10.7236,
    "Power_Factor_Total": 0.9781,
    "Power_Factor_L1": 0.9812,
    "Power_Factor_L2": -0.9753,
    "Power_Factor_L3": 0.9794,
    "Frequency": 49.983,
    "Demand_Peak_Current": 55.4321,
    "Demand_Peak_Timestamp": 1_769_990_398,
    "THD_Voltage_L1": 2.34,
    "THD_Current_L1": 5.67,
    "Reverse_Phase_Sequence": 1,
}
SOME = ("Active_Energy_Export", "Voltage_L2_N", "Current_L3", "Active_Power_L1", "Frequency")
"""Points that a source is expected to give and has not given yet."""


@dataclass(frozen=True)
class Served:
    """What a client connects to; `node` is its end of the serial line, None without one."""

    meter: Meter
    audit: Audit
    port: int
    node: str | None

    async def standard(self) -> dict[str, float]:
        """Return what the standard map shows of every number, NaN for an unknown value."""
        return await asyncio.to_thread(_read_standard, self.port)


@asynccontextmanager
async def served(
    name: str,
    unknown: Collection[str] = (),
    line: tuple[str, str] | None = None,
    access: AccessSettings | None = None,
) -> AsyncIterator[Served]:
    """Serve the meter under the map `name` as UNIT, under the standard one as STANDARD_UNIT.

    `unknown` are points without a value. `line` are both ends of a serial line, where the same
    units answer with BAUDRATE; `access` says who may write.
    """
    audit = Audit()
    lock = Access(access or AccessSettings(), audit)
    meter = _meter(unknown, audit, lock)
    behind = {
        UNIT: _unit(meter_map.load(name), meter, lock),
        STANDARD_UNIT: _unit(STANDARD, meter, lock),
    }
    async with serving(tcp_face(behind)) as tcp:
        if line is None:
            yield Served(meter, audit, tcp.port, None)
            return
        settings = RtuSettings(port=line[0], baudrate=BAUDRATE, parity="none")
        rtu = ModbusRtuFace(settings, behind)
        await rtu.start()
        try:
            yield Served(meter, audit, tcp.port, line[1])
        finally:
            await rtu.stop()


def _meter(unknown: Collection[str], audit: Audit, lock: Access) -> Meter:
    """Return the meter; every point that it has no number for is its own, or unknown."""
    expected = dict.fromkeys(NUMBERS, Quality.MEASURED)
    feed = Feed(meters.SOURCE, expected, max_age=3600.0)
    meter = Meter("known", STANDARD.points, [feed], meters.WHOLE, audit=audit, access=lock)
    known = {name: number for name, number in NUMBERS.items() if name not in unknown}
    meters.know(meter, known, Instant.now())
    return meter


def _unit(chosen: MeterMap, meter: Meter, lock: Access) -> Unit:
    texts = {"serial": SERIAL_NUMBER, "revision": REVISION}
    identification = Identification.of(chosen.identity, texts, meter.name)
    image = Image(chosen, identification)
    meter.subscribe(image.apply)
    return Unit(image, identification, chosen.functions, meter, lock)


def _read_standard(port: int) -> dict[str, float]:
    """Return the number of every point; an energy as its exact integer in Wh (varh) / 1000."""
    found: dict[str, float] = {}
    with Poller(port) as poller:
        for register in STANDARD.registers:
            if register.point is None or register.type not in VALUE_TYPES:
                continue
            function = {Table.INPUT: 4, Table.HOLDING: 3}[register.table]
            form, words = VALUE_TYPES[register.type]
            data = poller.read(STANDARD_UNIT, function, register.wire, words)
            exact = register.type == "int64"
            if exact or register.point.name not in found:
                number = struct.unpack(form, data)[0]
                unknown = data == bytes.fromhex(_UNKNOWN[register.type])
                value = float("nan") if unknown else number
                found[register.point.name] = value / 1000 if exact else value
    return found


_UNKNOWN = {"float32": "7FC00000", "uint32": "FFFFFFFF", "int64": "8000000000000000"}
