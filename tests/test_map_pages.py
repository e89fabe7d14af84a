"""The pages about meter maps: the register lists, and how to write one."""

import re
from pathlib import Path

import pytest
import yaml

from submeter import register_list
from submeter.errors import ConfigError
from submeter.pointmap import folders, meter_map, register_content
from submeter.pointmap.meter_file import IdentityTexts, ModbusEntries, RegisterEntry
from submeter.pointmap.register import WORDS
from tooling.program import CHECKOUT, run

DOCS = CHECKOUT / "docs"
NAMES = sorted(path.stem for path in (folders.shipped() / "meters").glob("*.yaml"))
WRITING = (DOCS / "writing-a-map.md").read_text(encoding="utf-8")
MAPS = (DOCS / "maps.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(yaml|)\n(.*?)```", WRITING, re.DOTALL)


def page_of(name: str) -> str:
    return "registers.md" if name == "standard" else f"registers-{name}.md"


def keys_under(heading: str) -> list[str]:
    """Return the keys that the tables below a heading of the page explain."""
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## )", WRITING, re.S | re.M)
    return re.findall(r"^\| `(\w+)", section, re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_register_list_is_current(name: str) -> None:
    """Where it is not: submeter map NAME > docs/registers-NAME.md."""
    page = (DOCS / page_of(name)).read_text(encoding="utf-8")
    assert page == register_list.document(meter_map.load(name))


def test_no_page_is_left_of_a_map_that_is_gone() -> None:
    assert {path.name for path in DOCS.glob("registers*.md")} == {page_of(n) for n in NAMES}


def test_every_map_is_in_the_overview() -> None:
    found = re.findall(r"^\| `([\w-]+)` \| .+ \| \[(.+)\]\((.+)\) \|$", MAPS, re.MULTILINE)
    assert sorted(found) == sorted((name, page_of(name), page_of(name)) for name in NAMES)


def test_the_overview_s_example_is_good(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(title: A meter.*?)```", MAPS, re.DOTALL)
    path = tmp_path / "own.yaml"
    path.write_text(example, encoding="utf-8")
    assert len(meter_map.read(path).registers) == 3
    path.write_text(re.sub(r"objects: .*", "objects: standard", example, flags=re.DOTALL))
    assert meter_map.read(path).objects == meter_map.load("standard").objects


def test_the_worked_example_has_the_faults_that_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kind, bad), (_, told) = BLOCKS[:2]
    assert kind == "yaml"
    monkeypatch.chdir(tmp_path)
    path = Path("acme-m3.yaml")
    path.write_text(bad, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        meter_map.read(path)
    assert str(caught.value) == told.strip()


def test_the_worked_example_put_right_prints_what_is_told(tmp_path: Path) -> None:
    (kind, good), (_, told) = BLOCKS[2:4]
    assert kind == "yaml"
    path = tmp_path / "acme-m3.yaml"
    path.write_text(good, encoding="utf-8")
    ended = run("map", str(path))
    assert ended.returncode == 0, ended.stderr
    assert told in ended.stdout


def test_the_worked_example_serves_a_meter(tmp_path: Path) -> None:
    (tmp_path / "maps" / "meters").mkdir(parents=True)
    (tmp_path / "maps" / "meters" / "acme-m3.yaml").write_text(BLOCKS[2][1], encoding="utf-8")
    source = {"simulated": {"seed": 1}}
    config = {
        "site": "Acme",
        "maps": "maps",
        "store": {"path": "x.db"},
        "meters": [{"name": "main", "unit_id": 1, "map": "acme-m3", "sources": [source]}],
        "modbus": {"tcp": {"host": "127.0.0.1", "port": 5020}},
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    ended = run("check", str(path))
    assert ended.returncode == 0, ended.stderr
    assert "map acme-m3" in ended.stdout


def test_every_key_of_a_map_is_told() -> None:
    assert sorted(keys_under("Keys of `modbus`")) == sorted(ModbusEntries.model_fields)
    assert sorted(keys_under("Keys of a register")) == sorted(RegisterEntry.model_fields)
    assert set(register_content.KINDS) < set(RegisterEntry.model_fields)


def test_defaults_and_words_are_those_of_the_program() -> None:
    for model, heading in (
        (ModbusEntries, "Keys of `modbus`"),
        (RegisterEntry, "Keys of a register"),
    ):
        (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## )", WRITING, re.S | re.M)
        for key, default in re.findall(r"^\| `(\w+)` \| `?([\w.]+)`? \|", section, re.MULTILINE):
            field = model.model_fields[key].default
            if isinstance(field, str | int | float) and default not in ("none", "any"):
                assert str(field).lower() == default.lower(), key
    (types,) = re.findall(r"^\| `type` \| \| (.*?);", WRITING, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", types)) == {*WORDS, "string"}
    (texts,) = re.findall(r"^\| `identity` \| ours \| (.*) \|$", WRITING, re.MULTILINE)
    assert re.findall(r"`(\w+)`", texts) == list(IdentityTexts.model_fields)
