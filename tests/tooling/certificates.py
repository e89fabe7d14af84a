"""A certificate authority of a few lines, for tests; shares no code with `submeter pki`."""

import ipaddress
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROLE = x509.ObjectIdentifier("1.3.6.1.4.1.50316.802.1")
DAY = timedelta(days=1)


def utf8_string(text: str) -> bytes:
    """Return `text`, up to 127 bytes, as a DER UTF8String."""
    return bytes((0x0C, len(text.encode()))) + text.encode()


@dataclass
class Pair:
    """A certificate and its key, as files; `der` is the certificate."""

    certificate: Path
    key: Path
    der: bytes


@dataclass
class Authority:
    """Signs certificates and writes them to `folder`; `days` are those of its own."""

    folder: Path
    name: str = "ca"
    days: float = 300
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def __post_init__(self) -> None:
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        builder = _begun(self.subject, self.subject, self.key.public_key(), self.days)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        self.certificate = self.folder / f"{self.name}.crt"
        signed = builder.sign(self.key, hashes.SHA256())
        self.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def server(self, name: str = "server", days: float = 300) -> Pair:
        """Return the certificate of a server on 127.0.0.1."""
        return self._issue(name, days, ExtendedKeyUsageOID.SERVER_AUTH, ())

    def client(self, name: str, *roles: bytes, days: float = 300) -> Pair:
        """Return a client's certificate with these values of the role extension."""
        return self._issue(name, days, ExtendedKeyUsageOID.CLIENT_AUTH, roles)

    def _issue(
        self, name: str, days: float, usage: x509.ObjectIdentifier, roles: tuple[bytes, ...]
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _begun(subject, self.subject, key.public_key(), days)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
        here = x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([here]), False)
        for role in roles:
            builder = builder.add_extension(x509.UnrecognizedExtension(ROLE, role), False)
        signed = builder.sign(self.key, hashes.SHA256())
        pair = Pair(
            self.folder / f"{name}.crt",
            self.folder / f"{name}.key",
            signed.public_bytes(serialization.Encoding.DER),
        )
        pair.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        pair.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        pair.key.chmod(0o600)
        return pair

    def client_context(self, pair: Pair | None) -> ssl.SSLContext:
        """Return what a client connects with that trusts this authority and shows `pair`."""
        made = ssl.create_default_context(cafile=str(self.certificate))
        if pair:
            made.load_cert_chain(pair.certificate, pair.key)
        return made


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: float
) -> x509.CertificateBuilder:
    """Begin a certificate that ends in `days`, which are negative for an expired one."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, now + days * DAY) - DAY)
        .not_valid_after(now + days * DAY)
    )
