"""Secrets are read from files that only their owner may read."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from submeter import yamlfile
from submeter.errors import ConfigError
from submeter.sources import secret_file
from submeter.sources.dlms.settings import DlmsSettings
from submeter.sources.optical.settings import OpticalSettings


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
    with pytest.raises(ConfigError, match=r"cannot read the secret in .*: No such file") as caught:
        secret_file.read(tmp_path / "4711-0815", "the secret")
    assert str(tmp_path) in str(caught.value)
    assert "4711" not in str(caught.value), "it may be the secret itself"


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_content(tmp_path: Path, coding: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes("clé: b\n".encode(coding))
    path.chmod(0o600)
    assert secret_file.read(path, "the secret") == "clé: b\n"


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_another_coding_is_told(tmp_path: Path, coding: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes("clé: b\n".encode(coding))
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="save the file as UTF-8"):
        secret_file.read(path, "the secret")


KEY = "00112233445566778899AABBCCDDEEFF"


@pytest.mark.parametrize(
    "name",
    [
        KEY,
        KEY.lower() * 2,
        f"encryption: {KEY}",
        " ".join(KEY[n : n + 2] for n in range(0, 32, 2)),
        "0x" + KEY,
    ],
)
@pytest.mark.parametrize("settings", [DlmsSettings, OpticalSettings])
def test_a_key_is_no_name_of_a_file(settings: type[BaseModel], name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        yamlfile.parse(f'{{port: /dev/x, keys: "{name}"}}', "f.yaml").read_as(settings)
    (told,) = caught.value.faults
    assert told.startswith("f.yaml:1:")
    assert "the name of a file should stand here" in told
    assert name[:5].lower() not in told.partition("keys: ")[2].lower()


@pytest.mark.parametrize("name", ["main.keys", "keys/1030655933512.keys", "/etc/feed/deadbeef"])
def test_names_of_files_are_taken(name: str) -> None:
    assert DlmsSettings(port="/dev/x", keys=name).keys == name
