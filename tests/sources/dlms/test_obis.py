"""OBIS codes: what fits what."""

import pytest

from submeter.pointmap.obis_object import ObisObject
from submeter.sources.dlms.obis import Pattern, code, octets, parse


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("1.8.0", "1-0:1.8.0*255", True),
        ("1.8.0", "1-1:1.8.0*255", True),
        ("1.8.0", "1.8.0", True),
        ("1.8.0", "1.8", True),
        ("1.8", "1-0:1.8.0*255", True),
        ("1.8.0", "1-0:1.8.1*255", False),
        ("1.8.0", "1-0:1.8.0*1", False),
        ("1.8.0", "1.8.0&1", False),
        ("1.8.0*1", "1.8.0*1", True),
        ("1-1:5.8.0", "1-1:5.8.0*255", True),
        ("1-1:5.8.0", "1-0:5.8.0*255", False),
        ("1-0:1.8.0", "1.8.0", False),
        ("97.97.0", "F.F", True),
        ("C.1.0", "0-0:96.1.0*255", True),
        ("1.8.0", "no code", False),
        ("1.8.0", "1-0:1.8.0*256", False),
    ],
)
def test_a_pattern_fits_what_is_the_object(pattern: str, text: str, fits: bool) -> None:
    assert Pattern(pattern).matches(text) is fits


def test_octets_and_text_are_one_code() -> None:
    assert code(bytes([1, 0, 1, 8, 0, 255])) == "1-0:1.8.0*255"
    assert octets("1-0:1.8.0*255") == octets("1.8.0") == bytes([1, 0, 1, 8, 0, 255])
    assert octets("0-0:96.1.0") == bytes([0, 0, 96, 1, 0, 255])
    with pytest.raises(ValueError, match="no OBIS code"):
        octets("300.8.0")
    with pytest.raises(ValueError, match="no OBIS code"):
        Pattern("1")


@pytest.mark.parametrize(
    "text", ["", "1", "1.8.0.0", "1-0:1", "1.8.0 ", "256.8.0", "A.8.0", "१.8.0"]
)
def test_what_is_no_code(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("object_", "fault"),
    [
        ({"obis": "300.8.0"}, "is no OBIS code"),
        ({"place": 3}, "go together"),
        ({"obis": "1.8.0", "among": 3}, "go together"),
        ({"place": 3, "among": 3}, "the last has the place 2"),
        ({}, "one of 'obis' and 'place'"),
    ],
)
def test_an_object_says_what_is_wrong(object_: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        ObisObject.model_validate(object_)
