"""General Modbus clients read the standard map over TCP and RTU, and get what it is to show.

Each runs in its own environment, against the face in this process.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pymodbus.client import AsyncModbusTcpClient

from submeter.meter.access_settings import AccessSettings
from submeter.pointmap.address import Table
from tooling import client_environment, clients
from tooling.agreement import Shown, differences, index, point
from tooling.known_meter import BAUDRATE, NUMBERS, REVISION, SOME, STANDARD, UNIT, served
from tooling.pty_pair import pty_pair

pytestmark = client_environment.INSTALLING

MINIMAL = ("minimalmodbus==2.1.1", "pyserial==3.5")
JAVASCRIPT = ("modbus-serial@8.0.25", "jsmodbus@5.0.0", "serialport@13.0.0")
FUNCTIONS = {Table.HOLDING: 3, Table.INPUT: 4}
# Function, wire address, count of floats: eight blocks without a hole.
SPANS = (
    (4, 0, 4),
    (3, 0, 6),
    (3, 20, 6),
    (3, 40, 4),
    (3, 50, 4),
    (3, 60, 1),
    (3, 80, 2),
    (3, 1000, 9),
)
NOWHERE = 9000
DEMAND_INTERVAL = 1004  # the wire address of HR 1005
OPEN = AccessSettings(networks=["127.0.0.0/8"], unlock="none")
some_unknown = pytest.mark.parametrize("unknown", [(), SOME], ids=["all known", "some unknown"])


def floats() -> dict[str, Shown]:
    """Return the floats of the standard map within SPANS, by `function:wire address`."""
    found = {}
    for register in STANDARD.registers:
        if register.type == "float32" and register.point:
            function = FUNCTIONS[register.table]
            if any(f == function and a <= register.wire < a + 2 * n for f, a, n in SPANS):
                shown = index if register.point.kind == "index" else point
                found[f"{function}:{register.wire}"] = shown(register.point.name)
    return found


FLOATS = floats()


def test_the_blocks_have_no_holes() -> None:
    assert len(FLOATS) == sum(count for _, _, count in SPANS) == 36


async def test_what_the_standard_map_shows_is_what_was_measured() -> None:
    """By this all the others are measured."""
    async with served("standard") as server:
        standard = await server.standard()
    for name, number in NUMBERS.items():
        if "Energy" in name:
            assert standard[name] == number // 1000 / 1000, name
        elif name in standard:
            assert standard[name] == pytest.approx(number, rel=1e-7), name
    assert sum(name in standard for name in NUMBERS) == 29
    assert (standard["Demand_Interval"], standard["Modbus_Baudrate"]) == (15, 19200)


@some_unknown
async def test_pymodbustcp(unknown: Sequence[str]) -> None:
    client = client_environment.python("pyModbusTCP==0.3.1")
    async with served("standard", unknown) as server:
        spans = json.dumps([SPANS, NOWHERE])
        found = await clients.run(client, "pymodbustcp.py", server.port, UNIT, spans)
        assert not differences(found["floats"], FLOATS, await server.standard())
        assert set(found["floats"]) == set(FLOATS)
    assert found["refused"] == [None, 2]
    assert all(found["identity"])
    assert found["discrete"][22], "Reverse_Phase_Sequence"


@some_unknown
async def test_minimalmodbus_over_rtu(unknown: Sequence[str]) -> None:
    client = client_environment.python(*MINIMAL)
    registers = [
        (function, address + 2 * place, "float32")
        for function, address, count in SPANS
        for place in range(count)
    ]
    more = [(4, 100, "int64"), (3, 72, "uint32"), (2, 22, None), (2, 1000, None)]
    with pty_pair() as line:
        async with served("standard", unknown, line) as server:
            asked = json.dumps([*registers, *more])
            found = await clients.run(client, "minimal.py", server.node, UNIT, BAUDRATE, "N", asked)
            assert not differences(found, FLOATS, await server.standard())
    assert found["4:100"] == NUMBERS["Active_Energy_Import"] // 1000
    assert found["3:72"] == NUMBERS["Demand_Peak_Timestamp"]
    assert (found["2:22"], found["2:1000"]) == (1, 1)


def spoken_texts(identity: Mapping[str, str]) -> None:
    """Check the three basic objects of function 43/14."""
    assert all(identity[number] for number in ("0", "1", "2"))
    assert identity["2"] == REVISION


@some_unknown
async def test_modbus_serial_over_tcp(unknown: Sequence[str]) -> None:
    client = client_environment.node(*JAVASCRIPT)
    async with served("standard", unknown) as server:
        spans = json.dumps(SPANS)
        found = await clients.run(client, "modbus_serial.js", server.port, UNIT, 0, "", spans)
        assert not differences(found["floats"], FLOATS, await server.standard())
    spoken_texts(found["identity"])
    assert "Gateway target device failed to respond" in found["foreign"]


async def test_modbus_serial_over_rtu() -> None:
    client = client_environment.node(*JAVASCRIPT)
    with pty_pair() as line:
        async with served("standard", SOME, line) as server:
            spans = json.dumps(SPANS)
            found = await clients.run(
                client, "modbus_serial.js", server.node, UNIT, BAUDRATE, "none", spans
            )
            assert not differences(found["floats"], FLOATS, await server.standard())
    spoken_texts(found["identity"])
    assert found["foreign"] == "Timed out", "a foreign unit is met with silence"


@some_unknown
async def test_jsmodbus_sends_eight_requests_at_once(unknown: Sequence[str]) -> None:
    client = client_environment.node(*JAVASCRIPT)
    async with served("standard", unknown) as server:
        spans = json.dumps(SPANS)
        rounds = await clients.run(client, "jsmodbus.js", server.port, UNIT, 20, spans)
        standard = await server.standard()
    assert len(rounds) == 20
    for found in rounds:
        assert not differences(found, FLOATS, standard)


def as_float(client: AsyncModbusTcpClient, words: Sequence[int]) -> Any:
    return client.convert_from_registers(list(words), client.DATATYPE.FLOAT32)


@some_unknown
async def test_pymodbus(unknown: Sequence[str]) -> None:
    async with (
        served("standard", unknown) as server,
        AsyncModbusTcpClient("127.0.0.1", port=server.port, timeout=5) as client,
    ):
        reads = {3: client.read_holding_registers, 4: client.read_input_registers}
        found = {}
        for function, address, count in SPANS:
            answer = await reads[function](address, count=2 * count, device_id=UNIT)
            for place in range(0, 2 * count, 2):
                value = as_float(client, answer.registers[place : place + 2])
                found[f"{function}:{address + place}"] = value
        identity = await client.read_device_information(read_code=2, device_id=UNIT)
        server_id = await client.report_device_id(device_id=UNIT)
        refused = await client.read_holding_registers(NOWHERE, count=1, device_id=UNIT)
        assert not differences(found, FLOATS, await server.standard())
    spoken_texts({str(key): text.decode() for key, text in identity.information.items()})
    assert b"submeter" in server_id.identifier
    assert refused.exception_code == 2


async def test_pymodbus_writes_where_writing_is_open() -> None:
    async with (
        served("standard", access=OPEN) as server,
        AsyncModbusTcpClient("127.0.0.1", port=server.port, timeout=5) as client,
    ):
        words = client.convert_to_registers(30.0, client.DATATYPE.FLOAT32)
        answer = await client.write_registers(DEMAND_INTERVAL, words, device_id=UNIT)
        assert not answer.isError()
        half = await client.write_register(DEMAND_INTERVAL, 0x4120, device_id=UNIT)
        assert half.exception_code == 3
        beyond = client.convert_to_registers(61.0, client.DATATYPE.FLOAT32)
        answer = await client.write_registers(DEMAND_INTERVAL, beyond, device_id=UNIT)
        assert answer.exception_code == 3
        answer = await client.write_registers(0, words, device_id=UNIT)
        assert answer.exception_code == 2, "a measurement"
        assert (await server.standard())["Demand_Interval"] == 30
    events = [entry.event for entry in server.audit.take()]
    assert events.count("write_refused") == 3


async def test_pymodbus_is_refused_where_it_is_not() -> None:
    async with (
        served("standard") as server,
        AsyncModbusTcpClient("127.0.0.1", port=server.port, timeout=5) as client,
    ):
        words = client.convert_to_registers(30.0, client.DATATYPE.FLOAT32)
        answer = await client.write_registers(DEMAND_INTERVAL, words, device_id=UNIT)
        assert answer.exception_code == 1
        assert (await server.standard())["Demand_Interval"] == 15
    assert [entry.event for entry in server.audit.take()] == ["write_refused"]


async def test_pymodbus_writes_the_demand_interval_of_an_em340() -> None:
    """A setting of the imitated meter that has a point of ours: 32 bits, the low word first."""
    async with (
        served("carlo-gavazzi-em340", access=OPEN) as server,
        AsyncModbusTcpClient("127.0.0.1", port=server.port, timeout=5) as client,
    ):
        answer = await client.write_registers(0x1010, [20, 0], device_id=UNIT)
        assert not answer.isError()
        assert (await server.standard())["Demand_Interval"] == 20
