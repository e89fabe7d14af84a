import math
import struct
from collections.abc import Callable, ItemsView, Iterator, Mapping
from dataclasses import replace

import pytest

from modbus.wire import POINTS, STANDARD, measured, register, small_map
from submeter.meter.reading import Quality, Reading
from submeter.modbus.image import Image
from submeter.pointmap.address import Address, Table

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
    data = image.blocks[2].read(0, 1063)
    return {n for n in range(1063) if data[n // 8] >> n % 8 & 1}


def test_at_first_everything_is_unknown() -> None:
    image = Image(STANDARD)
    for entry in STANDARD.registers:
        data = image.blocks[entry.table.function].read(entry.wire, entry.words)
        expected = {"float32": NAN, "uint32": b"\xff" * 4, "int64": b"\x80" + bytes(7)}
        assert data == expected.get(str(entry.type), b"\0"), entry
    assert not bits(image)


def test_every_point_reads_at_its_place_in_its_type() -> None:
    image = Image(STANDARD)
    numbers = {name: 1_000_003 * (n + 1) for n, name in enumerate(POINTS)}
    image.apply({name: measured(number) for name, number in numbers.items()})
    for entry in STANDARD.registers:
        if entry.type:
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
    wire = next(entry.wire for entry in STANDARD.registers if entry.point.name == point)
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
    assert image.blocks[1].read(8, len(POINTS)) == b"\x01" + bytes(7)


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
