"""The YAML dialect: no surprises, and every complaint says where and what would be right."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from submeter import yamlfile
from submeter.errors import ConfigError


class Pump(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    speed: int
    mode: Literal["on", "off"] = "on"


class Plant(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    pumps: list[Pump] = []
    spare: Pump | None = None
    by_name: dict[str, Pump] = {}


def data(text: str) -> Any:
    return yamlfile.parse(text, "f.yaml").data


def complaint(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        yamlfile.parse(text, "f.yaml")
    return str(caught.value)


def plant(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        yamlfile.parse(text, "f.yaml").read_as(Plant)
    return caught.value.faults


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("+12", 12),
        ("0x7FC00000", 0x7FC00000),
        ("1.50", 1.5),
        ("-1.0e+3", -1000.0),
        ("'true'", "true"),
        ('"12"', "12"),
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("True", "True"),
        ("NULL", "NULL"),
        ("12:30:00", "12:30:00"),
        ("190:20:30.15", "190:20:30.15"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("010", "010"),
        ("0o17", "0o17"),
        ("007", "007"),
        ("00", "00"),
        ("-01", "-01"),
        ("0b101", "0b101"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        (".5", ".5"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("=", "="),
        ("9" * 19, int("9" * 19)),
        ("9" * 5000, "9" * 5000),
        ("0x" + "f" * 5000, "0x" + "f" * 5000),
    ],
)
def test_what_a_word_means(text: str, value: object) -> None:
    read = data(f"key: {text}")["key"]
    assert (type(read), read) == (type(value), value)


def test_merge_keys_are_plain_keys() -> None:
    assert data("<<: {a: 1}\nb: 2") == {"<<": {"a": 1}, "b": 2}


def test_keys_are_always_text() -> None:
    assert data("{1: a, true: b, ~: c, 0x10: d}") == {"1": "a", "true": "b", "~": "c", "0x10": "d"}


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert yamlfile.load(path).data == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\n  \na: 3", "f.yaml:4:1: key 'a' stands twice, first in line 1; remove one"),
        ("a:\n  1: x\n  '1': y", "f.yaml:3:3: key '1' stands twice, first in line 2; remove one"),
        ("a:\n\tb: 1", "f.yaml:2:1: a tab stands here; YAML takes spaces only"),
        ("a: 1\n  \tb: 2", "f.yaml:2:3: a tab stands here; YAML takes spaces only"),
        (
            "a: &x 1\nb: *x",
            "f.yaml:1:4: anchors and aliases are not read here; write the value out",
        ),
        ("a: *x", "f.yaml:1:4: anchors and aliases are not read here; write the value out"),
        ("a: !!int 12", "f.yaml:1:4: tag '!!int' is not read here; remove it"),
        ("a: !!bool maybe", "f.yaml:1:4: tag '!!bool' is not read here; remove it"),
        ("- !!map x", "f.yaml:1:3: tag '!!map' is not read here; remove it"),
        (
            "a: !!python/object:os.system x",
            "f.yaml:1:4: tag '!!python/object:os.system' is not read here; remove it",
        ),
        ("a: !own {b: 1}", "f.yaml:1:4: tag '!own' is not read here; remove it"),
        ("[" * 60_000, "f.yaml:1:22: nested too deeply; 20 levels are the most"),
        ("- " * 60_000 + "x", "f.yaml:1:43: nested too deeply; 20 levels are the most"),
        ("{a: " * 30, "f.yaml:1:82: nested too deeply; 20 levels are the most"),
        ("", "f.yaml:1:1: the file is empty; it needs keys with values"),
        ("# nothing\n\n", "f.yaml:1:1: the file is empty; it needs keys with values"),
        ("a: 1\n[b]: 2", "f.yaml:2:1: a key must be plain text; remove brackets"),
        ("a: 1\nbc: 'x\x07'", "f.yaml:2:7: a control character stands here; remove it"),
        ("\x00", "f.yaml:1:1: a control character stands here; remove it"),
        (
            'a: 1\nb: "\\UFFFFFFFF"',
            "f.yaml:2:7: no such character or version; write it otherwise",
        ),
        (
            'a: "\\U00110000"',
            "f.yaml:1:7: no such character or version; write it otherwise",
        ),
        (
            "%YAML " + "1" * 5000 + ".1\n--- a",
            "f.yaml:1:7: no such character or version; write it otherwise",
        ),
        (
            "a: b: c",
            "f.yaml:1:5: not valid YAML: mapping values are not allowed here; "
            "check quotes, brackets and indentation",
        ),
        (
            "a: 1\n---\nb: 2",
            "f.yaml:2:1: not valid YAML: but found another document; "
            "check quotes, brackets and indentation",
        ),
    ],
)
def test_complaints_name_place_and_remedy(text: str, expected: str) -> None:
    assert complaint(text) == expected


def test_every_fault_is_told_at_once() -> None:
    assert complaint("a: 1\na: 2\nb: {c: 1, c: 2}").splitlines() == [
        "f.yaml:2:1: key 'a' stands twice, first in line 1; remove one",
        "f.yaml:3:11: key 'c' stands twice, first in line 3; remove one",
    ]


TEXTS = st.text(st.characters() | st.sampled_from("{}[]:,-&*!|>'\"%@#?~ \n\t\\0x19aé"), max_size=60)


@given(TEXTS)
@example('"\\uD800"')
@example("? ? ? a")
@example("- !<tag:yaml.org,2002:float> x")
@settings(max_examples=400, deadline=None)
def test_any_text_is_data_or_a_config_error(text: str) -> None:
    try:
        yamlfile.parse(text, "f.yaml")
    except ConfigError as error:
        for fault in error.faults:
            assert re.match(r"f\.yaml:[1-9][0-9]*:[1-9][0-9]*: .+; \S", fault, re.DOTALL), fault


@given(st.binary(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_file_is_data_or_a_config_error(tmp_path_factory: Any, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    with suppress(ConfigError):
        yamlfile.load(path)


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_a_lone_value_is_never_an_error(text: str) -> None:
    yamlfile.scalar(text)


def test_a_lone_value() -> None:
    texts = ["5020", "true", "", "a: b: c", "x", "[1, 2]", "{port: 5020}", "127.0.0.2/8", "@"]
    values = [5020, True, None, "a: b: c", "x", [1, 2], {"port": 5020}, "127.0.0.2/8", "@"]
    assert [yamlfile.scalar(text) for text in texts] == values


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        yamlfile.load(path)
    return str(caught.value).removeprefix(f"{path}:")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    assert refused(path) == "1:1: cannot read the file: No such file or directory"
    assert refused(tmp_path).startswith("1:1: cannot read the file: Is a directory")
    path.write_bytes(b"a: 1\nb: caf\xe9\n")
    assert refused(path) == "2:1: not UTF-8 text; save the file as UTF-8"
    path.write_bytes(b"a: " + b"x" * 1_000_000)
    assert refused(path) == "1:1: cannot read the file: it is too large; 1000000 bytes are the most"
    path.write_bytes(b"")
    assert refused(path) == "1:1: the file is empty; it needs keys with values"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: x\npump: []", "f.yaml:2:1: unknown key 'pump'; did you mean 'pumps'?"),
        (
            "name: x\npumps:\n  - speed: 1\n    sped: 2",
            "f.yaml:4:5: unknown key 'pumps.0.sped'; did you mean 'speed'?",
        ),
        (
            "name: x\nspare: {speed: 1, colour: red}",
            "f.yaml:2:19: unknown key 'spare.colour'; known here: speed, mode",
        ),
        (
            "name: x\nby_name:\n  a: {speed: 1, modus: on}",
            "f.yaml:3:17: unknown key 'by_name.a.modus'; did you mean 'mode'?",
        ),
        ("# plant\npumps: []", "f.yaml:2:1: key 'name' is missing; add it"),
        (
            "name: x\npumps:\n  -   mode: on",
            "f.yaml:3:7: key 'pumps.0.speed' is missing; add it",
        ),
        ("name: 12", "f.yaml:1:7: name: input should be a valid string, not 12"),
        (
            "name: x\npumps: [{speed: fast}]",
            "f.yaml:2:17: pumps.0.speed: input should be a valid integer, not 'fast'",
        ),
        (
            "name: x\npumps: [{speed: 010}]",
            "f.yaml:2:17: pumps.0.speed: input should be a valid integer, not '010'",
        ),
        (
            "name: x\npumps: [{speed: true}]",
            "f.yaml:2:17: pumps.0.speed: input should be a valid integer, not True",
        ),
        (
            "name: x\npumps: [{speed: 1, mode: auto}]",
            "f.yaml:2:26: pumps.0.mode: input should be 'on' or 'off', not 'auto'",
        ),
        ("name: x\npumps: 3", "f.yaml:2:8: pumps: input should be a valid list, not 3"),
        ("name: x\nspare: 3", "f.yaml:2:8: spare: keys with values should stand here, not 3"),
        ("name: x\nby_name: 3", "f.yaml:2:10: by_name: keys with values should stand here, not 3"),
        ("- a", "f.yaml:1:1: keys with values should stand here, not ['a']"),
        (
            "name: " + "[" + "word, " * 60 + "]",
            "f.yaml:1:7: name: input should be a valid string, not "
            "['word', 'word', 'word', 'word', 'word', 'word', 'word', ...",
        ),
    ],
)
def test_data_that_breaks_its_model(text: str, expected: str) -> None:
    assert plant(text) == (expected,)


def test_all_faults_of_a_model_are_told() -> None:
    assert len(plant("nam: x\npumps: [{speed: a}, {speed: b}]")) == 4


def test_a_place_that_is_not_in_the_file_is_that_of_what_holds_it() -> None:
    document = yamlfile.parse("a:\n  - b: 1", "f.yaml")
    assert document.place(("a", 0, "b")) == "f.yaml:2:8"
    assert document.place(("a", 0, "b"), key=True) == "f.yaml:2:5"
    assert document.place(("a", 0, "c", "d")) == "f.yaml:2:5"
    assert document.place(("z",)) == "f.yaml:1:1"


def test_suggestions() -> None:
    assert yamlfile.suggest("meterz", ["site", "meters"]) == "did you mean 'meters'?"
    assert yamlfile.suggest("zzz", ["site", "meters"]) == "known here: site, meters"
    assert yamlfile.suggest("zzz", []) == "known here: none"
    assert len(yamlfile.suggest("zzz", ["word"] * 200)) < 320


class Tank(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    level: Annotated[float, Field(ge=0)] | int = 0
    where: Annotated[int, Field(le=9)] | str = 1
    pumps: list[Pump] = []
    name: str


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{name: x, level: full}", "1:18: level: input should be a valid number, not 'full'"),
        (
            "{name: x, level: -0.5}",
            "1:18: level: input should be greater than or equal to 0, not -0.5",
        ),
        ("{name: x, where: 10}", "1:18: where: input should be less than or equal to 9, not 10"),
        ("{name: x, pumps: [{speed: a}]}", "1:27: pumps.0.speed: input should be a valid integer"),
    ],
)
def test_one_line_where_one_of_several_types_may_stand(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        yamlfile.parse(text, "f.yaml").read_as(Tank)
    (found,) = caught.value.faults
    assert found.startswith(f"f.yaml:{expected}")


def test_a_misspelt_key_is_told_before_the_one_that_it_leaves_out() -> None:
    assert plant("{name: x, pumps: [{sped: 1}, {speed: a}]}") == (
        "f.yaml:1:20: unknown key 'pumps.0.sped'; did you mean 'speed'?",
        "f.yaml:1:19: key 'pumps.0.speed' is missing; add it",
        "f.yaml:1:38: pumps.1.speed: input should be a valid integer, not 'a'",
    )


KEY = "00112233445566778899AABBCCDDEEFF"


class Meter(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    keys: str | None = None
    password: str | None = None
    port: int = 0


@pytest.mark.parametrize(
    "text",
    [
        f"keys: {{encryption: {KEY}}}",
        f"keys: [{KEY}]",
        "password: 47110815",
        f"port: {KEY}",
        f"port: {{deep: [{{password: 47110815}}, {KEY}]}}",
        f"{KEY}: 1",
        f"{KEY}: 1\n{KEY}: 2",
        f"- {KEY.lower()}",
    ],
)
def test_a_secret_is_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        yamlfile.parse(text, "f.yaml").read_as(Meter)
    told = "".join(caught.value.faults)
    assert "f.yaml:1" in told or "f.yaml:2" in told
    assert KEY[:8].lower() not in told.lower()
    assert "47110815" not in told
