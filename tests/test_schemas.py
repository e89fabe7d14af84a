"""The schemas that editors use are those of the program, and our own files obey them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from submeter import schemas, yamlfile
from submeter.errors import SubmeterError

CHECKOUT = Path(__file__).resolve().parents[1]
SHIPPED = [*sorted((CHECKOUT / "pointmaps").rglob("*.yaml")), CHECKOUT / "config.example.yaml"]
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def breaches(schema: Any, value: Any, root: Any, path: str = "") -> list[str]:
    """Return where `value` breaks `schema`, by the keywords that an editor shows."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    if "anyOf" in schema:
        found = [breaches(choice, value, root, path) for choice in schema["anyOf"]]
        return [] if [] in found else found[0]
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(_is(name, value) for name in names):
        return [f"{path}: {value!r} is no {names}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: {value!r} is not in {schema['enum']}"]
    if "const" in schema and value != schema["const"]:
        return [f"{path}: {value!r} is not {schema['const']!r}"]
    if isinstance(value, dict):
        return _in_mapping(schema, value, root, path)
    if isinstance(value, list):
        inner = schema.get("items", {})
        return [
            b for n, each in enumerate(value) for b in breaches(inner, each, root, f"{path}/{n}")
        ]
    return []


def _is(name: str, value: Any) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _in_mapping(schema: Any, value: dict[str, Any], root: Any, path: str) -> list[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    found = [f"{path}: {key} is missing" for key in schema.get("required", []) if key not in value]
    for key, each in value.items():
        if key in known or others:
            found += breaches(known.get(key, others), each, root, f"{path}/{key}")
        elif others is False:
            found.append(f"{path}: {key} is unknown")
    return found


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_committed_schemas_are_those_of_the_program(kind: str) -> None:
    committed = CHECKOUT / "schemas" / f"{kind}.schema.json"
    message = "run: submeter schema --write schemas"
    assert committed.read_text(encoding="utf-8") == schemas.text(kind), message


def test_there_is_no_other_schema() -> None:
    names = {path.name for path in (CHECKOUT / "schemas").iterdir()}
    assert names == {f"{kind}.schema.json" for kind in schemas.KINDS}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_file_names_its_schema_at_the_top_and_obeys_it(path: Path) -> None:
    top = re.match(r"(?:#.*\n)*", path.read_text(encoding="utf-8"))
    assert top
    named = re.search(r"^# yaml-language-server: \$schema=(\S+)$", top[0], re.MULTILINE)
    assert named
    schema_file = (path.parent / named[1]).resolve()
    assert schema_file.parent == CHECKOUT / "schemas"
    kind = {"meters": "meter-map", "sources": "source-map", "pointmaps": "points"}
    assert schema_file.name == f"{kind.get(path.parent.name, 'config')}.schema.json"
    schema = json.loads(schema_file.read_text(encoding="utf-8"))
    assert breaches(schema, yamlfile.load(path).data, schema) == []


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("config", "site: 3\nmeters: []", "/site: 3 is no ['string']"),
        ("config", "site: x\nmeter: []", ": meter is unknown"),
        ("config", "site: x", ": meters is missing"),
        ("meter-map", "bacnet: {objects: stendard}", "/bacnet/objects: 'stendard' is no ['array']"),
        ("meter-map", "modbus: {when_stale: lost}", "/modbus/when_stale: 'lost' is not in "),
        ("meter-map", "modbus: {registers: [{at: 1}]}", ": title is missing"),
        ("points", "points: {A: {kind: analogue}}", "/points/A/kind: 'analogue' is not in "),
        ("points", "points: {A: {name: A}}", "/points/A: name is unknown"),
    ],
)
def test_what_an_editor_would_mark(kind: str, text: str, expected: str) -> None:
    schema = json.loads(schemas.text(kind))
    found = breaches(schema, yamlfile.parse(text, "f").data, schema)
    assert any(breach.startswith(expected) for breach in found), found


def test_write(tmp_path: Path) -> None:
    paths = schemas.write(tmp_path / "new")
    assert [path.name.split(".")[0] for path in paths] == list(schemas.KINDS)
    for path in paths:
        assert json.loads(path.read_text(encoding="utf-8"))["type"] == "object"
    with pytest.raises(SubmeterError, match=r"cannot write .*: "):
        schemas.write(paths[0])
