"""A certificate and its private key."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12


@dataclass(frozen=True)
class Identity:
    """Who somebody is on TLS; the key is ECDSA on P-256 (FIPS 186-5)."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def certificate_pem(self) -> bytes:
        """Return the certificate, PEM (RFC 7468)."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        """Return the private key, PEM of PKCS 8 (RFC 5958) without a password."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def p12(self, name: str, authority: x509.Certificate, password: str) -> bytes:
        """Return both and the authority's certificate in one PKCS 12 file (RFC 7292)."""
        return pkcs12.serialize_key_and_certificates(
            name.encode(),
            self.key,
            self.certificate,
            [authority],
            serialization.BestAvailableEncryption(password.encode()),
        )


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a new private key."""
    return ec.generate_private_key(ec.SECP256R1())
