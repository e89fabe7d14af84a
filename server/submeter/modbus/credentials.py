"""The files that Modbus/TCP Security needs, checked before anything starts."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from submeter import regular_file
from submeter.errors import ConfigError

_log = logging.getLogger(__name__)

LARGEST = 1_000_000  # bytes
_KEY = "modbus.tls."

_Read = TypeVar("_Read")


class Credentials(NamedTuple):
    """Our certificate and key as files, and the certificates of authorities as PEM text."""

    certificate: Path
    key: Path
    authority: str


def check(certificate: Path, key: Path, authority: Path) -> Credentials:
    """Return what TLS is started with; raises ConfigError with a line for each fault.

    A certificate that is not valid yet is only warned of: the clock of a machine that has just
    been switched on may be behind.
    """
    faults: list[str] = []
    own = _read("certificate", certificate, x509.load_pem_x509_certificates, faults)
    private = _read("key", key, _private_key, faults)
    trusted = _read("authority", authority, x509.load_pem_x509_certificates, faults)
    if own:
        faults += _date_faults("certificate", certificate, own[0])
    if own and private and _public(own[0]) != _public(private):
        faults.append(
            f"{_KEY}key: {key} is not the key of {certificate}; take the one made with it"
        )
    faults += _authority_faults(authority, trusted or [])
    if faults:
        raise ConfigError(*dict.fromkeys(faults))
    if key.stat().st_mode & 0o004:
        _log.warning("event=key_readable file=%s hint=chmod_600", key)
    pem = b"".join(each.public_bytes(Encoding.PEM) for each in trusted or ())
    return Credentials(certificate, key, pem.decode())


def _read(
    name: str, path: Path, parse: Callable[[bytes], _Read], faults: list[str]
) -> _Read | None:
    try:
        return parse(regular_file.read(path, LARGEST))
    except OSError as error:
        faults.append(f"{_KEY}{name}: cannot read {path}: {error.strerror}")
    except TypeError:
        faults.append(f"{_KEY}{name}: {path} asks for a password; write it without one")
    except (ValueError, UnsupportedAlgorithm):
        kind = "private key" if name == "key" else "certificate"
        faults.append(f"{_KEY}{name}: {path} is no {kind} in PEM form")
    return None


def _private_key(data: bytes) -> PrivateKeyTypes:
    return load_pem_private_key(data, None)


def _public(holder: x509.Certificate | PrivateKeyTypes) -> bytes:
    return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _date_faults(name: str, path: Path, certificate: x509.Certificate) -> list[str]:
    now = datetime.now(UTC)
    if certificate.not_valid_after_utc < now:
        day = certificate.not_valid_after_utc.date()
        return [f"{_KEY}{name}: {path} expired on {day}; make another one"]
    if certificate.not_valid_before_utc > now:
        since = certificate.not_valid_before_utc.isoformat()
        _log.warning("event=certificate_not_valid_yet file=%s since=%s", path, since)
    return []


def _authority_faults(path: Path, certificates: Sequence[x509.Certificate]) -> list[str]:
    """Find what is no authority; of several, old ones may have expired but not all."""
    faults: list[str] = []
    expired: list[str] = []
    for each in certificates:
        if not _signs(each):
            name = each.subject.rfc4514_string()
            faults.append(
                f"{_KEY}authority: '{name}' in {path} signs nobody; name the one that does"
            )
        expired += _date_faults("authority", path, each)
    return faults + (expired if len(expired) == len(certificates) else [])


def _signs(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
