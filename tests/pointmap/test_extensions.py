"""Extension points: where the standard map has them, and a meter that lacks them."""

from dataclasses import replace
from pathlib import Path

import pytest

from submeter.bacnet import names
from submeter.bacnet.objects import units
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading
from submeter.modbus.image import Image
from submeter.pointmap import meter_map, points
from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.register import Absent, Flags

EXTENSIONS = {n: p for n, p in points.all_points().items() if p.group == "extension"}
PLACES = Path(__file__).parent / "standard-extensions.txt"
NAN = bytes.fromhex("7FC00000")


@pytest.fixture(scope="module")
def standard() -> MeterMap:
    return meter_map.load("standard")


def test_places_never_move(standard: MeterMap) -> None:
    """Validity bits, trend logs and registers; instances are in standard-objects.txt."""
    lines = PLACES.read_text(encoding="utf-8").splitlines()
    written = [line.split(" ", 2) for line in lines if not line.startswith("#")]
    places = {name: str(place) for place, name in enumerate(points.all_points(), 1)}
    known = {name: (place, registers) for name, place, registers in written}
    for name in places.keys() - points.standard().keys():
        own = [r.at for r in standard.registers if r.point and r.point.name == name]
        assert (places[name], ", ".join(own)) == known.pop(name), name
        assert standard.bits[name] == int(places[name]) - 1
        assert names.trend_instances()[name] == int(places[name])
    assert not known


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
    assert len(lacking) == 81 + 31 + 152
    assert not any(register.writable for register in lacking)


def test_flags_lose_only_the_bits_that_the_meter_lacks() -> None:
    """The other bits of the register are there."""
    whole = meter_map.load("standard")
    relays = [whole.points[whole.bits[f"Relay_{n}"]] for n in (1, 2)]
    flags = Flags(dict(enumerate(relays)))
    register = replace(whole.registers[0], content=flags)
    own = replace(whole, registers=(register,)).serving(["Relay_2"])
    assert own.registers[0].content == Flags({1: relays[1]})
