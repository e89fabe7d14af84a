"""Addresses as the trade writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.pointmap.address import Address, Table, parse


@pytest.mark.parametrize(
    ("text", "table", "wire"),
    [
        ("30001", Table.INPUT, 0),
        ("39999", Table.INPUT, 9998),
        ("300001", Table.INPUT, 0),
        ("365536", Table.INPUT, 65535),
        ("40001", Table.HOLDING, 0),
        ("400001", Table.HOLDING, 0),
        ("IR 1", Table.INPUT, 0),
        ("HR 1001", Table.HOLDING, 1000),
        ("hr65536", Table.HOLDING, 65535),
        ("DI 1", Table.DISCRETE, 0),
        (" Coil 3 ", Table.COIL, 2),
        ("coil3", Table.COIL, 2),
        ("HR 0x0000", Table.HOLDING, 0),
        ("IR 0x5000", Table.INPUT, 0x5000),
        ("hr0xffFF", Table.HOLDING, 65535),
        ("DI 0x10", Table.DISCRETE, 16),
        ("Coil 0x3", Table.COIL, 3),
    ],
)
def test_addresses(text: str, table: Table, wire: int) -> None:
    assert parse(text) == Address(table, wire)


@pytest.mark.parametrize("text", ["", "1", "50001", "3001", "4000001", "XY 1", "HR", "HR 100000",
                                  "0x5000", "HR 0x", "HR 0xG",
                                  "HR -1", "HR 1.5", "30001x", "030001", "٣٠٠٠١"])  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is no address; write 30001, 40001, HR 1001"):
        parse(text)


@pytest.mark.parametrize("text", ["30000", "HR 0", "HR 65537", "465537", "DI 99999", "Coil 0"])
def test_out_of_range(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' is out of range; numbers go from 1 to 65536"):
        parse(text)


def test_out_of_range_on_the_wire() -> None:
    with pytest.raises(
        ValueError, match="'HR 0x10000' is out of range; on the wire they end at 0xFFFF"
    ):
        parse("HR 0x10000")


@given(st.integers(0, 65535))
def test_hexadecimal_numbers_are_those_on_the_wire(wire: int) -> None:
    assert parse(f"HR 0x{wire:04X}") == parse(f"HR {wire + 1}")


@given(st.integers(1, 65536), st.sampled_from(["Coil", "DI", "IR", "HR"]))
def test_numbers_count_from_one(number: int, prefix: str) -> None:
    assert parse(f"{prefix} {number}").wire == number - 1


@given(st.text(max_size=12))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    try:
        wire = parse(text).wire
    except ValueError:
        return
    assert 0 <= wire < 65536


def test_functions_and_bits() -> None:
    assert [(table.function, table.bits) for table in Table] == [
        (1, True),
        (2, True),
        (4, False),
        (3, False),
    ]
