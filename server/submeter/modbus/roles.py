"""What the role in a client's certificate lets it do: MODBUS/TCP Security, R-21 to R-24."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography import x509

from submeter.modbus.settings import Role
from submeter.modbus_security import role_of


class Verdict(NamedTuple):
    """What a client may do, None for nothing at all, and then the reason."""

    right: Role | None
    reason: str = ""


def verdict(certificate: bytes | None, roles: Mapping[str, Role], now: datetime) -> Verdict:
    """Judge a `certificate` (X.509, DER) whose signature has been verified; never raises.

    Its dates are looked at again: a resumed session has been verified long ago.
    """
    if certificate is None:
        return Verdict(None, "no certificate")
    try:
        last = x509.load_der_x509_certificate(certificate).not_valid_after_utc
    except ValueError:
        return Verdict(None, "malformed certificate")
    if last < now:
        return Verdict(None, "expired certificate")
    role = role_of(certificate)
    if role is None:
        return Verdict(None, "no role")
    if role not in roles:
        return Verdict(None, f"unknown role '{role}'")
    return Verdict(roles[role])


def judge(certificate: bytes | None, roles: Mapping[str, Role]) -> Verdict:
    """Judge `certificate` at this moment."""
    return verdict(certificate, roles, datetime.now(UTC))
