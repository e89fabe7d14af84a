"""The shipped maps for meters that speak OBIS, with values as their meters say them."""

import re
from pathlib import Path

import pytest

from submeter.pointmap import source_map
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.said import Item, Reader
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
    "obis-norway-kamstrup",
]


def values(name: str, items: list[Item], *options: str) -> dict[str, float]:
    """Return what a map makes of `items`, once it is known what the meter does not send."""
    loaded = source_map.load(name, options)
    translator = Translator(loaded)
    for _ in range(20):
        translator.translate(Message(Reader(loaded).said(items)), 0.0)
    update = translator.translate(Message(Reader(loaded).said(items)), 0.0)
    assert update is not None
    return {point: value.number for point, value in update.values.items()}


def test_the_example_of_the_page_is_a_map(tmp_path: Path) -> None:
    page = (CHECKOUT / "docs" / "dlms.md").read_text()
    (text,) = [each for each in re.findall(r"```yaml\n(.*?)```", page, re.S) if "title:" in each]
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "own.yaml").write_text(text)
    loaded = source_map.load("own", own=[tmp_path])
    found = Translator(loaded).translate(
        Message(Reader(loaded).said(coded(_1_8_0=5, _1_7_0=100, _2_7_0=30, _31_7_0=123))), 0.0
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
    ("said", "tariff"),
    [
        ("1", 1),
        ("01", 1),
        ("0002", 2),
        ("4", 4),
        ("11", None),
        ("0", None),
        ("101", None),
        ("0201", None),
        (Data(17, 3), 3),
        (Data(9, b"\x02"), 2),
        (Data(9, b"2"), 2),
        (Data(10, "0004"), 4),
    ],
)
def test_a_tariff_is_told_in_many_ways(said: str | Data, tariff: int | None) -> None:
    items = [*coded(_1_8_0=5), Item("0-0:96.14.0*255", value=said)]
    assert values("obis-standard", items).get("Tariff_Current") == tariff


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Data(9, bytes(4)), 0),
        (Data(9, b"\0\0\x01\0"), 1),
        (Data(9, b"\x40"), 1),
        (Data(9, b"\x30\0\0\0"), 1),
        (Data(9, b"0000"), 1),
        (Data(9, b"00000000"), 0),
        (Data(9, b"0000A000"), 1),
        (Data(9, bytes(12)), 0),
        (Data(10, "00000000"), 0),
        (Data(10, "0000A000"), 1),
        ("00000000", 0),
        ("0000A000", 1),
        (Data(4, "00000000"), 0),
        (Data(4, "01000000"), 1),
        (Data(6, 0), 0),
        (Data(6, 64), 1),
    ],
)
def test_any_bit_of_the_error_register_is_an_error(said: str | Data, error: int) -> None:
    items = [*coded(_1_8_0=5), Item("0-0:97.97.0*255", value=said)]
    assert values("obis-standard", items)["Instrument_Error"] == error


def test_an_e450_of_the_vse_has_its_energies_in_another_channel() -> None:
    said = {"1-1:1.8.0": 5, "1-1:3.8.0": 7, "1-1:5.8.0": 3, "1-1:6.8.0": 4, "1-0:1.7.0": 100}
    said |= {"1-0:2.7.0": 0, "1-0:14.7.0": 50, "1-0:43.7.0": 20, "1-0:44.7.0": 50}
    assert values("obis-swiss-vse", raw(said)) == {
        "Active_Energy_Import": 5_000,
        "Reactive_Energy_Import": 7_000,
        "Reactive_Energy_Q1": 3_000,
        "Reactive_Energy_Q2": 4_000,
        "Active_Power_Total": 0.1,
        "Reactive_Power_L2": -0.03,
        "Frequency": 50,
    }
    assert "Frequency" not in values("obis-swiss-vse", raw({"1-0:1.8.0": 1, "1-0:14.7.0": 5000}))


@pytest.mark.parametrize("name", ["obis-standard", "obis-swiss-vse", "obis-austria-pairs"])
def test_a_meter_says_who_it_is_by_serial_number_or_device_name(name: str) -> None:
    loaded = source_map.load(name)
    device, serial = (
        Item(code, value=Data(9, text))
        for code, text in [("0-0:42.0.0*255", b"LGZ1"), ("0-0:96.1.0*255", b"12345678")]
    )
    for items, text in [([device], "LGZ1"), ([device, serial], "12345678")]:
        for each in (items, items[::-1]):
            assert Reader(loaded).said(each)[loaded.identity or ""].text == text


def test_a_kamstrup_has_scalers_of_its_own() -> None:
    meter = [
        Item("1-1:0.0.5*255", value=Data(10, "5706567000000001")),
        *raw({"1-1:1.7.0": 1468, "1-1:2.7.0": 0, "1-1:31.7.0": 564, "1-1:32.7.0": 232}),
        *raw({"1-1:1.8.0": 588_500, "1-1:13.7.0": 98}),
    ]
    expected = {
        "Active_Energy_Import": 5_885_000_000,
        "Active_Power_Total": 1.468,
        "Current_L1": 5.64,
        "Voltage_L1_N": 232,
        "Power_Factor_Total": 0.98,
    }
    assert values("obis-norway-kamstrup", meter) == expected
    plain = [*meter, Item("1-1:96.1.1*255", value=Data(10, "684112100000000001"))]
    assert values("obis-norway-kamstrup", plain) == expected
    through_ct = [*meter, Item("1-1:96.1.1*255", value=Data(10, "685000000000000001"))]
    assert values("obis-norway-kamstrup", through_ct) == expected | {"Current_L1": 0.564}
    found = values("obis-norway-kamstrup", meter, "three_decimals")
    assert found == expected | {"Active_Energy_Import": 588_500_000}
    other = Reader(source_map.load("obis-norway"))
    assert other.said(meter) == {}, "its numbers mean something else"


def test_a_kaifa_of_one_phase_says_who_it_is() -> None:
    loaded = source_map.load("obis-norway-kaifa")
    numbers: list[int | bytes] = [948, 0, 0, 12, 3241, 2389, bytes(12), 10_000, 0, 2, 5_000]
    head: list[int | bytes] = [b"KFM_001", b"6970631400000001", b"MA105H2E"]
    for shown, energy in [([*head, *numbers[:6]], None), ([*head, *numbers], 10_000_000)]:
        items = [
            Item(None, n, value=Data(9 if isinstance(each, bytes) else 6, each), among=len(shown))
            for n, each in enumerate(shown)
        ]
        assert Reader(loaded).said(items)["serial"].text == "6970631400000001"
        found = values("obis-norway-kaifa", items)
        assert found["Active_Power_Total"] == 0.948
        assert (found["Current_L1"], found["Voltage_L1_N"]) == (3.241, 238.9)
        assert found.get("Active_Energy_Import") == energy


def raw(numbers: dict[str, int]) -> list[Item]:
    return [Item(f"{code}*255", value=Data(6, number)) for code, number in numbers.items()]
