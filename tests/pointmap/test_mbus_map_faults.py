"""What is wrong in a map with records."""

from pathlib import Path

import pytest

from submeter.errors import ConfigError
from submeter.pointmap import source_map

GOOD = """title: Small
document: None
max_age: 180
media: [gas, other]
records:
  status: {quantity: status}
  volume: {quantity: volume}
points:
  Volume: [{label: volume}]
  Instrument_Error: [{label: status, any_bit: [1, 3]}]
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", ""),
        ("[gas,", "[gaz,", "4:9: unknown medium 'gaz'; did you mean 'gas'?"),
        ("quantity: volume", "quantity: volum", "unknown quantity 'volum'; did you mean 'volume'?"),
        (
            "records:\n  status: {quantity: status}\n  volume: {quantity: volume}",
            "objects:\n  status: {obis: 97.97.0}\n  volume: {obis: 8-0:1.0.0, unit: m3}",
            "4:8: 'media' goes with 'records'; remove it",
        ),
        ("any_bit: [1, 3]", "any_bit: [64]", "input should be less than or equal to 63, not 64"),
        ("any_bit: [1, 3]", "any_bit: [1], bit: 2", "has one of 'bit', 'bits' and 'any_bit'"),
        ("any_bit: [1, 3]", "any_bit: [1], states: {1: 1}", "'any_bit' gives 0 or 1; remove"),
        ("label: status, any", "sum: [status], any", "'stamp' go with 'label'"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, expected: str) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    if not expected:
        assert source_map.read(path).media == ["gas", "other"]
        return
    with pytest.raises(ConfigError) as caught:
        source_map.read(path)
    assert expected in str(caught.value)
