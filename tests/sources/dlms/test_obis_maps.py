"""The shipped maps for meters that speak OBIS, with values as their meters say them."""

import re
from pathlib import Path

import pytest

from submeter.pointmap import source_map
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.said import Item, said
from submeter.sources.translation.translator import Message, Translator
from tooling.program import CHECKOUT

MAPS = [
    "obis-standard",
    "obis-e450-annex",
    "obis-swiss-vse",
    "obis-austria-pairs",
    "obis-austria-positional",
    "obis-austria-wien",
    "obis-norway",
    "obis-norway-kaifa",
]


def values(name: str, items: list[Item]) -> dict[str, float]:
    """Return what a map makes of `items`, once it is known what the meter does not send."""
    loaded = source_map.load(name)
    translator = Translator(loaded)
    for _ in range(20):
        translator.translate(Message(said(items, loaded)), 0.0)
    update = translator.translate(Message(said(items, loaded)), 0.0)
    assert update is not None
    return {point: value.number for point, value in update.values.items()}


def test_the_example_of_the_page_is_a_map(tmp_path: Path) -> None:
    page = (CHECKOUT / "docs" / "dlms.md").read_text()
    (text,) = [each for each in re.findall(r"```yaml\n(.*?)```", page, re.S) if "title:" in each]
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "own.yaml").write_text(text)
    loaded = source_map.load("own", own=[tmp_path])
    found = Translator(loaded).translate(
        Message(said(coded(_1_8_0=5, _1_7_0=100, _2_7_0=30, _31_7_0=123), loaded)), 0.0
    )
    assert found is not None
    assert {point: value.number for point, value in found.values.items()} == {
        "Active_Energy_Import": 5_000,
        "Active_Power_Total": 0.07,
        "Current_L1": 1.23,
    }


def test_the_page_names_every_map() -> None:
    page = (CHECKOUT / "docs" / "dlms.md").read_text()
    assert all(f"| `{name}` |" in page for name in MAPS)
    shipped = (CHECKOUT / "pointmaps" / "sources").glob("obis-*.yaml")
    assert {path.stem for path in shipped} == set(MAPS)


def coded(**numbers: int | str) -> list[Item]:
    return [
        Item(code[1:].replace("_", "."), value=Data(6 if isinstance(raw, int) else 10, raw))
        for code, raw in numbers.items()
    ]


@pytest.mark.parametrize("name", MAPS)
def test_every_map_has_the_index_and_the_power(name: str) -> None:
    loaded = source_map.load(name)
    assert {"Active_Energy_Import", "Active_Power_Total"} <= loaded.rules.keys()
    assert loaded.kind == "obis"


def test_the_annex_is_taken_to_the_letter() -> None:
    items = coded(_1_8_0=5, _16_7_0=1, _36_7_0=2, _56_7_0=3, _16_7_2=4, _13_21_0=1, _7_7_0=6)
    assert values("obis-e450-annex", items) == {
        "Active_Energy_Import": 5_000_000,
        "Active_Power_Total": 0.001,
        "Reactive_Power_Total": 0.002,
        "Apparent_Power_Total": 0.003,
        "Active_Power_L2": 0.004,
        "Power_Factor_Total": 1,
        "THD_Voltage_L1": 6,
    }


def test_the_standard_takes_the_same_codes_as_what_they_are() -> None:
    items = coded(_1_8_0=5, _16_7_0=1, _36_7_0=2, _56_7_0=3, _16_7_2=4, _13_21_0=1, _7_7_0=6)
    assert values("obis-standard", items) == {
        "Active_Energy_Import": 5_000,
        "Active_Power_Total": 0.001,
        "Active_Power_L1": 0.002,
        "Active_Power_L2": 0.003,
    }


def test_power_is_import_less_export_where_there_is_no_net_code() -> None:
    found = values("obis-standard", coded(_1_7_0=100, _2_7_0=350, _5_8_0=3, _6_8_0=4))
    assert found["Active_Power_Total"] == -0.25
    assert found["Reactive_Energy_Import"] == 7_000
    assert values("obis-standard", coded(_1_7_0=100))["Active_Power_Total"] == 0.1


@pytest.mark.parametrize(
    ("text", "tariff"), [("1", 1), ("01", 1), ("0002", 2), ("4", 4), ("11", None), ("0", None)]
)
def test_a_tariff_is_told_in_many_ways(text: str, tariff: int | None) -> None:
    items = [*coded(_1_8_0=5), Item("0-0:96.14.0*255", value=text)]
    assert values("obis-standard", items).get("Tariff_Current") == tariff


@pytest.mark.parametrize(
    ("octets", "error"), [(bytes(4), 0), (b"\0\0\x01\0", 1), (b"00000000", 0), (b"0000A000", 1)]
)
def test_any_bit_of_the_error_register_is_an_error(octets: bytes, error: int) -> None:
    items = [*coded(_1_8_0=5), Item("0-0:97.97.0*255", value=Data(9, octets))]
    assert values("obis-standard", items)["Instrument_Error"] == error
