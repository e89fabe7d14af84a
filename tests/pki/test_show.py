"""What a certificate says: every fact, also of certificates that are not ours."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pki.peers import NOW, site
from submeter.errors import ConfigError
from submeter.modbus_security import ROLE_OID
from submeter.pki import authority, issue, show
from submeter.pki.authority import Extension

SIGNER = authority.make("Site CA", 10, NOW)


def facts(path: Path) -> dict[str, str]:
    lines = show.text(path, NOW).splitlines()
    return {line[:13].strip(): line[13:] for line in lines}


def test_client(tmp_path: Path) -> None:
    made = issue.client(SIGNER, "bms", "operator", 5, NOW).certificate
    for name, encoding in (("pem", Encoding.PEM), ("der", Encoding.DER)):
        path = tmp_path / name
        path.write_bytes(made.public_bytes(encoding))
        shown = facts(path)
        assert shown["subject"] == "CN=bms"
        assert shown["for"] == "a client"
        assert shown["role"] == "operator"
        assert shown["issuer"] == "CN=Site CA"
        assert shown["valid"].endswith(f"{NOW + timedelta(days=5):%Y-%m-%d %H:%M} UTC; 5 days left")
        assert "names" not in shown


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (timedelta(hours=-1, seconds=-1), "NOT YET VALID; "),
        (timedelta(hours=-1), "; 3 days left"),
        (timedelta(days=1), "; 2 days left"),
        (timedelta(days=2), "; 1 day left"),
        (timedelta(days=2, seconds=1), "; less than a day left"),
        (timedelta(days=3), "EXPIRED; "),
    ],
)
def test_validity(later: timedelta, said: str) -> None:
    made = issue.client(SIGNER, "bms", "operator", 3, NOW).certificate
    shown = show.validity(made, NOW + later)
    assert said in shown
    assert shown.startswith(said) == said.endswith("; ")


def test_every_certificate_of_a_file(tmp_path: Path) -> None:
    here = site(tmp_path)
    both = tmp_path / "both.crt"
    both.write_bytes((tmp_path / "ca.crt").read_bytes() + (tmp_path / "server.crt").read_bytes())
    first, second = show.text(both, NOW).split("\n\n")
    assert "for          an authority, which signs certificates\n" in first
    assert "issuer       itself\n" in first
    assert "names        meter.local, 127.0.0.1\n" in second
    assert f"serial       {here.authority.certificate.serial_number:x}\n" in first


def test_strangers_write_nothing_on_the_terminal(tmp_path: Path) -> None:
    names = x509.SubjectAlternativeName([x509.DNSName("a\x1b[2J\nvalid")])
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier(ROLE_OID), b"\x0c\x03\x1b[2")
    made = authority.issue(SIGNER, "a\x1b]0;x", [Extension(names), Extension(odd)], 1, NOW)
    path = tmp_path / "odd.crt"
    path.write_bytes(made.certificate_pem())
    shown = show.text(path, NOW)
    assert "\x1b" not in shown
    assert "names        a\\x1b[2J\\nvalid\n" in shown
    assert "role         unreadable: " in shown
    assert "for          any use\n" in shown


def test_serial_number_zero_is_shown_without_a_warning(tmp_path: Path) -> None:
    name = SIGNER.certificate.subject
    one = x509.CertificateBuilder(name, name, SIGNER.key.public_key(), 1, NOW, NOW).sign(
        SIGNER.key, hashes.SHA256()
    )
    version, serial = b"\xa0\x03\x02\x01\x02", b"\x02\x01"
    der = one.public_bytes(Encoding.DER)
    zero = der.replace(version + serial + b"\x01", version + serial + b"\x00")
    (tmp_path / "zero.crt").write_bytes(zero)
    assert facts(tmp_path / "zero.crt")["serial"] == "0"


def test_damaged_files(tmp_path: Path) -> None:
    made = issue.client(SIGNER, "bms", "operator", 5, NOW).certificate_pem()
    path = tmp_path / "bad.crt"
    for data in (b"", made[:200], made[:100] + made[150:], b"\x30\x82", b"x" * 1000):
        path.write_bytes(data)
        with pytest.raises(ConfigError, match="holds no certificate"):
            show.text(path, NOW)
