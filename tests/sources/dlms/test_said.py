"""What items say by the objects of a map."""

from fractions import Fraction
from pathlib import Path

import pytest

from submeter.errors import ConfigError
from submeter.meter.feed import Dial
from submeter.meter.reading import Stamp
from submeter.pointmap import source_map
from submeter.pointmap.source_map import SourceMap
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.said import Item, Reader
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
  first: {place: 0, among: [6, 7], unit: A}
  second: {place: 1, among: 7, unit: A}
  name: {obis: 0-0:96.1.1, others: [0-0:42.0.0, 0-0:96.1.2], text: true}
  relay: {obis: 0-0:96.3.10}
points:
  Active_Energy_Import: [{label: import}]
  Relay_1: [{label: relay, bit: 0}]
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
        (Item("1-0:1.8.0*255", value=Data(22, 7)), {}),
        (Item("1-0:1.8.0*255", value=Data(3, True)), {}),
        (Item("1-0:1.8.0*255", value=Data(4, "111")), {}),
        (Item("0-0:96.3.10*255", value=Data(22, 7)), {"relay": Datum("7", 7)}),
        (Item("0-0:96.3.10*255", value=Data(9, bytes(3000))), {"relay": Datum("0" * 64, 0)}),
        (Item("1.8.0", value="--"), {}),
        (Item("0-0:96.1.0*255", value=Data(9, b"LGZ1\0")), {"serial": Datum("LGZ1")}),
        (Item("0-0:96.1.0*255", value=Data(9, b"\xff\x01")), {"serial": Datum("ff01")}),
        (Item("0-0:96.1.0*255", value=raw(42)), {"serial": Datum("42")}),
        (Item("0-0:96.1.0*255", value=Data(9, b"7" * 30_000)), {"serial": Datum("7" * 64)}),
        (Item("0-0:96.1.0*255", value=Data(9, b"\xff" * 30_000)), {"serial": Datum("ff" * 32)}),
        (Item("0-0:96.1.0*255", value=Data(12, "a\x1b[2J\n")), {"serial": Datum("a?[2J?")}),
        (Item("0-0:96.1.0*255", value="b\u202e"), {"serial": Datum("b?")}),
        (Item("0-0:96.1.0*255", value=Data(9, b"")), {}),
        (
            Item(None, 2, value=raw(1234), among=4),
            {"third": Datum("1234e-2", Fraction(617, 50), "A")},
        ),
        (Item(None, 2, value=raw(1234), among=5), {}),
        (Item(None, 1, value=raw(1234), among=4), {}),
        (Item("1.7.0", 2, value=raw(1234), among=4), {}),
        (Item(None, 0, value=raw(5), among=6), {"first": Datum("5", 5, "A")}),
        (Item(None, 0, value=raw(5), among=7), {"first": Datum("5", 5, "A")}),
        (Item(None, 0, value=raw(5), among=8), {}),
        (Item(None, 1, value=raw(5), among=7), {"second": Datum("5", 5, "A")}),
        (Item("0-0:96.3.10*255", value=Data(9, b"1")), {"relay": Datum("31", 0x31)}),
        (Item("0-0:96.3.10*255", value=Data(9, b"\x01\0")), {"relay": Datum("0100", 256)}),
        (Item("0-0:96.3.10*255", value=Data(10, "on")), {"relay": Datum("on")}),
        (Item("0-0:96.3.10*255", value=Data(4, "101")), {"relay": Datum("101")}),
        (Item("0-0:96.3.10*255", value=Data(3, True)), {"relay": Datum("True", True)}),
        (Item("0-0:96.3.10*255", value=Data(9, b"")), {}),
        (Item("0-0:96.3.10*255", value=Data(2, [raw(1)])), {}),
        (Item("1.6.0", value="1.5", unit="kW"), {"peak": Datum("1.5", Fraction(3, 2), "kW")}),
    ],
)
def test_an_item_says_what_its_object_is(
    table: SourceMap, item: Item, expected: dict[str, Datum]
) -> None:
    assert Reader(table).said([item]) == expected


def test_a_time_comes_with_a_value_or_is_one(table: SourceMap) -> None:
    with_time = Reader(table).said([Item("1.6.0", value=raw(15), stamp=AT)])
    assert with_time["peak at"].stamp == with_time["peak"].stamp == AT
    moment = Data(25, dlms_pusher.Meter().moment())
    assert Reader(table).said([Item("1.6.0", attribute=5, value=moment)]) == {
        "peak time": Datum(AT.text, AT.utc, "UTC s", AT)
    }
    assert Reader(table).said([Item("1.6.0", attribute=5, value=Data(25, bytes(12)))]) == {}
    assert Reader(table).said([Item("1.8.0", value=moment)]) == {}


def test_what_stands_twice_must_be_the_same(table: SourceMap) -> None:
    one, other = Item("1-0:1.8.0*255", value=raw(1)), Item("1-1:1.8.0*255", value=raw(2))
    assert Reader(table).said([one, one])["import"].number == 10
    assert Reader(table).said([one, other]) == {}
    assert Reader(table).said([one, other, one]) == {}
    assert Reader(table).said([one, other, one, one]) == {}


def test_of_several_codes_the_best_counts(table: SourceMap) -> None:
    best, other, last = (
        Item(f"{code}*255", value=Data(9, text))
        for code, text in [("0-0:96.1.1", b"B"), ("0-0:42.0.0", b"O"), ("0-0:96.1.2", b"L")]
    )
    for items, text in [([last], "L"), ([last, other], "O"), ([other, last, best, other], "B")]:
        for each in (items, items[::-1]):
            assert Reader(table).said(each) == {"name": Datum(text)}
    assert Reader(table).said([best, other, best._replace(value=Data(9, b"2"))]) == {}


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("{place: 5, among: [6, 5]}", "of 5 values the last has the place 4"),
        ("{place: 5, among: []}", "at least one entry"),
        ("{place: 5, among: 6, others: [1.8.0]}", "'others' goes with 'obis'"),
        ("{obis: 1.8.0, others: [none]}", "'none' is no OBIS code"),
    ],
)
def test_an_object_that_cannot_be_is_told(tmp_path: Path, label: str, why: str) -> None:
    (tmp_path / "own.yaml").write_text(MAP.replace("{obis: 0-0:96.3.10}", label))
    with pytest.raises(ConfigError, match=why):
        source_map.read(tmp_path / "own.yaml")


def test_the_step_of_a_register_is_its_coarsest(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    for number, (keys, step, span) in enumerate(
        [
            ("unit: Wh, digits: [6]", 10**3, 10**9),
            ("unit: Wh, scaler: 1, digits: [6]", 10**4, 10**10),
            ("unit: Wh, resolution: 3, digits: [6]", 10**6, 10**9),
            ("unit: Wh, scaler: 2, resolution: 1, digits: [6]", 10**5, 10**11),
        ]
    ):
        text = MAP.replace("obis: 1.8.0, unit: Wh, scaler: 1", f"obis: 1.8.0, {keys}")
        (tmp_path / "sources" / f"own{number}.yaml").write_text(text)
        dials = source_map.load(f"own{number}", own=[tmp_path]).dials()
        assert dials == {"Active_Energy_Import": Dial(step, (span,))}
