"""What the page on the settings of clamps says is so."""

import re
from typing import Any

import pytest
import yaml

from submeter.errors import Condition
from submeter.sources.rp2040.netting import LONG
from submeter.sources.rp2040.settings import Clamp, Rp2040Settings
from submeter.sources.rp2040.share import PRESENT
from tooling.program import CHECKOUT

PAGE = (CHECKOUT / "docs" / "clamps-settings.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def sources(example: str) -> list[dict[str, Any]]:
    """Return the settings of each source of an example: sources, or meters with such."""
    read = yaml.safe_load(example)
    meters = [read] if isinstance(read, dict) else read
    return [source["rp2040"] for meter in meters for source in meter["sources"]]


def cells(head: str) -> list[list[str]]:
    table = PAGE.split(f"\n{head}\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.split("\n")[1:]]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_good(example: str) -> None:
    for settings in sources(example):
        Rp2040Settings.model_validate(settings)


def test_the_examples_are_found() -> None:
    assert len(EXAMPLES) == 5
    assert sum(len(sources(example)) for example in EXAMPLES) == 7


def test_every_key_stands_in_the_table() -> None:
    keys = [row[0].strip("`") for row in cells("| key | values | meaning |")]
    inner = [f"clamp.{key}" for key in Clamp.model_fields]
    assert sorted(keys) == sorted([*(Rp2040Settings.model_fields.keys() - {"clamp"}), *inner])


def test_the_defaults_are_those_of_the_program() -> None:
    defaults, checked = Rp2040Settings.model_validate({"board": "e660"}), 0
    for key, said, _ in cells("| key | values | meaning |"):
        found = re.match(r"`?([^`(]+?)`?(?: V| s| A)? \(default\)", said)
        if not found or key == "`boards`":
            continue
        value: Any = defaults
        for name in key.strip("`").split("."):
            value = getattr(value, name)
        value = value.model_dump() if hasattr(value, "model_dump") else value
        assert yaml.safe_load(found[1]) == value, key
        checked += 1
    assert checked == 9


def test_the_times_and_troubles_are_those_of_the_program() -> None:
    assert (PRESENT, LONG) == (3.0, 5 * 60.0)
    words = {condition.words for condition in Condition}
    told = [name for row in cells("| condition | what it is | what to do |")
            for name in re.findall("`([^`]+)`", row[0])]  # fmt: skip
    assert len(told) > 8
    assert set(told) <= words
