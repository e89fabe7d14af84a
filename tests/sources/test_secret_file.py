"""Secrets are read from files that only their owner may read."""

from pathlib import Path

import pytest

from submeter.errors import ConfigError
from submeter.sources import secret_file


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_of_the_owner_alone(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    path.write_text("a: b\n")
    path.chmod(mode)
    assert secret_file.read(path, "the secret") == "a: b\n"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o602])
def test_what_others_may_touch_is_refused_without_its_content(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    path.write_text("hidden")
    path.chmod(mode)
    with pytest.raises(ConfigError, match=r"others may read the secret .* chmod 600") as caught:
        secret_file.read(path, "the secret")
    assert "hidden" not in str(caught.value)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the secret in .*: No such file"):
        secret_file.read(tmp_path / "none", "the secret")
