"""The role in a client's certificate: MODBUS/TCP Security (MB-TCP-Security), R-21 and R-22.

Its extension holds one DER UTF8String: tag 12, length, UTF-8 text (ITU-T X.690, 8.1 and 8.23).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

ROLE_OID = "1.3.6.1.4.1.50316.802.1"
LONGEST = 64  # characters

_UTF8_STRING = 0x0C
_LONG_FORM = 0x80


def role_of(certificate_der: bytes) -> str | None:
    """Return the role in a certificate (X.509, DER), None if it has none; never raises.

    What `complaint` objects to, what is no DER UTF8String and what stands there twice is none.
    """
    from cryptography import x509

    try:
        extensions = x509.load_der_x509_certificate(certificate_der).extensions
        value = extensions.get_extension_for_oid(x509.ObjectIdentifier(ROLE_OID)).value
        role = _decoded(value.public_bytes())
    except (
        ValueError,
        x509.DuplicateExtension,
        x509.ExtensionNotFound,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ):
        return None
    return None if complaint(role) else role


def role_extension(role: str) -> "x509.UnrecognizedExtension":
    """Return the extension that carries `role`; raises ValueError with what `complaint` says."""
    from cryptography import x509

    if problem := complaint(role):
        raise ValueError(problem)
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(ROLE_OID), _encoded(role))


def complaint(role: str) -> str | None:
    """Return what keeps `role` from being one, None if nothing does.

    It has 1 to 64 printable characters and no blank at either end, as it stands in log lines.
    """
    if not 0 < len(role) <= LONGEST:
        return f"a role has 1 to {LONGEST} characters, as operator or reader"
    if not role.isprintable() or role != role.strip():
        return "a role has printable characters only and no blank at either end"
    return None


def _encoded(role: str) -> bytes:
    text = role.encode()
    length = len(text).to_bytes((len(text).bit_length() + 7) // 8, "big")
    long_form = bytes([_LONG_FORM + len(length)]) if len(text) >= _LONG_FORM else b""
    return bytes([_UTF8_STRING]) + long_form + length + text


def _decoded(der: bytes) -> str:
    """Return the text of one DER UTF8String; raises ValueError."""
    if len(der) < 2 or der[0] != _UTF8_STRING:
        raise ValueError("it is no UTF8String")
    octets = max(0, der[1] - _LONG_FORM)
    length = int.from_bytes(der[2 : 2 + octets], "big") if octets else der[1]
    text = der[2 + octets :]
    if len(text) != length:
        raise ValueError("it does not end where it says")
    return text.decode()
