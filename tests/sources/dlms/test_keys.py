"""The file with the keys of a meter."""

from pathlib import Path

import pytest

from submeter.errors import ConfigError
from submeter.sources.dlms import keys
from submeter.sources.dlms.keys import Keys

ONE = "00112233445566778899AABBCCDDEEFF"
OTHER = "ffeeddccbbaa99887766554433221100"


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "meter.keys"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_both_keys_are_read(tmp_path: Path) -> None:
    path = written(
        tmp_path, f"# from the utility\nencryption: {ONE}\nauthentication: {OTHER} # x\n"
    )
    assert keys.read(path) == Keys(bytes.fromhex(ONE), bytes.fromhex(OTHER))


def test_the_authentication_key_may_be_missing_and_digits_be_grouped(tmp_path: Path) -> None:
    path = written(
        tmp_path, "Encryption: " + " ".join(ONE[n : n + 2] for n in range(0, 32, 2)), 0o400
    )
    assert keys.read(path) == Keys(bytes.fromhex(ONE))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path, f"encryption: {ONE}", mode)
    with pytest.raises(ConfigError, match=f"chmod 600 {path}"):
        keys.read(path)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "has no line 'encryption: '"),
        (f"authentication: {ONE}", "has no line 'encryption: '"),
        (f"encryption: {ONE}\nencryption: {ONE}", ":2: 'encryption' stands there twice"),
        (f"encryption: {ONE}00", "34 hex digits; it must have 32"),
        (f"encryption: {ONE[:-1]}", "other characters"),
        (f"encryption: {ONE[:-1]}g", "other characters"),
        (ONE, "write 'encryption: '"),
        (f"master: {ONE}", "write 'encryption: '"),
    ],
)
def test_what_is_wrong_is_said_without_the_key(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ConfigError) as error:
        keys.read(written(tmp_path, text))
    assert fault in str(error.value)
    assert ONE[:8] not in str(error.value)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the keys in .*: No such file"):
        keys.read(tmp_path / "none")
    with pytest.raises(ConfigError, match="too large"):
        keys.read(written(tmp_path, "#" * 5000))


def test_keys_are_not_shown() -> None:
    shown = repr(Keys(bytes.fromhex(ONE), bytes.fromhex(OTHER)))
    assert shown == "Keys()"
