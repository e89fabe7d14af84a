"""What a certificate says, in plain words."""

import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID

from submeter import regular_file
from submeter.errors import ConfigError, SubmeterError
from submeter.modbus_security import ROLE_OID, role_of
from submeter.pki.authority import LARGEST
from submeter.pki.names import printable

_PEM = b"-----BEGIN CERTIFICATE-----"
_PURPOSES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "a server",
    ExtendedKeyUsageOID.CLIENT_AUTH: "a client",
}


def text(path: Path, now: datetime) -> str:
    """Return the description of every certificate in `path`, PEM or DER, a line for each fact.

    Raises ConfigError for a file without a certificate, SubmeterError if it cannot be read.
    """
    data = _read(path)
    try:
        # Python would tell of a serial number of 0 in its own words.
        with warnings.catch_warnings(action="ignore", category=CryptographyDeprecationWarning):
            return "\n\n".join("\n".join(_lines(each, now)) for each in _parsed(data))
    except (
        ValueError,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ):
        raise ConfigError(f"{path} holds no certificate (PEM or DER) that can be read") from None


def validity(certificate: x509.Certificate, now: datetime) -> str:
    """Return from when until when it is valid, in UTC, and whether it is so `now`."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    span = f"{_minute(begin)} to {_minute(end)} UTC"
    if now < begin:
        return f"NOT YET VALID; {span}"
    if now >= end:
        return f"EXPIRED; {span}"
    days = (end - now).days
    left = f"{days} days" if days > 1 else ("1 day" if days else "less than a day")
    return f"{span}; {left} left"


def _lines(certificate: x509.Certificate, now: datetime) -> Iterator[str]:
    digest = certificate.fingerprint(hashes.SHA256())
    yield f"subject      {printable(certificate.subject.rfc4514_string()) or '(none)'}"
    yield f"for          {_purpose(certificate)}"
    if names := _names(certificate):
        yield f"names        {names}"
    yield f"role         {_role(certificate)}"
    yield f"valid        {validity(certificate, now)}"
    yield f"issuer       {_issuer(certificate)}"
    yield f"serial       {certificate.serial_number:x}"
    yield f"fingerprint  SHA-256 {digest.hex(':').upper()}"


def _parsed(data: bytes) -> list[x509.Certificate]:
    if _PEM in data:
        return x509.load_pem_x509_certificates(data)
    return [x509.load_der_x509_certificate(data)]


def _purpose(certificate: x509.Certificate) -> str:
    extensions = certificate.extensions
    try:
        if extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return "an authority, which signs certificates"
    except x509.ExtensionNotFound:
        pass
    try:
        usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return "any use"
    return ", ".join(_PURPOSES.get(each, each.dotted_string) for each in usage)


def _names(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    return ", ".join(printable(str(each.value)) for each in names)


def _role(certificate: x509.Certificate) -> str:
    role = role_of(certificate.public_bytes(Encoding.DER))
    if role is not None:
        return role
    oids = [each.oid.dotted_string for each in certificate.extensions]
    return "unreadable: no DER UTF8String of 1 to 64 characters" if ROLE_OID in oids else "none"


def _issuer(certificate: x509.Certificate) -> str:
    if certificate.issuer == certificate.subject:
        return "itself"
    return printable(certificate.issuer.rfc4514_string())


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"


def _read(path: Path) -> bytes:
    try:
        return regular_file.read(path, LARGEST)
    except FileNotFoundError:
        raise ConfigError(f"there is no {path}") from None
    except OSError as error:
        raise SubmeterError(f"cannot read {path}: {error.strerror}") from None
