"""The authority of a site: the key that signs the certificates of its server and clients."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from submeter import regular_file
from submeter.errors import ConfigError, SubmeterError
from submeter.pki.identity import Identity, new_key

CERTIFICATE, KEY = "ca.crt", "ca.key"
LARGEST = 100_000  # bytes of a file that is read; under 1000 as a rule

_CLOCKS = timedelta(hours=1)  # how late the clock of a client or a meter may be


@dataclass(frozen=True)
class Extension:
    """An extension of a certificate; a reader that does not know a critical one refuses it."""

    value: x509.ExtensionType
    critical: bool = False


def make(name: str, days: int, now: datetime) -> Identity:
    """Return a new authority that signs itself and nothing but end certificates."""
    key = new_key()
    usage = _usage(key_cert_sign=True, crl_sign=True)
    return Identity(
        _signed(
            _subject(name),
            key.public_key(),
            [Extension(x509.BasicConstraints(ca=True, path_length=0), critical=True), usage],
            begin=now - _CLOCKS,
            end=now + timedelta(days=days),
            issuer=_subject(name),
            signer=key,
        ),
        key,
    )


def load(folder: Path, now: datetime) -> Identity:
    """Return the authority whose `ca.crt` and `ca.key` stand in `folder`.

    Raises ConfigError for files that are missing, that are no authority or another's, and outside
    the time of the certificate, SubmeterError for what cannot be read.
    """
    certificate = _certificate(folder / CERTIFICATE)
    key = _key(folder / KEY)
    if certificate.public_key() != key.public_key():
        raise ConfigError(f"{folder / KEY} is not the key of {folder / CERTIFICATE}")
    if now >= certificate.not_valid_after_utc:
        ended = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
        raise ConfigError(
            f"the authority {folder / CERTIFICATE} expired on {ended}; make a new one"
        )
    if now < certificate.not_valid_before_utc:
        begins = f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        raise ConfigError(
            f"the authority {folder / CERTIFICATE} is not valid before {begins}; set the clock"
        )
    return Identity(certificate, key)


def issue(
    authority: Identity, name: str, extensions: Iterable[Extension], days: int, now: datetime
) -> Identity:
    """Return a new key with an end certificate that `authority` signs.

    It begins an hour ago, for clocks that are late. Raises ConfigError if it would outlive the
    authority.
    """
    last = authority.certificate.not_valid_after_utc
    if now + timedelta(days=days) > last:
        raise ConfigError(
            f"{days} days are too many: the authority ends on {last:%Y-%m-%d}; "
            f"give --days {(last - now).days} or less, or make a new authority"
        )
    key = new_key()
    constraints = Extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    certificate = _signed(
        _subject(name),
        key.public_key(),
        [constraints, _usage(digital_signature=True), *extensions],
        begin=max(now - _CLOCKS, authority.certificate.not_valid_before_utc),
        end=now + timedelta(days=days),
        issuer=authority.certificate.subject,
        signer=authority.key,
    )
    return Identity(certificate, key)


def _signed(
    subject: x509.Name,
    public: ec.EllipticCurvePublicKey,
    extensions: Iterable[Extension],
    *,
    begin: datetime,
    end: datetime,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    for each in extensions:
        builder = builder.add_extension(each.value, each.critical)
    return builder.sign(signer, hashes.SHA256())


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> Extension:
    usage = x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
    return Extension(usage, critical=True)


def _certificate(path: Path) -> x509.Certificate:
    data = _read(path)
    try:
        certificate = x509.load_pem_x509_certificate(data)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        constraints = None
    if constraints is None or not constraints.value.ca:
        raise ConfigError(f"{path} is no certificate (PEM) of an authority")
    return certificate


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(_read(path), password=None)
    except TypeError:
        raise ConfigError(f"{path} has a password; 'openssl pkey' takes it away") from None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigError(f"{path} is no private key (PEM) of the kind ECDSA")
    return key


def _read(path: Path) -> bytes:
    try:
        return regular_file.read(path, LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        hint = f"'submeter pki authority {path.parent} --name \"Site CA\"' makes an authority"
        raise ConfigError(f"there is no {path}; {hint}") from None
    except OSError as error:
        raise SubmeterError(f"cannot read {path}: {error.strerror}") from None
