"""Primary and secondary addresses as the configuration writes them."""

import pytest

from submeter.sources.mbus import address
from submeter.sources.mbus.address import Address, Secondary, maker_letters, maker_number
from submeter.sources.mbus.link import SELECTED

ABB = Secondary("12345678", "ABB", 2, 4)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (0, Address(0)),
        (250, Address(250)),
        ("5", Address(5)),
        ("12345678", Address(SELECTED, Secondary("12345678"))),
        ("12345678-ABB-02-04", Address(SELECTED, ABB)),
        ("1234ffff", Address(SELECTED, Secondary("1234FFFF"))),
        ("FFFFFFFF-ABB-FF-04", Address(SELECTED, Secondary("FFFFFFFF", "ABB", 255, 4))),
        ("12345678-*-*-*", Address(SELECTED, Secondary("12345678"))),
    ],
)
def test_what_may_be_written(written: int | str, meant: Address) -> None:
    assert address.parse(written) == meant


@pytest.mark.parametrize(
    "wrong", [251, -1, 1234567, "", "1234567", "12345678-ABB", "12345678-AB1-02-04", "G2345678"]
)
def test_what_may_not(wrong: int | str) -> None:
    with pytest.raises(ValueError, match=r"is no M-Bus address; write 0 to 250, "):
        address.parse(wrong)


def test_bytes_of_a_selection() -> None:
    assert ABB.encode().hex(" ") == "78 56 34 12 42 04 02 04"
    assert Secondary("1234FFFF").encode().hex(" ") == "ff ff 34 12 ff ff ff ff"
    assert maker_number("ABB") == 0x0442
    assert maker_letters(0x0442) == "ABB"
    assert maker_letters(0) == maker_letters(0x8442) == "*"


def test_what_a_mask_covers() -> None:
    assert ABB.exact
    assert str(ABB) == "12345678-ABB-02-04"
    for mask in ("12345678", "FFFFFFFF", "1F3F5F7F-*-02-FF", str(ABB), "FFFFFFFF-FFF-FF-FF"):
        assert address.parse_secondary(mask).covers(ABB)
        assert address.parse_secondary(mask).exact is (mask == str(ABB))
    for mask in ("22345678", "FFFFFFFF-ABC-FF-FF", "12345678-ABB-03-04", "12345678-ABB-02-05"):
        assert not address.parse_secondary(mask).covers(ABB)
