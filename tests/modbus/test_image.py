import logging
import math
import struct
from collections.abc import Callable, ItemsView, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

import pytest

from modbus.wire import POINTS, STANDARD, measured, place, register, small_map
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading
from submeter.modbus.identification import Identification
from submeter.modbus.image import Image
from submeter.pointmap.address import Address, Table
from submeter.pointmap.meter_file import WhenStale
from submeter.pointmap.register import Constant, Identity, Quantity, Term

NAN = bytes.fromhex("7fc00000")
VOLTAGE, POWER, ERROR = "Voltage_L1_N", "Active_Power_Total", "Meter_Error"
SMALL = small_map(
    [
        register(VOLTAGE, Table.HOLDING, 0, "float32"),
        register(POWER, Table.INPUT, 0, "float32"),
        register(ERROR, Table.DISCRETE, 0),
    ]
)


def validity(image: Image, point: str) -> int:
    return image.blocks[2].read(1000 + list(POINTS).index(point), 1)[0]


def bits(image: Image) -> set[int]:
    count = 1000 + len(POINTS)
    data = image.blocks[2].read(0, count)
    return {n for n in range(count) if data[n // 8] >> n % 8 & 1}


def test_at_first_everything_is_unknown() -> None:
    image = Image(STANDARD)
    for entry in STANDARD.registers:
        data = image.blocks[entry.table.function].read(entry.wire, entry.words)
        expected = {"float32": NAN, "uint32": b"\xff" * 4, "int64": b"\x80" + bytes(7)}
        if entry.point:
            assert data == expected.get(str(entry.type), b"\0"), entry
        else:
            assert not any(data), entry  # the unlock code
    assert not bits(image)
    assert image.status == 0
    assert all(block.denied is None for block in image.blocks.values())


def test_every_point_reads_at_its_place_in_its_type() -> None:
    image = Image(STANDARD)
    numbers = {name: 1_000_003 * (n + 1) for n, name in enumerate(POINTS)}
    image.apply({name: measured(number) for name, number in numbers.items()})
    for entry in STANDARD.registers:
        if entry.type and entry.point:
            data = image.blocks[entry.table.function].read(entry.wire, entry.words)
            number = numbers[entry.point.name]
            exact = number // 10**-entry.power if entry.power < 0 else number
            if entry.type == "float32":
                assert data == struct.pack(">f", number / 10**-entry.power), entry
            else:
                assert int.from_bytes(data) == exact, entry


@pytest.mark.parametrize("point", ["Communication_Status", "Energy_Direction", "Meter_Error"])
def test_states_read_as_they_are(point: str) -> None:
    image = Image(STANDARD)
    wire = next(entry.wire for entry in STANDARD.registers if entry.point is POINTS[point])
    for state in (1, 0, 1):
        image.apply({point: measured(state)})
        assert (wire in bits(image)) is bool(state)
        assert validity(image, point)


@pytest.mark.parametrize(
    "reading",
    [
        Reading(230.0, Quality.STALE),
        Reading(230.0, Quality.FAILED),
        Reading(None, Quality.ABSENT),
        Reading(None, Quality.MEASURED),
        Reading(math.nan, Quality.MEASURED),
    ],
)
def test_what_is_not_known_reads_as_invalid(reading: Reading) -> None:
    image = Image(STANDARD)
    image.apply({VOLTAGE: measured(230.0)})
    assert image.blocks[3].read(20, 2) == struct.pack(">f", 230)
    assert validity(image, VOLTAGE) == 1
    image.apply({VOLTAGE: reading})
    assert image.blocks[3].read(20, 2) == NAN
    assert validity(image, VOLTAGE) == 0


def test_a_state_that_goes_stale_reads_0_and_not_valid() -> None:
    image = Image(STANDARD)
    image.apply({ERROR: measured(1)})
    assert 16 in bits(image)
    image.apply({ERROR: Reading(1, Quality.STALE)})
    assert not bits(image)


@pytest.mark.parametrize("quality", [Quality.DERIVED, Quality.ESTIMATED])
def test_derived_and_estimated_values_are_known(quality: Quality) -> None:
    image = Image(STANDARD)
    image.apply({POWER: Reading(1.5, quality)})
    assert image.blocks[3].read(0, 2) == struct.pack(">f", 1.5)
    assert validity(image, POWER) == 1


def test_validity_bits_stand_in_the_order_of_the_list() -> None:
    image = Image(STANDARD)
    for number, name in enumerate(POINTS):
        image.apply({name: measured(0)})
        assert bits(image) == {1000 + n for n in range(number + 1)}


def test_validity_bits_may_be_coils() -> None:
    image = Image(replace(SMALL, validity=Address(Table.COIL, 8)))
    image.apply({next(iter(POINTS)): measured(1)})
    assert image.blocks[1].read(8, len(POINTS)) == b"\x01" + bytes(
        len(POINTS) // 8 - 1 + bool(len(POINTS) % 8)
    )


def test_points_without_a_place_are_passed_over() -> None:
    image = Image(SMALL)
    image.apply({"Frequency": measured(50.0), "No_Such_Point": measured(1), POWER: measured(2.0)})
    assert image.blocks[4].read(0, 2) == struct.pack(">f", 2)


def test_bits_come_eight_a_byte_lowest_address_first() -> None:
    alarms = [point.name for point in POINTS.values() if point.kind == "binary"][:10]
    image = Image(small_map(register(name, Table.COIL, n) for n, name in enumerate(alarms)))
    image.apply({alarms[n]: measured(1) for n in (0, 3, 9)})
    assert image.blocks[1].read(0, 10) == bytes([0b00001001, 0b10])
    assert image.blocks[1].read(3, 7) == bytes([0b01000001])


class Watched(Mapping[str, Reading]):
    """Readings that look at the image before each of them is handed out, and at the end."""

    def __init__(self, readings: dict[str, Reading], look: Callable[[], None]) -> None:
        self.readings = readings
        self.look = look

    def __getitem__(self, name: str) -> Reading:
        return self.readings[name]

    def __len__(self) -> int:
        return len(self.readings)

    def __iter__(self) -> Iterator[str]:
        return iter(self.readings)

    def items(self) -> ItemsView[str, Reading]:
        return ItemsView(_Each(self))


class _Each(dict[str, Reading]):
    def __init__(self, watched: Watched) -> None:
        super().__init__(watched.readings)
        self.watched = watched

    def __iter__(self) -> Iterator[str]:
        for name in self.watched.readings:
            self.watched.look()
            yield name
        self.watched.look()


def test_an_update_becomes_visible_as_a_whole() -> None:
    image = Image(SMALL)
    seen = []

    def look() -> None:
        seen.append([image.blocks[f].read(0, n) for f, n in ((3, 2), (4, 2), (2, 1))])

    look()
    update = {VOLTAGE: measured(230.0), POWER: measured(1.0), ERROR: measured(1)}
    image.apply(Watched(update, look))
    look()
    before, *during, after = seen
    assert len(during) == 4
    assert all(state == before for state in during)
    assert after == [struct.pack(">f", 230), struct.pack(">f", 1), b"\x01"]


def test_every_validity_bit_may_be_read_alone() -> None:
    layout = Image(STANDARD).blocks[Table.DISCRETE.function].layout
    assert STANDARD.validity
    first = STANDARD.validity.wire
    for number in range(len(STANDARD.points)):
        assert layout.readable(first + number, 1)
    assert not layout.readable(first + len(STANDARD.points), 1)


def test_only_what_changed_is_encoded_again() -> None:
    image = Image(SMALL)
    image.apply({VOLTAGE: measured(230.0), POWER: measured(1.0)})
    before = image.blocks[3].content, image.blocks[4].content
    image.apply({VOLTAGE: measured(230.0), POWER: measured(2.0)})
    assert image.blocks[3].content is before[0]
    assert image.blocks[4].content != before[1]


@pytest.mark.parametrize("again", [230.0, 231.0])
def test_a_value_that_comes_back_is_seen_again(again: float) -> None:
    image = Image(SMALL)
    for reading in (measured(230.0), Reading(230.0, Quality.STALE), measured(again)):
        image.apply({VOLTAGE: reading})
    assert image.blocks[3].read(0, 2) == struct.pack(">f", again)


def test_a_shared_map_has_one_table_of_registers() -> None:
    places = [
        register(VOLTAGE, Table.HOLDING, 0, "float32"),
        register(POWER, Table.INPUT, 2, "float32"),
    ]
    image = Image(small_map(places, shared=True))
    image.apply({VOLTAGE: measured(230.0), POWER: measured(1.5)})
    assert image.blocks[3] is image.blocks[4]
    assert image.blocks[3].layout.readable(0, 4)
    assert image.blocks[4].read(0, 4) == struct.pack(">ff", 230, 1.5)
    for table in (Table.HOLDING, Table.INPUT):
        assert image.register_at(table, 1) is places[0]
        assert image.register_at(table, 3) is places[1]


def test_registers_are_found_by_any_of_their_addresses() -> None:
    places = [
        register(VOLTAGE, Table.HOLDING, 4, "float64"),
        register(POWER, Table.HOLDING, 5, "uint16", count=1),
        register("Reset_Demand_Peak", Table.COIL, 4),
    ]
    image = Image(small_map(places))
    assert [image.register_at(Table.HOLDING, n) for n in range(3, 9)] == [
        None,
        *places[:1] * 4,
        None,
    ]
    assert image.register_at(Table.COIL, 4) is places[2]
    assert image.register_at(Table.INPUT, 4) is None
    assert image.register_at(Table.COIL, 5) is None


def test_one_read_may_see_what_no_other_does() -> None:
    """As Carlo Gavazzi meters answer a read of 0x000B alone with their model."""
    places = [
        register(VOLTAGE, Table.HOLDING, 10, "int32", order="CDAB"),
        place(Constant(341), Table.HOLDING, 11, "uint16", count=1),
    ]
    image = Image(small_map(places, shared=True, clipped="serve"))
    image.apply({VOLTAGE: measured(65538)})
    block = image.blocks[4]
    assert block.read_alone(11, 1) == (341).to_bytes(2)
    assert block.read_alone(11, 2) is None
    assert block.read_alone(10, 1) is None
    assert block.read(10, 2) == bytes.fromhex("00020001")
    assert block.read(11, 1) == bytes.fromhex("0001")
    assert not image.blocks[1].read_alone(11, 1)


def test_what_only_one_read_sees_defines_nothing() -> None:
    image = Image(small_map([place(Constant(341), Table.HOLDING, 11, "uint16", count=1)]))
    block = image.blocks[3]
    assert not block.layout.readable(11, 1)
    assert not block.layout.readable(11, 2)
    assert block.read_alone(11, 1) == (341).to_bytes(2)


def test_the_byte_of_function_7_has_the_points_in_alarm() -> None:
    points = tuple(POINTS[name] for name in ("Phase_Loss_L1", ERROR, "Energy_Direction"))
    image = Image(small_map([], status=points))
    image.apply({ERROR: measured(1), "Phase_Loss_L1": measured(0)})
    assert image.status == 0b010
    image.apply({"Energy_Direction": measured(1), "Phase_Loss_L1": measured(1)})
    assert image.status == 0b111
    image.apply({ERROR: Reading(1, Quality.STALE)})
    assert image.status == 0b101


def test_what_does_not_fit_is_counted_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    entry = register(VOLTAGE, Table.HOLDING, 0, "int16", at="HR 1", scale=Fraction(1, 10))
    now = Instant(0.0, 0.0)
    image = Image(small_map([entry]), Identification(application="main"), clock=lambda: now)
    for volts in (230.0, 4000.0, 5000.0, -4000.0):
        image.apply({VOLTAGE: measured(volts)})
    assert image.blocks[3].read(0, 1) == b"\x80\0"
    assert image.saturated == 1
    for second in range(100):  # it comes and goes
        now = Instant(float(second), 0.0)
        image.apply({VOLTAGE: measured(230.0)})
        assert image.blocks[3].read(0, 1) == (2300).to_bytes(2)
        image.apply({VOLTAGE: measured(4000.0)})
        assert image.blocks[3].read(0, 1) == b"\x80\0"
    assert image.saturated == 101
    begins = f"event=saturated meter=main at=HR 1 type=int16 point={VOLTAGE}"
    assert caplog.messages == [begins]
    image.apply({VOLTAGE: measured(230.0)})
    now = Instant(158.0, 0.0)
    image.apply({})
    assert caplog.messages == [begins]
    now = Instant(159.0, 0.0)
    image.apply({})
    over = begins.replace("saturated", "saturated_end")
    assert caplog.messages == [begins, over]
    image.apply({VOLTAGE: measured(4000.0)})
    assert caplog.messages == [begins, over, begins]
    assert image.saturated == 102


def test_a_value_that_does_not_fit_is_not_valid() -> None:
    small, large, total = (
        register(VOLTAGE, Table.HOLDING, 0, "uint16"),
        register(VOLTAGE, Table.HOLDING, 1, "int16"),
        place(Quantity("sum", (Term(POINTS[VOLTAGE]),) * 2), Table.HOLDING, 2, "uint16"),
    )
    image = Image(small_map([small, large, total], validity=Address(Table.DISCRETE, 1000)))
    for volts, valid in ((9, 1), (33_000, 0), (70_000, 0), (33_000, 0), (9, 1), (32_768, 0)):
        image.apply({VOLTAGE: measured(volts)})
        assert validity(image, VOLTAGE) == valid, volts
    image.apply({VOLTAGE: Reading(9, Quality.STALE)})
    assert validity(image, VOLTAGE) == 0
    image.apply({VOLTAGE: measured(32_767)})
    assert validity(image, VOLTAGE) == 1, "only the sum may not fit"
    image = Image(small_map([total], validity=Address(Table.DISCRETE, 1000)))
    image.apply({VOLTAGE: measured(40_000)})
    assert image.saturated == 1
    assert validity(image, VOLTAGE) == 1


def test_a_last_value_that_did_not_fit_is_not_valid_when_it_is_measured_again() -> None:
    entry = register(VOLTAGE, Table.HOLDING, 0, "int16")
    last = WhenStale(stale="last")
    image = Image(small_map([entry], validity=Address(Table.DISCRETE, 1000)), when_stale=last)
    for reading in (measured(40_000), Reading(40_000, Quality.STALE), measured(40_000)):
        image.apply({VOLTAGE: reading})
        assert validity(image, VOLTAGE) == 0
    assert image.saturated == 1


@pytest.mark.parametrize(
    ("revision", "number"),
    [
        ("0.1.0", 100),
        ("1.12.3", 11203),
        ("2.0.0.dev7+a1", 20000),
        ("V1.2", 102),
        ("1305", 1305),
        ("", 0),
        ("draft", 0),
    ],
)
def test_a_revision_as_a_number(revision: str, number: int) -> None:
    entry = place(Identity("revision"), Table.HOLDING, 0, "uint16")
    image = Image(small_map([entry]), Identification(revision=revision))
    assert int.from_bytes(image.blocks[3].read(0, 1)) == number


def test_what_is_not_known_is_not_counted() -> None:
    image = Image(small_map([register(VOLTAGE, Table.HOLDING, 0, "int16")]))
    image.apply({VOLTAGE: Reading(1e9, Quality.STALE)})
    assert image.saturated == 0
