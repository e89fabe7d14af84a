"""`submeter map`: what it prints and writes, and one line for every wrong use."""

import errno
import re
from pathlib import Path

import pytest

from submeter import map_command
from submeter.errors import ConfigError
from tooling.program import loopback, run, write

SITE = f"""
site: "Park / A"
store: {{path: store.db}}
meters: [{{name: one, unit_id: 1, sources: [simulated: {{}}]}}]
modbus: {{tcp: {{host: 127.0.0.1, port: 1502}}}}
bacnet: {{address: {loopback(51)}/8, device_id: 4711}}
"""
FILES = ["EDE", "StateTexts", "Units", "ObjTypes"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "config.yaml", SITE)


def test_the_example_of_the_help_works(path: Path) -> None:
    told = run("map", "--help").stdout
    (example,) = re.findall(r"Example: submeter (.+)$", told, re.M)
    ended = run(*example.split(), cwd=path.parent)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [f"bms/Park___A_{kind}.csv" for kind in FILES]
    assert sorted(each.name for each in (path.parent / "bms").iterdir()) == sorted(
        f"Park___A_{kind}.csv" for kind in FILES
    )


def test_every_form_of_a_map() -> None:
    begins = {
        "markdown": "# Registers",
        "csv": "",
        "json": "{",
        "objects": "# Standard submeter",
        "pics": "# BACnet Protocol Implementation Conformance Statement\n",
    }
    for form, begin in begins.items():
        ended = run("map", "standard", "--format", form)
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.startswith(begin) or form == "markdown"
        assert ended.stdout.endswith("\n")


def test_files_of_a_map(tmp_path: Path) -> None:
    for form, names in (
        ("markdown", ["standard.md"]),
        ("csv", ["standard.csv"]),
        ("json", ["standard.json"]),
        ("objects", ["standard_objects.md"]),
        ("pics", ["standard_PICS.md"]),
        ("ede", [f"standard_{kind}.csv" for kind in FILES]),
    ):
        folder = tmp_path / "deep" / form
        told = map_command.text("standard", form, write=folder)  # type: ignore[arg-type]
        assert told.splitlines() == [str(folder / name) for name in names]
        for name in names:
            content = (folder / name).read_bytes()
            if form == "ede":
                assert content.count(b"\n") == content.count(b"\r\n") > 1
            elif len(names) == 1 and form != "pics":
                assert content.decode() == map_command.text("standard", form)  # type: ignore[arg-type]


def test_a_full_disk_leaves_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    map_command.text("standard", "ede", write=tmp_path)
    old = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    whole = Path.write_text

    def full(path: Path, content: str, **how: str) -> int:
        if "Units" not in path.name:
            return whole(path, content[:100], **how)
        whole(path, content[:10], **how)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        map_command.text("standard", "ede", write=tmp_path)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == old


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    folder, target = tmp_path / "bms", tmp_path / "target"
    folder.mkdir()
    target.write_text("precious")
    (folder / "standard_PICS.md").symlink_to(target)
    map_command.text("standard", "pics", write=folder)
    assert target.read_text() == "precious"
    written = folder / "standard_PICS.md"
    assert not written.is_symlink()
    assert written.read_text().startswith("# BACnet")


def test_a_configuration_and_what_is_set(path: Path) -> None:
    ended = run("map", "--config", str(path), "--format", "objects", "--set", "bacnet.device_id=5")
    assert ended.stdout.startswith("# Park / A\n")
    assert "| device | 5 | Park / A |" in ended.stdout


def test_no_clock_and_no_store_is_touched(path: Path) -> None:
    run("map", "--config", str(path), "--format", "pics")
    assert [each.name for each in path.parent.iterdir()] == ["config.yaml"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "name a meter map, or give --config with a configuration"),
        (["standard", "--config", "C"], "name a meter map, or give --config with a configuration"),
        (["standard", "--format", "ede"], "EDE is four files; say where they go, with --write FOL"),
        (["--config", "C"], "--config goes with objects, ede and pics, not with markdown"),
        (["--config", "C", "--format", "csv"], "--config goes with objects, ede and pics, not wi"),
        (["standard", "--set", "a=b"], "--set changes a configuration; give it with --config CON"),
        (
            ["--config", "C", "--format", "pics", "--maps", "."],
            "a configuration names its own maps; leave out --maps",
        ),
        (["standart", "--format", "pics"], "no map 'standart' in meters/; did you mean 'standard'"),
        (["gone.yaml", "--format", "objects"], "gone.yaml:1:1: cannot read the file: No such file"),
        (["--config", "gone.yaml", "--format", "pics"], "gone.yaml:1:1: cannot read the file: No "),
        (
            ["--config", "C", "--format", "pics", "--set", "bacnet="],
            "C: there is no 'bacnet', so no BACnet device",
        ),
        (
            ["--config", "C", "--format", "pics", "--set", "bacnet.device_id=-1"],
            "--set bacnet.device_id=-1: bacnet.device_id: input should be greater than or equal",
        ),
        (
            ["standard", "--format", "pics", "--write", "C"],
            "cannot write into C: File exists",
        ),
        (
            ["standard", "--format", "pics", "--write", "C/deeper"],
            "cannot write into C/deeper: Not a directory",
        ),
    ],
)
def test_a_wrong_use_has_one_clear_line(path: Path, arguments: list[str], expected: str) -> None:
    given = [each.replace("C", str(path)) if each[0] == "C" else each for each in arguments]
    ended = run("map", *given)
    assert ended.returncode == 2
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.replace(str(path), "C").startswith(expected)


def test_a_form_that_there_is_not() -> None:
    ended = run("map", "standard", "--format", "xls")
    assert ended.returncode == 2
    assert "'xls'" in ended.stderr


def test_a_name_and_a_configuration_are_not_both_needed() -> None:
    with pytest.raises(ConfigError, match="name a meter map"):
        map_command.text(None, "pics")
