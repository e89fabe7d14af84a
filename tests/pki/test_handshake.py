"""What real TLS peers, and `openssl verify`, make of the certificates."""

import shutil
import ssl
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from pki.peers import HOST, NOW, POWER, Site, context, poll, put, serving, site
from submeter.pki import authority, issue

EARLIER = NOW - timedelta(days=3)
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture
def here(tmp_path: Path) -> Site:
    return site(tmp_path / "here", EARLIER)


def met(here: Site, client: Path, trusted: Path | None = None) -> tuple[bytes, str | None, str]:
    """Let `client` poll the server; returns the answer, the role and why it was refused."""
    ca = here.folder / "ca.crt"
    listening = context(here.folder, "server", trusted or ca, server=True)
    calling = context(client.parent, client.name, ca, server=False)
    with serving(listening) as server:
        try:
            answer = poll(calling, server.port)
        except OSError:
            answer = b""
    return answer, server.role, server.refusal


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("host", [HOST, "meter.local"])
def test_good_client_is_served(here: Site, version: ssl.TLSVersion, host: str) -> None:
    here.client("bms", "operator")
    listening = context(here.folder, "server", here.folder / "ca.crt", server=True)
    calling = context(here.folder, "bms", here.folder / "ca.crt", server=False)
    calling.maximum_version = calling.minimum_version = version
    with serving(listening) as server:
        assert poll(calling, server.port, host) == POWER
    assert (server.role, server.refusal) == ("operator", "")


def test_expired_client(here: Site) -> None:
    here.client("late", now=EARLIER)
    assert met(here, here.folder / "late") == (b"", None, "certificate has expired")


def test_client_of_tomorrow(here: Site) -> None:
    here.client("early", now=NOW + timedelta(days=1))
    assert met(here, here.folder / "early") == (b"", None, "certificate is not yet valid")


def test_clock_that_is_late(here: Site) -> None:
    here.client("ahead", now=NOW + timedelta(minutes=59))
    assert met(here, here.folder / "ahead")[0] == POWER


def test_client_of_another_authority(here: Site, tmp_path: Path) -> None:
    other = site(tmp_path / "other")
    other.client("bms")
    answer, role, refusal = met(here, other.folder / "bms")
    assert (answer, role) == (b"", None)
    # Both authorities are called alike: the key tells them apart.
    assert refusal in {"unable to get local issuer certificate", "certificate signature failure"}


def test_server_certificate_as_a_client(here: Site) -> None:
    assert "certificate purpose" in met(here, here.folder / "server")[2]


def test_client_certificate_as_a_server(here: Site) -> None:
    here.client("bms")
    listening = context(here.folder, "bms", here.folder / "ca.crt", server=True)
    calling = context(here.folder, "bms", here.folder / "ca.crt", server=False)
    with serving(listening) as server, pytest.raises(ssl.SSLError, match="purpose"):
        poll(calling, server.port)


def test_server_under_another_name(here: Site) -> None:
    here.client("bms")
    listening = context(here.folder, "server", here.folder / "ca.crt", server=True)
    calling = context(here.folder, "bms", here.folder / "ca.crt", server=False)
    with serving(listening) as server, pytest.raises(ssl.SSLError, match="Hostname mismatch"):
        poll(calling, server.port, "other.local")


def test_client_without_a_role(here: Site) -> None:
    put(here.folder, "plain", authority.issue(here.authority, "plain", [], 1, NOW))
    # TLS lets it in: the face asks for the role.
    assert met(here, here.folder / "plain") == (POWER, None, "")


def test_two_authorities_while_one_is_replaced(here: Site, tmp_path: Path) -> None:
    new = site(tmp_path / "new")
    new.client("moved", "reader")
    here.client("waiting")
    both = tmp_path / "both.crt"
    both.write_bytes((here.folder / "ca.crt").read_bytes() + (new.folder / "ca.crt").read_bytes())
    assert met(here, here.folder / "waiting", both) == (POWER, "operator", "")
    assert met(here, new.folder / "moved", both) == (POWER, "reader", "")


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
@pytest.mark.parametrize(
    ("name", "purpose", "said"),
    [
        ("bms", "sslclient", "OK"),
        ("server", "sslserver", "OK"),
        ("bms", "sslserver", "certificate purpose"),
        ("late", "sslclient", "certificate has expired"),
        ("stranger", "sslclient", "error 20|error 7"),
    ],
)
def test_openssl_verify(here: Site, tmp_path: Path, name: str, purpose: str, said: str) -> None:
    here.client("bms")
    here.client("late", now=EARLIER)
    stranger = site(tmp_path / "other").authority
    put(here.folder, "stranger", issue.client(stranger, "stranger", "operator", 1, NOW))
    ended = subprocess.run(
        f"openssl verify -x509_strict -purpose {purpose} -CAfile ca.crt {name}.crt".split(),
        cwd=here.folder,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    shown = ended.stdout + ended.stderr
    assert any(each in shown for each in said.split("|")), shown
    assert (ended.returncode == 0) == (said == "OK"), shown


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_reads_the_role(here: Site) -> None:
    here.client("bms", "chief operator")
    shown = subprocess.run(
        ["openssl", "asn1parse", "-in", str(here.folder / "bms.crt")],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    ).stdout
    below = shown.split("1.3.6.1.4.1.50316.802.1", 1)[1]
    assert "BOOLEAN" not in below
    assert f"[HEX DUMP]:0C0E{b'chief operator'.hex().upper()}" in below
