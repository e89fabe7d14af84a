"""A board is found by its number."""

from pathlib import Path

import pytest

from submeter.errors import Condition, LinkError
from submeter.sources.board import found
from submeter.sources.board.found import Numbered
from submeter.sources.open_port import open_port
from submeter.sources.port import Line, parse
from tooling.pty_pair import pty_pair

UID = "e66038b713952a2f"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with the parts of /dev and /sys that matter, empty."""
    for name in ("by-id", "tty", "dev"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(found, "BY_ID", tmp_path / "by-id")
    monkeypatch.setattr(found, "TERMINALS", tmp_path / "tty")
    monkeypatch.setattr(found, "NODES", tmp_path / "dev")
    return tmp_path


def link(folders: Path, name: str, node: str) -> Path:
    path = folders / "by-id" / name
    path.symlink_to(node)
    return path


def test_the_number_is_written_in_any_letters() -> None:
    spec = parse("board:E66038B713952A2F", Path())
    assert spec == Numbered(UID)
    assert str(spec) == f"board:{UID}"


@pytest.mark.parametrize(
    "text", ["board:", "board:e6", "board:a b c d", "board:../../x", "board:é345"]
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="is no board; write board:UID"):
        parse(text, Path())


async def test_the_link_of_udev_is_looked_up_at_each_opening(folders: Path) -> None:
    spec = Numbered(UID)
    with pytest.raises(LinkError, match=f"no board {UID} at any USB port") as caught:
        spec.check()
    assert caught.value.condition is Condition.NO_DEVICE
    with pty_pair() as (near, far):
        link(folders, "usb-MicroPython_Board_e66038b713952a2e-if00", near)
        assert spec.node() is None
        path = link(folders, "usb-MicroPython_Board_in_FS_mode_E66038B713952A2F-if00", far)
        assert spec.node() == path
        spec.check()
        spec.prove_free()
        port = await open_port(spec, Line(115_200))
        with pytest.raises(LinkError, match="another program uses it"):
            spec.prove_free()
        port.close()
        path.unlink()
        with pytest.raises(LinkError, match="no board"):
            await open_port(spec, Line(115_200))


def test_without_udev_the_kernel_knows_the_number(folders: Path) -> None:
    for name, number in (("ttyACM0", "e66038b713952a2e"), ("ttyACM1", UID.upper() + "\n")):
        device = folders / "usb" / name
        (device / "interface").mkdir(parents=True)
        (device / "serial").write_text(number)
        (folders / "tty" / name).mkdir()
        (folders / "tty" / name / "device").symlink_to(device / "interface")
    (folders / "tty" / "tty0").mkdir()
    assert Numbered(UID).node() == folders / "dev" / "ttyACM1"
    assert Numbered("e66038b713952a2a").node() is None
