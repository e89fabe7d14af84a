"""Where maps are found."""

from pathlib import Path

import pytest

from submeter.errors import ConfigError
from submeter.pointmap import folders


def test_shipped_maps_are_found() -> None:
    assert folders.find("meters", "standard").parent.parent == folders.shipped()
    assert (folders.shipped() / "points.yaml").is_file()


def test_a_map_of_the_user_s_own_comes_first(tmp_path: Path) -> None:
    own = tmp_path / "meters" / "standard.yaml"
    own.parent.mkdir()
    own.write_text("title: mine")
    assert folders.find("meters", "standard", [tmp_path]) == own
    assert folders.find("sources", "tic-standard", [tmp_path]).parent.parent == folders.shipped()


def test_an_unknown_map_names_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "meters").mkdir()
    (tmp_path / "meters" / "mine.yaml").touch()
    with pytest.raises(
        ConfigError, match=r"no map 'standart' in meters/; did you mean 'standard'\?"
    ):
        folders.find("meters", "standart")
    with pytest.raises(ConfigError, match=r"no map 'zzz' in meters/; there are: .*mine.*standard"):
        folders.find("meters", "zzz", [tmp_path])
    with pytest.raises(ConfigError, match="is no name of a map; write it without folder"):
        folders.find("sources", "../zzz")
