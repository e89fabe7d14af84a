"""The site's key: it signs what is billing evidence (Ed25519, RFC 8032)."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from submeter import regular_file
from submeter.errors import StoreError
from submeter.store.folder import sync

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_HEX = re.compile(r"[0-9a-fA-F]{64}")
_LARGEST = 10_000  # bytes of a key's file; 113 as a rule


class SiteKey:
    """A private key; `public` is its public key, 32 bytes."""

    def __init__(self, private: "Ed25519PrivateKey") -> None:
        self._private = private
        self.public: bytes = private.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """Return the signature of `data`, 64 bytes."""
        return self._private.sign(data)


def place(database: Path) -> Path:
    """Return where the key of the store at `database` stands."""
    return database.with_name(database.name + ".key")


def load_or_make(database: Path) -> SiteKey:
    """Return the key beside `database`, made if there is none; raises OSError and StoreError.

    The file is PEM (PKCS 8), readable for its owner only.
    """
    path = place(database)
    try:
        return _load(path)
    except FileNotFoundError:
        return _make(path)


def good(public: bytes, signature: bytes, data: bytes) -> bool:
    """Tell whether `signature` of `data` was made with the private key of `public`."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key(text: str) -> bytes:
    """Return the public key in `text`: 64 hexadecimal digits, or the name of a PEM file.

    Raises ValueError, whose text says what would be right.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    problem = f"{text} is no public key; give 64 hexadecimal digits or a PEM file of an Ed25519 key"
    try:
        key = load_pem_public_key(regular_file.read(Path(text), _LARGEST))
    except (OSError, ValueError) as error:
        raise ValueError(problem) from error
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(problem)
    return key.public_bytes_raw()


def _load(path: Path) -> SiteKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pem = regular_file.read(path, _LARGEST)
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise StoreError(
            f"the site's key {path} is no Ed25519 key; put its backup there, or move it away to "
            "have a new one made"
        )
    return SiteKey(key)


def _make(path: Path) -> SiteKey:
    """Write a new key; whole or not at all, whenever the power fails."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    new = path.with_name(path.name + ".new")
    with suppress(FileNotFoundError):
        new.unlink()
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync(path.parent)
    return SiteKey(private)
