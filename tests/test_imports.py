"""Who may know whom: sources -> meter <- faces, read from the source itself."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import submeter

PACKAGE = Path(submeter.__file__).resolve().parent
FACES = {"modbus", "bacnet"}
COMMON = {
    "modbus_security",
    "regular_file",
    "unsaid",
    "meter",
    "pointmap",
    "errors",
    "units",
    "submeter",
}
COMMON |= {"count_file", "firmware_files", "gpio_line", "modbus_crc"}
MAY_IMPORT = {
    "meter": {"errors"},
    "pointmap": {"meter", "errors", "units", "yamlfile", "submeter"},
    "sources": COMMON,
    "modbus": COMMON,
    "bacnet": COMMON,
    "pulse_output": COMMON,
    "modbus_security": {"errors"},
    "count_file": set[str](),
    "firmware_files": {"errors", "submeter"},
    "modbus_crc": set[str](),
    "gpio_line": {"errors"},
    "yamlfile": {"errors", "regular_file", "unsaid"},
    "unsaid": set[str](),
    "errors": set[str](),
    "regular_file": set[str](),
    "units": set[str](),
    "notify": set[str](),
    "log": set[str](),
}
KNOWS_BOTH_SIDES = {"app", "cli"}


def name_of(path: Path) -> str:
    parts = ("submeter", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def _nodes(tree: ast.AST, lazy: bool) -> Iterator[ast.AST]:
    """Yield the nodes; without `lazy`, those that run when the module is imported."""
    for node in ast.iter_child_nodes(tree):
        if lazy or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            yield from _nodes(node, lazy)


def imports(name: str, lazy: bool = True) -> set[str]:
    """Return the modules of ours that the module `name` imports."""
    found: set[str] = set()
    for node in _nodes(ast.parse(MODULES[name].read_text(encoding="utf-8")), lazy):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports by a relative name"
            assert node.module
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {each if each in MODULES else node.module for each in inner}
    return {each for each in found if each.split(".")[0] == "submeter"} - {name}


def part(name: str) -> str:
    """Return the folder or file right below submeter/ that a module belongs to."""
    return name.split(".")[1] if "." in name else name


def parts_of(name: str) -> set[str]:
    return {part(each) for each in imports(name)} - {part(name)}


def test_the_scan_sees_what_there_is() -> None:
    assert "submeter.meter.reading" in imports("submeter.meter.meter")
    assert "submeter.pointmap.folders" in imports("submeter.pointmap.points")
    assert "submeter.modbus_faces" in imports("submeter.app")
    assert "submeter.modbus_faces" not in imports("submeter.app", lazy=False)


@pytest.mark.parametrize("name", MODULES)
def test_arrows_run_one_way(name: str) -> None:
    allowed = MAY_IMPORT.get(part(name))
    if allowed is not None:
        assert parts_of(name) <= allowed


@pytest.mark.parametrize("name", MODULES)
def test_sources_and_faces_never_meet(name: str) -> None:
    parts = parts_of(name)
    if part(name) == "config":
        sides = {each for each in imports(name) if part(each) in FACES | {"sources"}}
        assert {each.rpartition(".")[2] for each in sides} == {"settings"}
    elif part(name) not in KNOWS_BOTH_SIDES:
        assert not ("sources" in parts and parts & FACES)
        assert not (part(name) == "sources" and parts & FACES)
        assert not (part(name) in FACES and "sources" in parts)
    if part(name) in FACES:
        assert not parts & FACES


def test_there_are_no_import_cycles() -> None:
    tuple(TopologicalSorter({n: imports(n) for n in MODULES}).static_order())
