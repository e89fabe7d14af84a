"""A count that outlives kill -9, and is never mistaken for another."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.count_file import Count, CountFile, beside
from tooling.program import CHECKOUT

NUMBERS = st.integers(0, 2**64 - 1)
KILLED = """
import os, signal, sys
from pathlib import Path
from submeter.count_file import Count, CountFile
kept = CountFile(Path(sys.argv[1]), "owner")
kept.read()
for total in range(int(sys.argv[2]), 10**9):
    kept.write(Count(total, 7, total % 5))
    os.write(1, b"%d\\n" % total)
"""


def test_a_new_file_has_no_count_and_then_the_last_one(tmp_path: Path) -> None:
    first = CountFile(tmp_path / "file", "owner")
    assert first.read() is None
    for total in (1, 2, 2, 40, 3):
        first.write(Count(total, 9, total))
    first.close()
    first.close()
    again = CountFile(tmp_path / "file", "owner")
    assert again.read() == Count(3, 9, 3)
    again.write(Count(4))
    assert CountFile(tmp_path / "file", "owner").read() == Count(4)


def test_a_file_of_another_owner_is_as_good_as_none(tmp_path: Path) -> None:
    CountFile(tmp_path / "file", "owner").write(Count(5))
    other = CountFile(tmp_path / "file", "another")
    assert other.read() is None
    other.write(Count(1))
    assert CountFile(tmp_path / "file", "another").read() == Count(1)


def test_a_damaged_file_is_told_whoever_owns_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff" * 200)
    with pytest.raises(ValueError, match="checksum is wrong"):
        CountFile(tmp_path / "file", "owner").read()


def test_no_two_have_the_same_file(tmp_path: Path) -> None:
    """Names of meters and sources hold dots; one may be called "output"."""
    store = tmp_path / "submeter.db"
    paths = [
        beside(store, "a", "output", kind="counted"),
        beside(store, "a", "b.c", kind="counted"),
        beside(store, "a.b", "c", kind="counted"),
        beside(store, "a.b.c", kind="counted"),
        beside(store, "a", kind="sent"),
        beside(store, "a.output", kind="sent"),
        beside(tmp_path / "submeter.backup", "a", kind="sent"),
    ]
    assert len(set(paths)) == len(paths)
    assert {path.parent for path in paths} == {tmp_path}


@given(st.lists(st.builds(Count, NUMBERS, NUMBERS, NUMBERS), min_size=2), st.data())
def test_damage_costs_the_last_count_or_all_but_gives_no_wrong_one(
    counts: list[Count], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        kept = CountFile(path, "owner")
        for count in counts:
            kept.write(count)
        image = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(image) - 1))
        image[at] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(image)
        try:
            found = CountFile(path, "owner").read()
        except ValueError:
            return
        assert found in counts[-2:]


@pytest.mark.parametrize("left", [0, 5, 20, 90])
def test_a_file_that_others_truncate_costs_nothing(tmp_path: Path, left: int) -> None:
    path = tmp_path / "file"
    kept = CountFile(path, "owner")
    for total in range(4):
        kept.write(Count(total))
    with path.open("r+b") as other:
        other.truncate(left)
    for total in (5, 6):
        kept.write(Count(total))
        assert CountFile(path, "owner").read() == Count(total)


def test_a_file_that_is_only_begun_is_a_new_one(tmp_path: Path) -> None:
    for begun in (b"", b"submeter count 1"):
        (tmp_path / "file").write_bytes(begun)
        assert CountFile(tmp_path / "file", "owner").read() is None


def test_a_write_that_is_cut_short_keeps_the_count_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, pwrite = tmp_path / "file", os.pwrite
    kept = CountFile(path, "owner")
    kept.write(Count(1))
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: pwrite(file, data[:20], at))
    for _ in range(3):
        with pytest.raises(OSError, match="No space"):
            kept.write(Count(2))
        assert CountFile(path, "owner").read() == Count(1)
    monkeypatch.undo()
    kept.write(Count(3))
    assert CountFile(path, "owner").read() == Count(3)


def test_what_is_no_file_is_an_os_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none" / "file"):
        with pytest.raises(OSError, match="irectory"):
            CountFile(path, "owner")


def test_kill_9_loses_nothing_that_was_told(tmp_path: Path) -> None:
    path, start = tmp_path / "file", 0
    for lines in (1, 400, 33):
        command = [sys.executable, "-c", KILLED, str(path), str(start)]
        environment = {"PYTHONPATH": str(CHECKOUT / "server")}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdout
            for _ in range(lines):
                told = int(process.stdout.readline())
            process.kill()
            rest = process.stdout.read().split()
        told = int(rest[-1]) if rest else told
        kept = CountFile(path, "owner")
        found = kept.read()
        assert found
        assert found.total in (told, told + 1)  # it was killed between the two
        assert found[1:] == (7, found.total % 5)
        kept.close()
        start = found.total + 1
