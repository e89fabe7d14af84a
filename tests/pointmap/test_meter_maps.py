"""Maps of known meters: against the lists of their makers, and by values read back from them."""

import struct
from fractions import Fraction

import pytest

from pointmap.maker_lists import (
    CARLO_GAVAZZI,
    DIGITS,
    IDENTITY,
    KNOWN,
    LOW_WORD_FIRST,
    NAMES,
    SUNSPEC,
    TENS,
    TEXTS,
    UNKNOWN,
    UNMARKED,
    every_row,
    expected,
    found,
    image,
    most_significant_first,
    number,
    read,
    rows,
    scale_of,
)
from submeter.meter.reading import Quality, Reading
from submeter.modbus.image import Image
from submeter.modbus.tables import Registers
from submeter.pointmap import folders, meter_map
from submeter.pointmap.register import Absent, Constant, Quantity, Text, UnlockCode

OWN_PATTERN = (("carlo-gavazzi-em340", "phase_sequence"), ("pzem-004t", "alarm"))


def test_every_known_meter_has_rows() -> None:
    shipped = {path.stem for path in (folders.shipped() / "meters").glob("*.yaml")}
    assert shipped == {*NAMES, "standard"}


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_the_maker_s_list_is_there(name: str) -> None:
    chosen = meter_map.load(name)
    order = "CDAB" if name in LOW_WORD_FIRST else "ABCD"
    for row in rows(name):
        register = found(chosen, row)
        assert (register.type, register.words, register.order) == (row.type, row.words, order), row
        assert (row.value == "") == isinstance(register.content, Absent), row
        if isinstance(register.content, Quantity) and not register.codes:
            tens = TENS.get(register.unit or "", 0)
            wanted = scale_of(chosen, row) * Fraction(10) ** TENS.get(row.unit, 0)
            assert register.scale * Fraction(10) ** tens == wanted, row


@pytest.mark.parametrize("name", NAMES)
def test_nothing_stands_beside_the_rows_unsaid(name: str) -> None:
    chosen = meter_map.load(name)
    listed = [found(chosen, row) for row in rows(name)]
    others = [register for register in chosen.registers if register not in listed]
    others = [each for each in others if not isinstance(each.content, UnlockCode)]
    first = min((row.address for row in rows(name)), default=0)
    for register in others:  # model 1 and the end of a SunSpec list
        assert name in SUNSPEC, register
        assert 40000 <= register.wire < first or isinstance(register.content, Constant)
    assert len(others) == (12 if name in SUNSPEC else 0)


@pytest.mark.parametrize("name", NAMES)
def test_known_values_read_back(name: str) -> None:
    chosen, made = meter_map.load(name), image(name)
    read_back = 0
    for row in rows(name):
        data = read(made, row)
        kind, _, rest = row.value.partition(" ")
        if not row.value or kind == "text":
            continue
        raw = number(name, row, data)
        if kind == "=":
            assert raw == float(rest), row
        elif kind == "code":
            point, *pairs = rest.split()
            codes = {int(a): int(b) for a, b in (pair.split(":") for pair in pairs)}
            assert raw == codes[int(KNOWN[point])], row
        elif kind == "flags":
            bit, point = rest.split(":")
            assert raw == (1 << int(bit) if KNOWN[point] else 0), row
        else:
            unit = scale_of(chosen, row) * Fraction(10) ** TENS.get(row.unit, 0)
            exact = row.type == "float32"
            wanted = expected(row.value)
            step = abs(wanted) * 2**-23 if exact else float(unit) * (0.5 + 1e-9)
            if "Energy" in row.value and not exact:
                step = float(unit)  # only what is complete counts
            assert float(unit) * raw == pytest.approx(wanted, rel=0, abs=step), row
        read_back += 1
    assert read_back >= min(17, len(rows(name)) - 1)


@pytest.mark.parametrize("name", NAMES)
def test_energies_are_never_more_than_was_counted(name: str) -> None:
    chosen, made = meter_map.load(name), image(name)
    for row in rows(name):
        if row.value in KNOWN and "Energy" in row.value and row.type != "float32":
            unit = scale_of(chosen, row) * Fraction(10) ** TENS.get(row.unit, 0)
            value = int(number(name, row, read(made, row))) * unit
            assert value <= KNOWN[row.value] < value + unit


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("before", [True, False], ids=["never heard", "stale"])
def test_what_is_not_known_reads_as_this_maker_says_it(name: str, before: bool) -> None:
    if before:
        made = Image(meter_map.load(name), IDENTITY)
    else:
        made = image(name)
        made.apply({point: Reading(1, Quality.STALE) for point in KNOWN})
    for row in rows(name):
        kind = row.value.partition(" ")[0]
        if kind in ("=", "text"):
            continue
        data = read(made, row)
        if row.type in ("bits", "string"):
            assert not any(data), row
            continue
        data = most_significant_first(name, data)
        pattern = UNKNOWN[name][row.type]
        if (name, row.name) in OWN_PATTERN:
            pattern = "7FFF"  # all ones are a state
        assert data.hex().upper() == pattern, row


