"""The certificates of a server and of a client (RFC 5280, 4.2.1.6 and 4.2.1.12)."""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from submeter.modbus_security import role_extension
from submeter.pki import authority
from submeter.pki.authority import Extension
from submeter.pki.identity import Identity
from submeter.pki.names import LONGEST, Host


def server(signer: Identity, hosts: Sequence[Host], days: int, now: datetime) -> Identity:
    """Return the identity of a server that is reached as any of `hosts`; raises ConfigError."""
    names: list[x509.GeneralName] = [
        x509.DNSName(host) if isinstance(host, str) else x509.IPAddress(host) for host in hosts
    ]
    extensions = [
        Extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])),
        Extension(x509.SubjectAlternativeName(names)),
    ]
    # What a client checks is in the extension; this one is for people.
    title = next((str(host) for host in hosts if len(str(host)) <= LONGEST), "submeter")
    return authority.issue(signer, title, extensions, days, now)


def client(signer: Identity, name: str, role: str, days: int, now: datetime) -> Identity:
    """Return the identity of a client that has `role`; raises ConfigError."""
    extensions = [
        Extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])),
        Extension(role_extension(role)),
    ]
    return authority.issue(signer, name, extensions, days, now)
