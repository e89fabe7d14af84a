"""The files that Modbus/TCP Security needs, checked before anything starts."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
SOON = 30
"""Days before its end from which a certificate is warned of."""

_Read = TypeVar("_Read")


class Credentials(NamedTuple):
    """Our certificate and key as files, and the certificates of authorities as PEM text."""

    certificate: Path
    key: Path
    authority: str


@dataclass
class Look:
    """What was found: `faults` are by the key of the configuration, `warnings` are log lines.

    Dates are warned of only: what has expired while the machine ran must not keep the meters from
    starting again, and a clock that has just been switched on may be behind.
    """

    authority: str = ""
    faults: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check(certificate: Path, key: Path, authority: Path) -> Credentials:
    """Return what TLS is started with, and log warnings.

    Raises ConfigError with a line for each fault.
    """
    found = look(certificate, key, authority)
    if found.faults:
        raise ConfigError(*(f"modbus.tls.{name}: {text}" for name, text in found.faults))
    for line in found.warnings:
        _log.warning("%s", line)
    return Credentials(certificate, key, found.authority)


def look(certificate: Path, key: Path, authority: Path) -> Look:
    """Return what is wrong with these files."""
    found = Look()
    own = _read("certificate", certificate, x509.load_pem_x509_certificates, found)
    private = _read("key", key, _private_key, found)
    trusted = _read("authority", authority, x509.load_pem_x509_certificates, found) or []
    if own:
        found.warnings += _dates(certificate, own[0])
    if own and private and _public(own[0]) != _public(private):
        text = f"{key} is not the key of {certificate}; take the one made with it"
        found.faults.append(("key", text))
    if private and key.stat().st_mode & 0o004:
        found.warnings.append(f"event=key_readable file={key} hint=chmod_600")
    _look_at_authorities(authority, trusted, found)
    found.authority = b"".join(each.public_bytes(Encoding.PEM) for each in trusted).decode()
    return found


def _read(name: str, path: Path, parse: Callable[[bytes], _Read], found: Look) -> _Read | None:
    try:
        return parse(regular_file.read(path, LARGEST))
    except OSError as error:
        found.faults.append((name, f"cannot read {path}: {error.strerror}"))
    except TypeError:
        found.faults.append((name, f"{path} asks for a password; write it without one"))
    except (ValueError, UnsupportedAlgorithm):
        kind = "private key" if name == "key" else "certificate"
        found.faults.append((name, f"{path} is no {kind} in PEM form"))
    return None


def _private_key(data: bytes) -> PrivateKeyTypes:
    return load_pem_private_key(data, None)


def _public(holder: x509.Certificate | PrivateKeyTypes) -> bytes:
    return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _dates(path: Path, certificate: x509.Certificate) -> list[str]:
    """Return a log line for a certificate that is not valid now, or not for long."""
    now = datetime.now(UTC)
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if end < now:
        return [f"event=certificate_expired file={path} since={end.isoformat()} hint=make_another"]
    if begin > now:
        return [f"event=certificate_not_valid_yet file={path} since={begin.isoformat()}"]
    if (end - now).days < SOON:
        return [f"event=certificate_expires file={path} days={(end - now).days}"]
    return []


def _look_at_authorities(path: Path, certificates: Sequence[x509.Certificate], found: Look) -> None:
    """Find what is no authority; of several, old ones may have expired but not all."""
    lines = [line for each in certificates for line in _dates(path, each)]
    if len(lines) == len(certificates):
        found.warnings += lines
    for each in certificates:
        if not _signs(each):
            name = each.subject.rfc4514_string()
            text = f"'{name}' in {path} signs nobody; name the one that does"
            found.faults.append(("authority", text))


def _signs(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
