"""The page on writing source maps names every key there is, and its examples are good maps."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from submeter.pointmap import source_map
from submeter.pointmap.mbus_record import MbusRecord
from submeter.pointmap.obis_object import ObisObject
from submeter.pointmap.source_map import SourceMapFile
from submeter.pointmap.source_rule import Rule
from submeter.pointmap.tic_label import TicLabel

FOLDER = Path(__file__).parents[2] / "docs"
PAGE = (FOLDER / "writing-a-source-map.md").read_text(encoding="utf-8")
SECTIONS = {each.partition("\n")[0]: each for each in re.split(r"^#+ ", PAGE, flags=re.MULTILINE)}
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
KINDS: list[tuple[str, type[BaseModel]]] = [
    ("Writing a source map", SourceMapFile),
    ("A TIC output: `labels`", TicLabel),
    ("OBIS codes: `objects`", ObisObject),
    ("M-Bus: `records`", MbusRecord),
    ("Rules", Rule),
]


@pytest.mark.parametrize(("section", "model"), KINDS, ids=[each[1].__name__ for each in KINDS])
def test_every_key_is_in_its_table(section: str, model: type[BaseModel]) -> None:
    rows = re.findall(r"^\| (`[^|]*) \|", SECTIONS[section], re.MULTILINE)
    named = [key for row in rows for key in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(model.model_fields)


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_a_good_map(text: str, tmp_path: Path) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(text, encoding="utf-8")
    assert source_map.read(path).points


def test_there_is_an_example_of_each_kind(tmp_path: Path) -> None:
    kinds = []
    for number, text in enumerate(EXAMPLES):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text, encoding="utf-8")
        kinds.append(source_map.read(path).kind)
    assert kinds == ["tic", "obis", "mbus"]


def test_every_key_stands_in_an_example() -> None:
    """But for those that the shipped maps show: an index by accounts that closed, and slopes."""
    every = {key for _, model in KINDS for key in model.model_fields}
    written = set(re.findall(r"(\w+):", "".join(EXAMPLES)))
    assert every - written == {"past", "minus"}
