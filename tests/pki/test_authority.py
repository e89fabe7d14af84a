"""The authority: which one is taken from a folder, and what it will not sign."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from pki.peers import NOW, put, site
from submeter.errors import ConfigError, SubmeterError
from submeter.pki import authority, issue
from submeter.pki.identity import Identity, new_key


def test_what_is_made_can_be_loaded(tmp_path: Path) -> None:
    made = authority.make("Site CA", 1, NOW)
    put(tmp_path, "ca", made)
    loaded = authority.load(tmp_path, NOW)
    assert loaded.certificate == made.certificate
    assert loaded.key.public_key() == made.key.public_key()


def test_last_second_of_an_authority(tmp_path: Path) -> None:
    put(tmp_path, "ca", authority.make("Site CA", 1, NOW))
    end = NOW + timedelta(days=1)
    authority.load(tmp_path, end - timedelta(seconds=1))
    with pytest.raises(ConfigError, match="expired on"):
        authority.load(tmp_path, end)
    with pytest.raises(ConfigError, match="set the clock"):
        authority.load(tmp_path, NOW - timedelta(hours=1, seconds=1))


def test_nothing_outlives_its_authority() -> None:
    made = authority.make("Site CA", 10, NOW)
    last = issue.server(made, ["meter.local"], 10, NOW).certificate
    assert last.not_valid_after_utc == made.certificate.not_valid_after_utc
    with pytest.raises(ConfigError, match="give --days 9 or less"):
        issue.server(made, ["meter.local"], 10, NOW + timedelta(seconds=1))


def test_nothing_begins_before_its_authority() -> None:
    made = authority.make("Site CA", 10, NOW)
    early = issue.client(made, "bms", "reader", 1, NOW - timedelta(minutes=30)).certificate
    assert early.not_valid_before_utc == made.certificate.not_valid_before_utc


def test_a_long_host_is_no_common_name() -> None:
    host = ".".join(["a" * 40] * 2)
    made = issue.server(authority.make("Site CA", 10, NOW), [host], 1, NOW).certificate
    assert made.subject.rfc4514_string() == "CN=submeter"
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [host]


def test_key_of_another(tmp_path: Path) -> None:
    made = authority.make("Site CA", 1, NOW)
    put(tmp_path, "ca", Identity(made.certificate, new_key()))
    with pytest.raises(ConfigError, match="is not the key of"):
        authority.load(tmp_path, NOW)


def test_certificate_of_a_server_is_no_authority(tmp_path: Path) -> None:
    here = site(tmp_path)
    (here.folder / "ca.crt").write_bytes((here.folder / "server.crt").read_bytes())
    with pytest.raises(ConfigError, match=r"no certificate .* of an authority"):
        authority.load(tmp_path, NOW)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ca.crt", b"", "no certificate"),
        ("ca.crt", b"\0\xff" * 100, "no certificate"),
        ("ca.key", b"", "no private key"),
        ("ca.key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private"),
    ],
)
def test_files_of_something_else(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    put(tmp_path, "ca", authority.make("Site CA", 1, NOW))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        authority.load(tmp_path, NOW)


@pytest.mark.parametrize(
    ("kind", "password", "said"),
    [("ed25519", b"", "kind ECDSA"), ("ecdsa", b"long enough", "has a password")],
)
def test_keys_of_another_kind(tmp_path: Path, kind: str, password: bytes, said: str) -> None:
    made = authority.make("Site CA", 1, NOW)
    put(tmp_path, "ca", made)
    key = made.key if kind == "ecdsa" else ed25519.Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption(),
    )
    (tmp_path / "ca.key").write_bytes(pem)
    with pytest.raises(ConfigError, match=said):
        authority.load(tmp_path, NOW)


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").mkdir()
    with pytest.raises(SubmeterError, match="cannot read"):
        authority.load(tmp_path, NOW)
