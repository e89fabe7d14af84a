"""Registers with anything in them: every value is one that its point can have."""

import math
from random import Random

import pytest

from submeter.pointmap import folders, meter_map
from submeter.sources.modbus_meter import nameplate
from submeter.sources.modbus_meter.backwards import plan
from submeter.sources.modbus_meter.blocks import Heard, Piece
from submeter.sources.modbus_meter.values import known
from tooling.mutations import FRAMES, SEED

NAMES = sorted(path.stem for path in (folders.shipped() / "meters").glob("*.yaml"))
EDGES = (b"\x00", b"\xff", b"\x7f", b"\x80")


def anything(random: Random, length: int) -> bytes:
    if random.random() < 0.2:
        return random.choice(EDGES) + random.choice(EDGES) * (length - 1)
    return random.randbytes(length)


@pytest.mark.parametrize("name", NAMES)
def test_any_registers(name: str) -> None:
    found, random = plan(meter_map.load(name)), Random(SEED)
    places = [*found.places.values(), *found.scales.values(), *found.checks]
    places += [found.identity] if found.identity else []
    seen: set[str] = set()
    for _ in range(FRAMES // 200):
        heard = Heard()
        for place in places:
            if random.random() < 0.9:
                length = 2 * place.span.length if place.register.type else 1
                data = anything(random, length)
                if place.register.type is None:
                    data = bytes([data[0] & 1])
                heard.pieces[place.span] = Piece(data, data)
        for span in found.validity.values():
            heard.pieces[span] = Piece(bytes([random.random() < 0.8]), b"")
        result = known(found, heard)
        assert not result.failed & result.values.keys()
        seen |= result.failed
        for point, number in result.values.items():
            entry = found.points[point]
            assert math.isfinite(number)
            assert not entry.states or number in entry.states
            low, high = entry.bounds or (-math.inf, math.inf)
            assert entry.kind == "index" or low - 0.01 <= number <= high + 0.01
            if entry.kind == "index":
                assert isinstance(number, int)
                assert number >= 0
            seen.add(point)
        serial = nameplate.serial(found, heard)
        assert serial is None or serial.isprintable()
    assert len(seen) > 0.8 * len(found.places)