@pytest.mark.parametrize("name", NAMES)
def test_texts(name: str) -> None:
    made = image(name)
    for row in rows(name):
        kind, _, rest = row.value.partition(" ")
        if kind != "text":
            continue
        data = read(made, row)
        field = rest.removeprefix("of ")
        if row.type != "string":
            assert number(name, row, data) == DIGITS[field], row
            continue
        wanted = TEXTS.get(field, rest).encode()
        if name == "carlo-gavazzi-em340":
            assert data[0::2] == bytes(7)
            data = data[1::2]
        assert data.rstrip(b"\0 ") == wanted, row


def test_abb_type_designation_is_the_number_that_probes_look_for() -> None:
    (row,) = (each for each in rows("abb-b23") if each.name == "type_designation")
    assert read(image("abb-b23"), row).hex() == "42323320"


@pytest.mark.parametrize(
    ("name", "code"), [("carlo-gavazzi-em340", 341), ("carlo-gavazzi-em24-ethernet", 1651)]
)
def test_code_is_seen_by_a_read_of_one_register_only(name: str, code: int) -> None:
    block = image(name).blocks[3]
    assert isinstance(block, Registers)
    assert block.read_alone(11, 1) == code.to_bytes(2, "big")
    assert block.read_alone(11, 2) is block.read_alone(10, 2) is None
    low, high = struct.unpack(">HH", block.read(10, 2))
    assert (high << 16 | low) == 3996  # V L3-L1


def test_what_a_map_leaves_out_is_an_exception() -> None:
    left_out = {name: [r for r in every_row(name) if r.value == "none"] for name in NAMES}
    spans = {
        "carlo-gavazzi-em340": [(0x60, 2), (0x62, 2), (0x64, 2), (0x60, 6), (0x400, 16)],
        "schneider-iem3155": [(3517, 4), (3521, 4), (3525, 4), (3517, 12)],
    }
    assert {name: len(rows) for name, rows in left_out.items() if rows} == {
        "carlo-gavazzi-em340": 11,
        "schneider-iem3155": 3,
    }
    for name, refused in spans.items():
        block = image(name).blocks[3]
        for row in left_out[name]:
            assert not block.layout.readable(row.address, row.words), row
        for span in refused:
            assert not block.layout.readable(*span), span


@pytest.mark.parametrize("name", NAMES)
def test_where_a_real_meter_has_no_mark_a_lost_value_is_refused(name: str) -> None:
    chosen = meter_map.load(name)
    unmarked = [register for register in chosen.registers if register.unmarked]
    assert bool(unmarked) == (name in UNMARKED)
    made = image(name)
    for quality in (Quality.STALE, Quality.FAILED):
        made.apply({point: Reading(1, quality) for point in KNOWN})
        for register in unmarked:
            block = made.blocks[register.table.function]
            refused = block.refused(register.wire, register.words)
            assert refused == (0 if isinstance(register.content, Absent) else 4), register
    made.apply({point: Reading(None, Quality.ABSENT) for point in KNOWN})
    for register in unmarked:
        block = made.blocks[register.table.function]
        assert block.refused(register.wire, register.words) == 0, register


@pytest.mark.parametrize("name", [*CARLO_GAVAZZI, "schneider-iem3155"])
def test_every_counter_of_such_a_meter_is_said_to_have_no_mark(name: str) -> None:
    for register in meter_map.load(name).registers:
        integer = register.type not in ("float32", "string", "bits")
        energy = any("Energy" in point.name for point in register.points)
        factor = any("Power_Factor" in point.name for point in register.points)
        frequency = any(point.name == "Frequency" for point in register.points)
        if integer and isinstance(register.content, Quantity):
            sequence = "Reverse_Phase_Sequence" in [point.name for point in register.points]
            assert register.unmarked == (energy or factor or frequency or sequence), register


@pytest.mark.parametrize("name", ["carlo-gavazzi-em340", "carlo-gavazzi-em24-ethernet"])
def test_a_demand_that_is_not_known_yet_refuses_no_energy(name: str) -> None:
    made = image(name)
    block = made.blocks[3]
    assert most_significant_first(name, block.read(0x38, 2)) == (401_111).to_bytes(4)
    made.apply({"Demand_Current": Reading(None, Quality.STALE)})
    assert most_significant_first(name, block.read(0x38, 2)).hex() == "7fffffff"
    assert block.refused(0x34, 18) == block.refused(0x28, 125) == 0


