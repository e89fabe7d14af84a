"""What items say by the objects of a map."""

from fractions import Fraction
from pathlib import Path

import pytest

from submeter.meter.reading import Stamp
from submeter.pointmap import source_map
from submeter.pointmap.source_map import SourceMap
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.said import Item, said
from submeter.sources.translation.datum import Datum
from tooling import dlms_pusher

MAP = """
title: t
document: d
max_age: 60
identity: serial
objects:
  import: {obis: 1.8.0, unit: Wh, scaler: 1}
  voltage: {obis: 1-0:32.7.0, unit: V, largest: 400}
  factor: {obis: 13.7.0, scaler: -3}
  peak: {obis: 1.6.0, unit: W}
  peak at: {obis: 1.6.0, unit: W, stamp: true}
  peak time: {obis: 1.6.0, attribute: 5, stamp: true}
  serial: {obis: 0-0:96.1.0, text: true}
  third: {place: 2, among: 4, scaler: -2, unit: A}
points:
  Active_Energy_Import: [{label: import}]
"""
AT = Stamp(1_710_000_000, "2024-03-09 17:00:00")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> SourceMap:
    folder: Path = tmp_path_factory.mktemp("own")
    (folder / "sources").mkdir()
    (folder / "sources" / "own.yaml").write_text(MAP)
    return source_map.load("own", own=[folder])


def raw(number: int) -> Data:
    return Data(6, number)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (Item("1-0:1.8.0*255", value=raw(123)), {"import": Datum("123e1", 1230, "Wh")}),
        (
            Item("1-0:1.8.0*255", value=raw(123), scaler=0, unit="kWh"),
            {"import": Datum("123", 123, "kWh")},
        ),
        (
            Item("1.8.0", value="0001.234", scaler=0, unit="kWh"),
            {"import": Datum("0001.234", Fraction(1234, 1000), "kWh")},
        ),
        (
            Item("1-0:1.8.0*255", value=raw(7200), scaler=0, unit="J"),
            {"import": Datum("7200", 2, "Wh")},
        ),
        (Item("13.7.0", value=raw(987)), {"factor": Datum("987e-3", Fraction(987, 1000))}),
        (Item("1-0:32.7.0*255", value=raw(400)), {"voltage": Datum("400", 400, "V")}),
        (Item("1-0:32.7.0*255", value=raw(401)), {}),
        (
            Item("1-0:32.7.0*255", value=raw(4000), scaler=-1),
            {"voltage": Datum("4000e-1", 400, "V")},
        ),
        (Item("1-0:32.7.0*255", value=raw(1), scaler=0, unit="kV"), {}),
        (Item("32.7.0", value="230", unit="V"), {}),
        (Item("1-0:1.8.0*255", value=Data(9, b"text")), {}),
        (Item("1-0:1.8.0*255", value=Data(23, float("nan"))), {}),
        (Item("1-0:1.8.0*255", value=Data(0, None)), {}),
        (Item("1.8.0", value="--"), {}),
        (Item("0-0:96.1.0*255", value=Data(9, b"LGZ1\0")), {"serial": Datum("LGZ1")}),
        (Item("0-0:96.1.0*255", value=Data(9, b"\xff\x01")), {"serial": Datum("ff01")}),
        (Item("0-0:96.1.0*255", value=raw(42)), {"serial": Datum("42")}),
        (Item("0-0:96.1.0*255", value=Data(9, b"")), {}),
        (
            Item(None, 2, value=raw(1234), among=4),
            {"third": Datum("1234e-2", Fraction(617, 50), "A")},
        ),
        (Item(None, 2, value=raw(1234), among=5), {}),
        (Item(None, 1, value=raw(1234), among=4), {}),
        (Item("1.7.0", 2, value=raw(1234), among=4), {}),
        (Item("1.6.0", value="1.5", unit="kW"), {"peak": Datum("1.5", Fraction(3, 2), "kW")}),
    ],
)
def test_an_item_says_what_its_object_is(
    table: SourceMap, item: Item, expected: dict[str, Datum]
) -> None:
    assert said([item], table) == expected


def test_a_time_comes_with_a_value_or_is_one(table: SourceMap) -> None:
    with_time = said([Item("1.6.0", value=raw(15), stamp=AT)], table)
    assert with_time["peak at"].stamp == with_time["peak"].stamp == AT
    moment = Data(25, dlms_pusher.Meter().moment())
    assert said([Item("1.6.0", attribute=5, value=moment)], table) == {
        "peak time": Datum(AT.text, AT.utc, "UTC s", AT)
    }
    assert said([Item("1.6.0", attribute=5, value=Data(25, bytes(12)))], table) == {}
    assert said([Item("1.8.0", value=moment)], table) == {}


def test_what_stands_twice_must_be_the_same(table: SourceMap) -> None:
    one, other = Item("1-0:1.8.0*255", value=raw(1)), Item("1-1:1.8.0*255", value=raw(2))
    assert said([one, one], table)["import"].number == 10
    assert said([one, other], table) == {}
    assert said([one, other, one], table) == {}
    assert said([one, other, one, one], table) == {}
