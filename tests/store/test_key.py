from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from submeter.errors import StoreError
from submeter.store import key

# RFC 8032, section 7.1, test 2.
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_a_signature_of_the_standard() -> None:
    assert key.good(PUBLIC, SIGNATURE, b"\x72")
    assert not key.good(PUBLIC, SIGNATURE, b"\x73")
    assert not key.good(PUBLIC, SIGNATURE[:-1], b"\x72")
    assert not key.good(PUBLIC[:-1], SIGNATURE, b"\x72")


def test_the_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    first = key.load_or_make(path)
    assert key.load_or_make(path).public == first.public
    assert key.good(first.public, first.sign(b"data"), b"data")
    assert [each.name for each in tmp_path.iterdir()] == ["s.db.key"]


def test_a_public_key_is_given_in_digits_or_as_a_file(tmp_path: Path) -> None:
    pem = tmp_path / "site.pem"
    pem.write_bytes(
        Ed25519PublicKey.from_public_bytes(PUBLIC).public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
    )
    assert key.public_key(PUBLIC.hex().upper()) == PUBLIC
    assert key.public_key(str(pem)) == PUBLIC
    for wrong in ("12", str(tmp_path), str(tmp_path / "none"), PUBLIC.hex() + "00"):
        with pytest.raises(ValueError, match="give 64 hexadecimal digits or a PEM file"):
            key.public_key(wrong)


def test_a_key_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    key.place(path).write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    with pytest.raises(StoreError, match="no Ed25519 key; put its backup there"):
        key.load_or_make(path)


@pytest.mark.parametrize("name", ["", "/dev/zero", "no-such-file"])
def test_what_is_no_public_key(name: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        key.public_key(name)
