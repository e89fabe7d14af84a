"""The role in a certificate: written as the standard says, read from whatever comes."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from submeter.modbus_security import ROLE_OID, complaint, role_extension, role_of

KEY = ec.generate_private_key(ec.SECP256R1())
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OID = x509.ObjectIdentifier(ROLE_OID)
printed = st.text(min_size=1, max_size=64).filter(lambda text: complaint(text) is None)


def certificate(extensions: Iterable[x509.ExtensionType]) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "any")])
    builder = (
        x509.CertificateBuilder(name, name, KEY.public_key(), 1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
    )
    for each in extensions:
        builder = builder.add_extension(each, critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def holding(der: bytes) -> bytes:
    return certificate([x509.UnrecognizedExtension(OID, der)])


@pytest.mark.parametrize(
    ("role", "der"),
    [
        ("operator", b"\x0c\x08operator"),
        ("é", b"\x0c\x02\xc3\xa9"),
        ("x" * 64, b"\x0c\x40" + b"x" * 64),
        ("é" * 63 + "x", b"\x0c\x7f" + "é".encode() * 63 + b"x"),
        ("é" * 64, b"\x0c\x81\x80" + "é".encode() * 64),
        ("𝟘" * 64, b"\x0c\x82\x01\x00" + "𝟘".encode() * 64),
    ],
)
def test_bytes_of_a_role(role: str, der: bytes) -> None:
    assert role_extension(role).value == der
    assert role_of(holding(der)) == role


@given(printed)
def test_what_is_written_is_read(role: str) -> None:
    assert role_of(certificate([role_extension(role)])) == role


@pytest.mark.parametrize("role", ["", "x" * 65, " x", "x ", "a\nb", "a\0", "\x1b[2J", "\u202ex"])
def test_what_is_no_role(role: str) -> None:
    assert complaint(role)
    with pytest.raises(ValueError, match="a role has"):
        role_extension(role)
    text = role.encode()
    assert role_of(holding(bytes([12, len(text)]) + text)) is None


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x0c",
        b"operator",
        b"\x13\x08operator",  # PrintableString
        b"\x0c\x09operator",
        b"\x0c\x07operator",
        b"\x0c\x08operator\x00",
        b"\x0c\x02\xff\xfe",
        b"\x0c\x80operator\x00\x00",
        b"\x0c\x88operator",
        b"\x04\x08operator",
    ],
)
def test_what_is_no_utf8_string(der: bytes) -> None:
    assert role_of(holding(der)) is None


def test_no_role_and_no_certificate() -> None:
    assert role_of(certificate([])) is None
    assert role_of(b"") is None
    assert role_of(holding(b"\x0c\x01x")[:-1]) is None


def test_two_roles_are_none() -> None:
    other = x509.ObjectIdentifier("1.3.6.1.4.1.50316.802.2")
    second = x509.UnrecognizedExtension(other, b"\x0c\x08operator")
    der = certificate([role_extension("reader"), second])
    assert role_of(der) == "reader"
    # The builder refuses to write one twice.
    assert role_of(der.replace(b"\x86\x22\x02", b"\x86\x22\x01")) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_no_certificate(data: bytes) -> None:
    assert role_of(data) is None


# A serial number that is not positive is warned of.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@given(st.integers(min_value=0), st.integers(0, 255))
@example(14, 0)
def test_a_damaged_certificate_never_raises(at: int, byte: int) -> None:
    der = bytearray(holding(b"\x0c\x08operator"))
    der[at % len(der)] = byte
    role_of(bytes(der))