@pytest.mark.parametrize("name", CARLO_GAVAZZI)
def test_functions_3_and_4_read_the_same(name: str) -> None:
    made = image(name)
    assert made.blocks[3] is made.blocks[4]


def test_em24_ethernet_is_what_victron_looks_for() -> None:
    block = image("carlo-gavazzi-em24-ethernet").blocks[3]
    for wire, value in ((0xA000, 7), (0xA100, 3), (0x1002, 0)):
        assert block.read(wire, 1) == value.to_bytes(2, "big")
    assert block.read(0x5000, 7) == b"123456".ljust(14, b"\0")


@pytest.mark.parametrize(
    ("name", "function", "address", "count"),
    [
        *(("eastron-sdm630", 4, *span) for span in ((0, 80), (80, 28), (200, 70), (334, 48))),
        *(
            ("schneider-iem3155", 3, *span)
            for span in ((2998, 8), (3018, 16), (3052, 12), (3108, 4), (45098, 4))
        ),
        ("sunspec-203", 3, 40070, 107),
        ("sunspec-213", 3, 40070, 125),
        ("sunspec-213", 3, 40195, 1),
        ("abb-b23", 3, 0x5B00, 66),
    ],
)
def test_blocks_that_clients_are_known_to_read(
    name: str, function: int, address: int, count: int
) -> None:
    assert image(name).blocks[function].layout.readable(address, count)


@pytest.mark.parametrize(
    ("name", "model", "length"), [("sunspec-203", 203, 105), (SUNSPEC[1], 213, 124)]
)
def test_sunspec_models_follow_one_another_to_the_end(name: str, model: int, length: int) -> None:
    block = image(name).blocks[3]
    assert block.read(40000, 2) == b"SunS"
    at, models = 40002, []
    while (identifier := int.from_bytes(block.read(at, 1), "big")) != 0xFFFF:
        size = int.from_bytes(block.read(at + 1, 1), "big")
        models.append((identifier, size))
        at += 2 + size
    assert models == [(1, 66), (model, length)]
    assert block.read(at, 2).hex() == "ffff0000"
    texts = [block.read(40004, 16), block.read(40020, 16), block.read(40044, 8)]
    texts.append(block.read(40052, 16))
    assert [text.rstrip(b"\0").decode() for text in texts] == ["Acme", "X", "1.2", "123456"]
    assert block.read(40036, 8) == bytes(16)
    assert block.read(40068, 2).hex() == "00118000"


def test_a_constant_of_the_configuration_moves_register_and_scale() -> None:
    chosen = meter_map.load("sunspec-203", constants={"A_SF": -2})
    (factor,) = (
        each
        for each in chosen.registers
        if isinstance(each.content, Constant) and each.content.name == "A_SF"
    )
    assert isinstance(factor.content, Constant)
    assert factor.content.value == -2
    (current,) = (
        each for each in chosen.registers if each.point and each.point.name == "Current_L1"
    )
    assert current.scale == Fraction(1, 100)


@pytest.mark.parametrize(
    ("name", "writable"),
    [
        ("abb-b23", set()),
        ("carlo-gavazzi-em24", set()),
        ("carlo-gavazzi-em24-ethernet", set()),
        ("carlo-gavazzi-em340", {"Demand_Interval"}),
        (
            "eastron-sdm630",
            {"Demand_Interval", "Modbus_Address", "Modbus_Baudrate", "Modbus_Character_Format"},
        ),
        ("pzem-004t", set()),
        ("schneider-iem3155", set()),
        ("sunspec-203", {"Modbus_Address"}),
        ("sunspec-213", {"Modbus_Address"}),
    ],
)
def test_what_can_be_written(name: str, writable: set[str]) -> None:
    registers = meter_map.load(name).registers
    points = {each.point.name for each in registers if each.writable and each.point}
    assert points == writable
    unlock = [each for each in registers if isinstance(each.content, UnlockCode)]
    assert len(unlock) == (2 if writable else 0)
    assert all(each.writable for each in unlock)


def test_settings_are_written_as_this_maker_numbers_them() -> None:
    codes = {
        each.point.name: each.codes
        for each in meter_map.load("eastron-sdm630").registers
        if each.point and each.codes
    }
    assert codes == {
        "Modbus_Baudrate": {9600: 2, 19200: 3, 38400: 4},
        "Modbus_Character_Format": {2: 0, 0: 1, 1: 2, 3: 3},
    }


def test_schneider_has_three_functions() -> None:
    assert meter_map.load("schneider-iem3155").functions == frozenset({3, 16, 43})


@pytest.mark.parametrize("name", NAMES)
def test_maps_say_whose_list_they_are(name: str) -> None:
    chosen = meter_map.load(name)
    assert chosen.document
    assert chosen.objects == meter_map.load("standard").objects
    assert not any(
        isinstance(each.content, Text) and not each.content.text for each in chosen.registers
    )
