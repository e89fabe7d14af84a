"""The password file: read only if nobody else may, and never shown."""

from pathlib import Path

import pytest

from submeter.errors import ConfigError
from submeter.sources.optical import password


def file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "password"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("password: 00000000\n", b"00000000"),
        ("# of the utility\n\npassword: a#b: c", b"a#b: c"),
    ],
)
def test_the_password_is_read_and_not_shown(tmp_path: Path, text: str, octets: bytes) -> None:
    found = password.read(file(tmp_path, text))
    assert found.octets == octets
    assert octets.decode() not in repr(found)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o610])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = file(tmp_path, "password: secret", mode)
    with pytest.raises(ConfigError, match="chmod 600") as caught:
        password.read(path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "secret", "key: secret", "password:", "password: secret\nsecret", "secret" * 20]
)
def test_a_file_of_another_form_is_refused_without_its_content(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="password: ") as caught:
        password.read(file(tmp_path, text))
    assert "secret" not in str(caught.value)


def test_too_long_and_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="more than 64"):
        password.read(file(tmp_path, f"password: {'x' * 65}"))
    with pytest.raises(ConfigError, match="cannot read"):
        password.read(tmp_path / "none")
