"""What `submeter show` makes of the answers of a server."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from pymodbus.client import ModbusTcpClient

from submeter import poller
from submeter.config import MeterEntry
from submeter.errors import NoAnswerError
from submeter.pointmap import meter_map
from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.register_codec import encode
from submeter.poller import View
from tooling import small_map

ENTRY = MeterEntry.model_validate(
    {"name": "main", "unit_id": 1, "sources": [{"simulated": {"seed": 1}}]}
)


class _Answer:
    def __init__(self, cells: list[int], code: int | None) -> None:
        self.registers = self.bits = cells
        self.exception_code = code

    def isError(self) -> bool:
        return self.exception_code is not None


class _Server:
    """Stands for a client that is connected: what it reads, and what it may not."""

    connected = True

    def __init__(
        self, cells: Mapping[tuple[int, int], int], refused: Mapping[tuple[int, int], int]
    ) -> None:
        self.cells = cells
        self.refused = refused
        self.asked: list[tuple[int, int, int]] = []

    def _read(self, function: int, start: int, count: int) -> _Answer:
        self.asked.append((function, start, count))
        span = [(function, start + n) for n in range(count)]
        codes = [self.refused[place] for place in span if place in self.refused]
        return _Answer([self.cells.get(place, 0) for place in span], max(codes, default=None))

    def read_coils(self, start: int, count: int, device_id: int) -> _Answer:
        return self._read(1, start, count)

    def read_discrete_inputs(self, start: int, count: int, device_id: int) -> _Answer:
        return self._read(2, start, count)

    def read_holding_registers(self, start: int, count: int, device_id: int) -> _Answer:
        return self._read(3, start, count)

    def read_input_registers(self, start: int, count: int, device_id: int) -> _Answer:
        return self._read(4, start, count)


def served(
    loaded: MeterMap, values: Mapping[str, int | float | None]
) -> dict[tuple[int, int], int]:
    """Return what a server with these readings has in its cells."""
    cells: dict[tuple[int, int], int] = {}
    for register in loaded.registers:
        if register.point is None or register.point.name not in values:
            continue
        number = values[register.point.name]
        table = Table.HOLDING if loaded.shared and not register.table.bits else register.table
        if register.type is None:
            cells[table.function, register.wire] = int(number or 0)
            continue
        words = struct.unpack(f">{register.words}H", encode(number, register)[0])
        cells |= {(table.function, register.wire + n): word for n, word in enumerate(words)}
    if loaded.validity:
        for number_, point in enumerate(loaded.points):
            known = values.get(point.name) is not None
            cells[loaded.validity.table.function, loaded.validity.wire + number_] = known
    return cells


def lines(loaded: MeterMap, server: Any) -> dict[str, str | None]:
    """Read once; return the texts by point, None for what is not known."""
    view = View(ENTRY, loaded, 10)
    poller.read(cast("ModbusTcpClient", server), [view])
    return {name: line.value if line.valid else None for name, line in view.lines.items()}


def test_the_standard_map_reads_as_people_write_it() -> None:
    loaded = meter_map.load("standard")
    values = {
        "Active_Energy_Import": 12_345_678_999,
        "Voltage_L1_N": 230.25,
        "Demand_Peak_Timestamp": 1_767_225_600,
        "Overload_Alarm": 1,
        "Modbus_Baudrate": 19200,
        "Frequency": None,
    }
    found = lines(loaded, _Server(served(loaded, values), {}))
    assert {name: found[name] for name in values} == {
        "Active_Energy_Import": "12345.678",
        "Voltage_L1_N": "230.250",
        "Demand_Peak_Timestamp": "2026-01-01 00:00:00 UTC",
        "Overload_Alarm": "Overload",
        "Modbus_Baudrate": "19200 bit/s",
        "Frequency": None,
    }
    assert [name for name, text in found.items() if text] == sorted(
        set(values) - {"Frequency"}, key=list(found).index
    )


ENTRIES = (
    "point: Voltage_L1_N, at: IR 0x0000, type: int32, order: CDAB, scale: 0.1",
    "point: Frequency, at: IR 0x0002, type: int16, scale: 0.1",
    "constant: 341, at: IR 0x0001, type: uint16, count: 1",
    "point: Reverse_Phase_Sequence, at: IR 0x0003, type: int16, codes: {0: 0, 1: -1}",
)
VALUES = {"Voltage_L1_N": 230.2, "Frequency": 49.9, "Reverse_Phase_Sequence": 1}


def test_a_map_of_another_meter(tmp_path: Path) -> None:
    loaded = small_map.read(tmp_path, *ENTRIES, head="shared: true\n  functions: [3]")
    server = _Server(served(loaded, VALUES), {})
    found = lines(loaded, server)
    assert found["Voltage_L1_N"] == "230.200"
    assert found["Frequency"] == "49.900"
    assert found["Reverse_Phase_Sequence"] == "Reversed"
    assert found["Current_L1"] is None
    assert server.asked == [(3, 0, 4)]


@pytest.mark.parametrize("code", [0x04, 0x0B])
def test_a_value_that_is_refused_hides_no_other(tmp_path: Path, code: int) -> None:
    loaded = small_map.read(tmp_path, *ENTRIES, head="shared: true\n  functions: [3]")
    server = _Server(served(loaded, VALUES), {(3, 2): code})
    found = lines(loaded, server)
    assert (found["Voltage_L1_N"], found["Frequency"]) == ("230.200", None)
    assert found["Reverse_Phase_Sequence"] == "Reversed"
    assert server.asked == [(3, 0, 4), (3, 0, 2), (3, 2, 1), (3, 3, 1)]


def test_another_exception_ends_it(tmp_path: Path) -> None:
    loaded = small_map.read(tmp_path, *ENTRIES)
    with pytest.raises(
        NoAnswerError, match=r"unit 1 refuses input register 1 to 4 \(exception 2\)"
    ):
        lines(loaded, _Server({}, {(4, 0): 2}))


def test_without_a_known_answer_there_is_none(tmp_path: Path) -> None:
    loaded = small_map.read(tmp_path, *ENTRIES)
    found = lines(loaded, _Server(served(loaded, dict.fromkeys(VALUES)), {}))
    assert set(found.values()) == {None}
