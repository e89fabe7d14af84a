"""mbpoll, which is built on libmodbus, reads every address of the standard map."""

import asyncio
import itertools
import math
import re
import shutil
import struct
from collections.abc import AsyncIterator, Iterator

import pytest

from submeter.meter.reading import Quality, Reading
from submeter.modbus.image import Image
from submeter.pointmap import meter_map
from submeter.pointmap.address import Table
from submeter.pointmap.register import Register
from tooling.faces import serving, tcp_face, unit

pytestmark = pytest.mark.skipif(not shutil.which("mbpoll"), reason="mbpoll is not installed")

MAP = meter_map.load("standard")
UNIT = 17
UNKNOWN = ("Frequency", "Tamper_Alarm", "Reactive_Energy_Export")
NUMBERS: dict[str, int | float] = {
    **{point.name: 100.5 + number for number, point in enumerate(MAP.points)},
    **{point.name: number % 2 for number, point in enumerate(MAP.points) if point.states},
    "Active_Power_Total": -12.5,
    "Active_Energy_Import": 999_999_123_456_789,
    "Active_Energy_Export": 0,
    "Reactive_Energy_Import": 7_250_000,
    "Reactive_Energy_Export": 1,
    "Demand_Peak_Timestamp": 1_700_000_000,
    "Modbus_Baudrate": 19200,
}
TABLES = {Table.COIL: "0", Table.DISCRETE: "1", Table.INPUT: "3", Table.HOLDING: "4"}


@pytest.fixture
async def port() -> AsyncIterator[int]:
    image = Image(MAP)
    for name, number in NUMBERS.items():
        quality = Quality.STALE if name in UNKNOWN else Quality.MEASURED
        image.apply({name: Reading(number, quality)})
    async with serving(tcp_face({UNIT: unit(image)})) as face:
        yield face.port


async def mbpoll(port: int, *options: str, unit_id: int = UNIT) -> tuple[dict[int, str], str]:
    """Return what mbpoll reads, by the number from 1 on, and what it complains about."""
    server = ["-1", "-p", str(port), "127.0.0.1"]
    command = ["mbpoll", "-m", "tcp", "-a", str(unit_id), *options, *server]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    output, complaint = await asyncio.wait_for(process.communicate(), 10)
    values = re.findall(r"^\[(\d+)\]:\s+(\S+)", output.decode(), re.MULTILINE)
    return {int(number): text for number, text in values}, complaint.decode()


def registers(table: Table) -> list[Register]:
    """Return those that show a point, in the order of their addresses."""
    found = (r for r in MAP.registers if r.table is table and r.point)
    return sorted(found, key=lambda register: register.wire)


def name_of(register: Register) -> str:
    return register.point.name if register.point else ""


def rows(table: Table, kind: str) -> Iterator[list[Register]]:
    """Group the registers of one type that follow each other without a hole."""
    chosen = [r for r in registers(table) if r.type == kind]
    for _, row in itertools.groupby(enumerate(chosen), lambda pair: pair[1].wire - 2 * pair[0]):
        yield [register for _, register in row]


def expected(register: Register) -> float | None:
    """Return what must stand there in the register's unit, None for an unknown value."""
    name = name_of(register)
    number = NUMBERS[name]
    if name in UNKNOWN:
        return None
    return number // 1000 if register.type == "int64" else number * 10**register.power


@pytest.mark.parametrize("table", [Table.INPUT, Table.HOLDING])
async def test_every_float(port: int, table: Table) -> None:
    seen = 0
    for row in rows(table, "float32"):
        first, count = str(row[0].wire + 1), str(len(row))
        options = ("-t", f"{TABLES[table]}:float", "-B", "-r", first, "-c", count)
        read, complaint = await mbpoll(port, *options)
        assert not complaint
        for register in row:
            number = expected(register)
            value = float(read[register.wire + 1])
            if number is None:
                assert math.isnan(value), name_of(register)
            else:
                assert value == pytest.approx(number, rel=1e-5), name_of(register)
            seen += 1
    assert seen == sum(r.type == "float32" for r in registers(table)) > 3


@pytest.mark.parametrize("table", [Table.INPUT, Table.HOLDING])
async def test_every_word(port: int, table: Table) -> None:
    """What mbpoll prints as a float has six digits; the words show all of them."""
    forms = {"float32": ">f", "uint32": ">I", "int64": ">q"}
    unknown = {"float32": "7FC00000", "uint32": "FFFFFFFF", "int64": "8000000000000000"}
    for block in (
        ((0, 84), (100, 16), (1000, 16)) if table is Table.INPUT else ((0, 84), (1000, 18))
    ):
        first, count = str(block[0] + 1), str(block[1])
        options = ("-t", f"{TABLES[table]}:hex", "-r", first, "-c", count)
        words, complaint = await mbpoll(port, *options)
        assert not complaint
        assert len(words) == block[1]
        for register in registers(table):
            if register.type and register.wire + 1 in words:
                place = range(register.wire + 1, register.wire + 1 + register.words)
                text = "".join(words.pop(number).removeprefix("0x") for number in place)
                number = expected(register)
                if number is not None:
                    assert bytes.fromhex(text) == struct.pack(forms[register.type], number)
                else:
                    assert text == unknown[register.type]
        assert set(words.values()) <= {"0x0000"}, "holes read 0"


async def test_the_time_stamp_as_an_integer(port: int) -> None:
    read, _ = await mbpoll(port, "-t", "4:int", "-B", "-r", "73")
    assert read == {73: "1700000000"}


@pytest.mark.parametrize(("table", "count"), [(Table.COIL, 3), (Table.DISCRETE, 23)])
async def test_every_bit(port: int, table: Table, count: int) -> None:
    read, complaint = await mbpoll(port, "-t", TABLES[table], "-r", "1", "-c", str(count))
    assert not complaint
    places = {register.wire + 1: name_of(register) for register in registers(table)}
    for number in range(1, count + 1):
        name = places.get(number)
        known = name is not None and name not in UNKNOWN
        assert int(read[number]) == (NUMBERS[str(name)] if known else 0), number
    assert "1" in read.values()


async def test_the_validity_bits(port: int) -> None:
    read = {}
    for first in range(0, len(MAP.points), 125):  # the most that mbpoll asks for
        count = str(min(125, len(MAP.points) - first))
        found, _ = await mbpoll(port, "-t", "1", "-r", str(1001 + first), "-c", count)
        read.update(found)
    expected_bits = [str(int(point.name not in UNKNOWN)) for point in MAP.points]
    assert [read[1001 + n] for n in range(len(MAP.points))] == expected_bits


async def test_an_unknown_unit_is_told_apart(port: int) -> None:
    read, complaint = await mbpoll(port, "-t", "4", "-r", "1", "-c", "2", unit_id=UNIT + 1)
    assert not read
    assert "Target device failed to respond" in complaint


async def test_half_a_value_is_refused(port: int) -> None:
    _, complaint = await mbpoll(port, "-t", "4", "-r", "2", "-c", "2")
    assert "Illegal data address" in complaint


async def test_a_write_is_refused(port: int) -> None:
    command = ["mbpoll", "-a", str(UNIT), "-t", "4", "-r", "1", "-p", str(port), "127.0.0.1", "42"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    _, complaint = await asyncio.wait_for(process.communicate(), 10)
    assert b"Illegal function" in complaint
