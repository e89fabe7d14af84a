"""The register lists of known meters as their makers publish them, and what a map makes of them."""

import csv
import struct
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import NamedTuple

from submeter.meter.reading import Quality, Reading
from submeter.modbus.identification import Identification
from submeter.modbus.image import Image
from submeter.modbus.tables import Registers
from submeter.pointmap import meter_map
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.register import Constant, Register

ROWS = Path(__file__).parent / "meter_rows"
NAMES = sorted(path.stem for path in ROWS.glob("*.csv"))
CARLO_GAVAZZI = [name for name in NAMES if name.startswith("carlo")]
PZEM = "pzem-004t"
LOW_WORD_FIRST = [*CARLO_GAVAZZI, PZEM]
UNMARKED = [*CARLO_GAVAZZI, PZEM, "schneider-iem3155"]
SUNSPEC = ["sunspec-203", "sunspec-213"]
# What each maker's meters say where they have no value, by the type of the register.
SIGNED_LARGEST = {"int16": "7FFF", "int32": "7FFFFFFF", "int64": "7FFFFFFFFFFFFFFF"}
ALL_ONES = {"uint16": "FFFF", "uint32": "FFFFFFFF", "uint64": "FFFFFFFFFFFFFFFF"}
SIGNED_SMALLEST = {"int16": "8000", "int32": "80000000", "int64": "8000000000000000"}
NAN = {"float32": "7FC00000"}
UNKNOWN: dict[str, dict[str, str]] = {
    "abb-b23": SIGNED_LARGEST | ALL_ONES,
    "eastron-sdm630": NAN | ALL_ONES,
    "schneider-iem3155": SIGNED_SMALLEST | ALL_ONES | {"float32": "FFC00000"},
    "sunspec-203": SIGNED_SMALLEST | ALL_ONES | {"uint32": "00000000"},
    "sunspec-213": SIGNED_SMALLEST | ALL_ONES | NAN,
    PZEM: ALL_ONES,
    **dict.fromkeys(CARLO_GAVAZZI, SIGNED_LARGEST | ALL_ONES),
}
TENS = {"kWh": 3, "kvarh": 3, "kW": 3, "kvar": 3, "kVA": 3, "%": -2}
FORMATS = {
    "int16": ">h",
    "uint16": ">H",
    "bits": ">H",
    "int32": ">i",
    "uint32": ">I",
    "int64": ">q",
    "uint64": ">Q",
    "float32": ">f",
}
IDENTITY = Identification(vendor="Acme", model="X", revision="1.2", serial="123456")
TEXTS = {"serial": "123456", "revision": "1.2"}
DIGITS = {"serial": 123456, "revision": 102}
# In W, var, VA, V, A, Hz, Wh and varh, and as plain numbers.
KNOWN: dict[str, float] = {
    "Active_Energy_Import": 123_456_789,
    "Active_Energy_Export": 4_321_098,
    "Reactive_Energy_Import": 7_654_321,
    "Reactive_Energy_Export": 987_654,
    "Active_Power_Total": 41_234.5,
    "Active_Power_L1": 12_345.6,
    "Active_Power_L2": -3_579.1,
    "Active_Power_L3": 32_468.0,
    "Reactive_Power_Total": -8_765.4,
    "Apparent_Power_Total": 42_155.8,
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
    "Demand_Current": 40_111.1,
    "Demand_Peak_Current": 55_432.1,
    "THD_Voltage_L1": 2.34e-2,
    "THD_Current_L1": 5.67e-2,
    "Reverse_Phase_Sequence": 1,
    "Overload_Alarm": 1,
    "Demand_Interval": 15,
    "Modbus_Address": 17,
    "Modbus_Baudrate": 38400,
    "Modbus_Character_Format": 1,
    "CT_Primary_Rating": 250,
    "CT_Secondary_Rating": 5,
}


class Row(NamedTuple):
    """A line of a maker's list; `value` says in our words what stands there, if anything does.

    `none` is a line that the map leaves out.
    """

    name: str
    functions: list[int]
    address: int
    type: str
    words: int
    scale: str
    unit: str
    value: str


def every_row(name: str) -> list[Row]:
    """Return the whole list of the meter."""
    with (ROWS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [
            Row(
                line["name"],
                [int(each) for each in line["functions"].split()],
                int(line["address"]),
                line["type"],
                int(line["words"]),
                line["scale"],
                line["unit"],
                line["value"],
            )
            for line in csv.DictReader(file)
        ]


def rows(name: str) -> list[Row]:
    """Return the list of the meter without what the map leaves out."""
    return [row for row in every_row(name) if row.value != "none"]


def found(chosen: MeterMap, row: Row) -> Register:
    """Return the register of the map that a read of the row's own length sees."""
    here = [
        register
        for register in chosen.registers
        if register.wire == row.address
        and (chosen.shared or register.table.function in row.functions)
        and register.count in (None, row.words)
    ]
    alone = [register for register in here if register.count is not None]
    assert len(alone or here) == 1, row
    return (alone or here)[0]


def scale_of(chosen: MeterMap, row: Row) -> Fraction:
    """Return the scale of the row; that of SunSpec is a power of ten in another register."""
    if not row.scale.endswith("_SF"):
        return Fraction(row.scale)
    (factor,) = (each for each in rows(chosen.name) if each.name == row.scale)
    content = found(chosen, factor).content
    assert isinstance(content, Constant)
    return Fraction(10) ** int(content.value)


def image(name: str) -> Image:
    """Return the image of the map where every reading is known."""
    chosen = meter_map.load(name)
    made = Image(chosen, IDENTITY)
    readings = {}
    for point in chosen.points:
        if point.name in KNOWN:
            number = KNOWN[point.name] / 10.0 ** TENS.get(point.unit or "", 0)
            if point.kind == "index":
                number = int(KNOWN[point.name]) * 1000
            elif point.states:
                number = int(KNOWN[point.name])
            readings[point.name] = Reading(number, Quality.MEASURED)
    made.apply(readings)
    return made


def read(made: Image, row: Row) -> bytes:
    """Return what a request for this row alone is answered with."""
    block = made.blocks[row.functions[0]]
    assert isinstance(block, Registers)
    alone = block.read_alone(row.address, row.words)
    if alone is not None:
        return alone
    assert block.layout.readable(row.address, row.words)
    return block.read(row.address, row.words)


def number(name: str, row: Row, data: bytes) -> float:
    """Return the number on the wire."""
    value: float = struct.unpack(FORMATS[row.type], most_significant_first(name, data))[0]
    return value


def most_significant_first(name: str, data: bytes) -> bytes:
    """Undo the order of words that the meter is known for."""
    if name not in LOW_WORD_FIRST:
        return data
    return b"".join(data[each : each + 2] for each in range(len(data) - 2, -1, -2))


def expected(value: str) -> float:
    """Return the number that the words of a row stand for."""
    how, *names = value.split()
    if how == "sum":
        return sum(-KNOWN[each[1:]] if each[0] == "-" else KNOWN[each] for each in names)
    if how == "mean":
        return sum(KNOWN[each] for each in names) / len(names)
    if how == "product":
        return prod(KNOWN[each] for each in names)
    if how in ("four-quadrant", "inductive-negative", "capacitive-negative"):
        factor, reactive = (KNOWN[each] for each in names)
        assert factor > 0 > reactive
        return {"f": 2 - factor, "i": factor, "c": -factor}[how[0]]
    return KNOWN[how]
