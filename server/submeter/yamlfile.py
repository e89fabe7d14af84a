"""YAML with positions: a strict reader whose every complaint names file, line and column.

The dialect is a subset of YAML 1.1 without its surprises: only `true` and `false` are booleans,
there are no sexagesimal numbers, dates, octal numbers, tags, anchors or merge keys, and a repeated
key is an error.
"""

import difflib
import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from submeter import regular_file, unsaid
from submeter.errors import ConfigError

Loc = tuple[int | str, ...]
Model = TypeVar("Model", bound=BaseModel)

LARGEST_FILE = 1_000_000  # bytes; a map of every register of a large meter is a tenth of this
DEEPEST = 20
MOST_FAULTS = 50  # told at once; more are one mistake rather than many


class _RefusedError(yaml.MarkedYAMLError):
    """Valid YAML that is not in our dialect."""


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML's own form
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if problem := self._refusal(event):
            raise _RefusedError(problem=problem, problem_mark=event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _refusal(self, event: Any) -> str | None:
        if event.anchor:
            return "anchors and aliases are not read here; write the value out"
        if tag := getattr(event, "tag", None):
            tag = tag.replace("tag:yaml.org,2002:", "!!")
            return f"tag '{tag}' is not read here; remove it"
        if self.depth > DEEPEST:
            return f"nested too deeply; {DEEPEST} levels are the most"
        return None


for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("bool", r"^(?:true|false)$", list("tf")),
    ("int", r"^(?:[-+]?(?:0|[1-9][0-9]{0,18})|0x[0-9A-Fa-f]{1,16})$", list("-+0123456789")),
    ("float", r"^[-+]?[0-9]+\.[0-9]+(?:[eE][-+]?[0-9]+)?$", list("-+0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


@dataclass(frozen=True)
class Document:
    """A parsed file: plain data, and where each part of it stands."""

    name: str
    data: Any
    marks: dict[Loc, tuple[int, int]]
    overrides: dict[Loc, str] = field(default_factory=dict)

    def place(self, loc: Loc, key: bool = False) -> str:
        """Return `file:line:column` of the value at `loc`, or of its key, or of what holds it."""
        for end in range(len(loc), -1, -1):
            part = tuple(str(step) for step in loc[:end])
            if part in self.overrides:
                return self.overrides[part]
            mark = self.marks.get((*part, "@key")) if key else None
            mark = mark or self.marks.get(part)
            if mark:
                return f"{self.name}:{mark[0]}:{mark[1]}"
            for override, place in self.overrides.items():
                if override[: len(part)] == part:
                    return place
        return f"{self.name}:1:1"

    def fault(self, loc: Loc, message: str, key: bool = False) -> str:
        """Return one line that says where and what."""
        line = f"{self.place(loc, key)}: {message}"
        return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)

    def read_as(self, model: type[Model]) -> Model:
        """Return the data as `model`; raises ConfigError with one line for each fault."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            found = _misspelt_first(self._one_each(error.errors()))
            lines = [self._explain(model, fault) for fault in found[:MOST_FAULTS]]
            if len(found) > MOST_FAULTS:
                lines.append(f"{self.name}: and {len(found) - MOST_FAULTS} more faults")
            raise ConfigError(*dict.fromkeys(lines)) from None

    def _one_each(self, found: Iterable[Any]) -> list[dict[str, Any]]:
        """Return one fault for each value.

        Where one of several types may stand, pydantic complains once of each, below the value.
        """
        best: dict[Loc, dict[str, Any]] = {}
        for fault in found:
            loc = fault["loc"]
            while fault["type"] != "missing" and loc and not self._stands(loc):
                loc = loc[:-1]
            if loc not in best or _closeness(fault) > _closeness(best[loc]):
                best[loc] = {**fault, "loc": loc}
        return list(best.values())

    def _stands(self, loc: Loc) -> bool:
        """Tell whether the data has something at `loc`."""
        data: Any = self.data
        for step in loc:
            known = dict(enumerate(data)) if isinstance(data, list) else data
            if not isinstance(known, dict) or step not in known:
                return False
            data = known[step]
        return True

    def _explain(self, model: type[BaseModel], fault: Any) -> str:
        loc: Loc = fault["loc"]
        message = fault["msg"].removeprefix("Value error, ")
        path = unsaid.masked(".".join(str(step) for step in loc))
        if fault["type"] == "extra_forbidden":
            keys = _known_keys(model, loc[:-1])
            return self.fault(loc, f"unknown key '{path}'; {suggest(str(loc[-1]), keys)}", True)
        if fault["type"] == "missing":
            return self.fault(loc[:-1], f"key '{path}' is missing; add it")
        if fault["type"] == "value_error":
            return self.fault(loc, f"{path}: {message}" if path else message)
        if fault["type"] in ("model_type", "dict_type"):
            message = "keys with values should stand here"
        if fault["type"] == "too_short":
            least = fault["ctx"]["min_length"]
            message = (
                f"at least {'one entry' if least == 1 else f'{least} entries'} should stand here"
            )
        message = f"{message[0].lower()}{message[1:]}"
        if not unsaid.is_secret(loc):
            message += f", not {_short(unsaid.without(fault['input']))}"
        return self.fault(loc, f"{path}: {message}" if path else message)


def _closeness(fault: Mapping[str, Any]) -> int:
    """Return how close a value is to what it could have been: 0 is another type."""
    if not fault["type"].endswith("_type"):
        return 2
    return 1 if fault["type"] == "float_type" else 0


def _misspelt_first(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the faults with the unknown keys of a table before those that it lacks."""
    tables: dict[Loc, int] = {}
    for fault in found:
        tables.setdefault(fault["loc"][:-1], len(tables))
    return sorted(found, key=lambda each: (tables[each["loc"][:-1]], each["type"] == "missing"))


def load(path: Path) -> Document:
    """Read `path`; raises ConfigError when it cannot be read or is not in our dialect."""
    try:
        raw = regular_file.read(path, LARGEST_FILE)
    except OSError as error:
        raise ConfigError(f"{path}:1:1: cannot read the file: {error.strerror}") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}:1: not UTF-8 text; save the file as UTF-8") from None
    return parse(text, str(path))


def parse(text: str, name: str) -> Document:
    """Parse `text`; `name` stands for the file in messages. Raises ConfigError."""
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = "a control character stands here; remove it"
        raise ConfigError(f"{name}:{line}:{column}: {message}") from None
    try:
        node = loader.get_single_node()
        if node is None:
            raise ConfigError(f"{name}:1:1: the file is empty; it needs keys with values")
        marks: dict[Loc, tuple[int, int]] = {}
        faults = list(_check(node, (), name, marks))
        if faults:
            raise ConfigError(*faults)
        return Document(name, _plain(loader, node), marks)
    except yaml.YAMLError as error:
        raise ConfigError(_syntax(error, name, text)) from None
    except (ValueError, OverflowError):
        # PyYAML lets these through from \U escapes beyond Unicode and from absurd %YAML versions.
        mark = loader.get_mark()
        where = f"{name}:{mark.line + 1}:{mark.column + 1}"
        raise ConfigError(f"{where}: no such character or version; write it otherwise") from None
    finally:
        loader.dispose()


def scalar(text: str) -> Any:
    """Return what `text` means as a lone YAML value, as in `--set key=text`."""
    try:
        return parse(text, "--set").data if text.strip() else None
    except ConfigError:
        return text


def _check(
    node: yaml.Node, loc: Loc, name: str, marks: dict[Loc, tuple[int, int]]
) -> Iterable[str]:
    marks[loc] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            if not isinstance(key, yaml.ScalarNode):
                yield f"{name}:{line}:{column}: a key must be plain text; remove brackets"
            elif key.value in seen:
                yield (
                    f"{name}:{line}:{column}: key '{unsaid.masked(key.value)}' stands twice, "
                    f"first in line {seen[key.value]}; remove one"
                )
            else:
                seen[key.value] = line
                marks[(*loc, key.value, "@key")] = (line, column)
                yield from _check(value, (*loc, key.value), name, marks)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _check(value, (*loc, str(index)), name, marks)


def _plain(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(loader, value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, value) for value in node.value]
    return loader.construct_object(node)


def _syntax(error: yaml.YAMLError, name: str, text: str) -> str:
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    if 0 < line <= len(lines) and "\t" in lines[line - 1]:
        column = lines[line - 1].index("\t") + 1
        return f"{name}:{line}:{column}: a tab stands here; YAML takes spaces only"
    problem = getattr(error, "problem", None) or str(error)
    if not isinstance(error, _RefusedError):
        problem = f"not valid YAML: {problem}; check quotes, brackets and indentation"
    return f"{name}:{line}:{column}: {problem}"


@functools.cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _known_keys(model: type[BaseModel], loc: Loc) -> list[str]:
    schema = _schema(model)
    definitions = schema.get("$defs", {})

    def keys(node: Any, steps: Loc) -> list[str]:
        if "$ref" in node:
            node = definitions[node["$ref"].rsplit("/", 1)[-1]]
        for choice in node.get("anyOf", ()):
            if found := keys(choice, steps):
                return found
        if not steps:
            return list(node.get("properties", ()))
        inner = node.get("properties", {}).get(steps[0]) or node.get("items")
        inner = inner or node.get("additionalProperties")
        return keys(inner, steps[1:]) if isinstance(inner, dict) else []

    return keys(schema, loc)


def suggest(word: str, known: list[str]) -> str:
    """Return a hint for an unknown word: the one it resembles, or those there are."""
    close = difflib.get_close_matches(word, known, 1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known here: {_short_list(known)}"


def _short_list(words: list[str]) -> str:
    text = ", ".join(words)
    return (text if len(text) < 300 else text[:297] + "...") or "none"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "..."
