"""Extension points: where the standard map has them, and a meter that lacks them."""

from dataclasses import replace

import pytest

from submeter.bacnet.objects import units
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading
from submeter.modbus.image import Image
from submeter.pointmap import meter_map, points
from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.register import Absent, Flags

EXTENSIONS = {n: p for n, p in points.all_points().items() if p.group == "extension"}
FIRST = {
    ("index", "float32"): 31201,
    ("index", "int64"): 31301,
    ("analog", "float32"): 31501,
    ("timestamp", "uint32"): 31601,
    ("multistate", "float32"): 31701,
    ("binary", None): 2011,
}
INSTANCES = {
    ("index", "accumulator"): 11,
    ("index", "analog-input"): 211,
    ("analog", "analog-input"): 301,
    ("timestamp", "datetime-value"): 11,
    ("multistate", "multi-state-value"): 101,
    ("binary", "binary-input"): 101,
}
NAN = bytes.fromhex("7FC00000")


@pytest.fixture(scope="module")
def standard() -> MeterMap:
    return meter_map.load("standard")


def test_addresses_never_move(standard: MeterMap) -> None:
    """They go up within each kind, in the order of the list, from the first one of the kind."""
    following = dict(FIRST)
    for register in standard.registers:
        point = register.point
        if point and point.name in EXTENSIONS:
            number = int(register.at.removeprefix("DI "))
            assert number == following[point.kind, register.type], point.name
            following[point.kind, register.type] += register.words
    assert [following[key] - first for key, first in FIRST.items()] == [62, 124, 52, 6, 14, 14]


def test_instances_never_move(standard: MeterMap) -> None:
    following = dict(INSTANCES)
    for each in standard.objects:
        if each.point.name in EXTENSIONS:
            assert each.instance == following[each.point.kind, each.object]
            assert each.instance < 900
            following[each.point.kind, each.object] += 1


def test_volumes_are_served_exactly(standard: MeterMap) -> None:
    exact = [r for r in standard.registers if r.point and r.point.name == "Volume"]
    assert [(r.type, r.unit, r.power) for r in exact] == [("float32", "m3", -6), ("int64", "mL", 0)]
    (count, _) = (each for each in standard.objects if each.point.name == "Volume")
    assert (count.object, count.unit, count.power, units.code(count)) == (
        "accumulator",
        "m3",
        -6,
        80,
    )


def test_a_meter_has_what_its_sources_give(standard: MeterMap) -> None:
    served = standard.serving(["Active_Energy_Import", "Volume", "Relay_1"])
    had = [point.name for point in served.points if point.name in EXTENSIONS]
    assert had == ["Volume", "Relay_1"]
    assert {each.point.name for each in served.objects} == {point.name for point in served.points}
    assert [point for point in served.points if point.name not in EXTENSIONS] == [
        point for point in standard.points if point.name not in EXTENSIONS
    ]


def test_equal_wishes_share_one_map(standard: MeterMap) -> None:
    one = standard.serving(["Volume", "Frequency"])
    assert one is standard.serving({"Volume"})
    assert one is not standard.serving(["Heat_Energy"])
    assert standard.serving(list(EXTENSIONS)) is standard


def test_validity_bits_keep_their_places(standard: MeterMap) -> None:
    served = standard.serving(["Volume"])
    assert served.bits == standard.bits
    assert list(served.bits) == list(points.all_points())
    image = Image(served)
    image.apply({"Volume": Reading(5, Quality.MEASURED, Instant(0.0, 0.0))})
    bits = image.blocks[Table.DISCRETE.function]
    assert bits.layout.readable(1000, len(standard.bits))
    place = standard.bits["Volume"]
    first, rest = divmod(place, 8)
    read = bits.read(1000, len(standard.bits))
    assert read == bytes(first) + bytes([1 << rest]) + bytes(len(read) - first - 1)


def test_what_a_meter_lacks_reads_as_unknown_in_a_block(standard: MeterMap) -> None:
    """A poller that reads all tariffs at once must not take those without a register for 0 kWh."""
    image = Image(standard.serving(["Active_Energy_Import_T1"]))
    image.apply({"Active_Energy_Import_T1": Reading(2_500_000, Quality.MEASURED, Instant(0, 0))})
    block = image.blocks[Table.INPUT.function]
    assert block.layout.readable(1200, 6)
    assert block.read(1200, 6) == bytes.fromhex("40200000") + NAN + NAN


def test_registers_of_what_a_meter_lacks_say_so(standard: MeterMap) -> None:
    served = standard.serving([])
    assert len(served.registers) == len(standard.registers)
    lacking = [r for r in served.registers if isinstance(r.content, Absent)]
    assert len(lacking) == 81 + 31
    assert not any(register.writable for register in lacking)


def test_flags_lose_only_the_bits_that_the_meter_lacks() -> None:
    """The other bits of the register are there."""
    whole = meter_map.load("standard")
    relays = [whole.points[whole.bits[f"Relay_{n}"]] for n in (1, 2)]
    flags = Flags(dict(enumerate(relays)))
    register = replace(whole.registers[0], content=flags)
    own = replace(whole, registers=(register,)).serving(["Relay_2"])
    assert own.registers[0].content == Flags({1: relays[1]})
