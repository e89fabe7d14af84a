"""`submeter pki`: what it makes, what it says, and what it refuses without a trace."""

import os
import pty
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from pki.peers import NOW, put
from submeter.modbus_security import role_of
from submeter.pki import authority

COMMAND = [sys.executable, "-c", "from submeter.pki_command import pki; pki()"]
PATIENCE = 20

Ended = subprocess.CompletedProcess[str]


def run(folder: Path, line: str, stdin: str = "") -> Ended:
    """Run a command line in which SITE stands for `folder`; it may never end in a traceback."""
    ended = subprocess.run(
        [*COMMAND, *(each.replace("SITE", str(folder)) for each in line.split())],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert "Traceback" not in ended.stderr
    return ended


def refused(folder: Path, line: str, status: int = 2) -> str:
    """Run what is refused in one line, which is returned, and changes nothing."""
    before = {each: each.read_bytes() for each in folder.glob("*")}
    ended = run(folder, line)
    assert (ended.returncode, ended.stdout) == (status, ""), ended
    assert {each: each.read_bytes() for each in folder.glob("*")} == before
    (told,) = ended.stderr.splitlines()
    return told.replace(f"{folder}/", "")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    made = authority.make("Site CA", 1000, NOW)
    folder.mkdir()
    put(folder, "ca", made)
    return folder


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_authority(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    ended = run(folder, "authority SITE --name Site-CA --days 3650")
    assert ended.returncode == 0, ended.stderr
    assert "ca.crt: valid" in ended.stdout
    assert "3650 days left" in ended.stdout
    assert {each.name for each in folder.iterdir()} == {"ca.crt", "ca.key"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    made = certificate(folder / "ca.crt")
    constraints = made.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (True, False)
    assert made.not_valid_after_utc - made.not_valid_before_utc == timedelta(days=3650, hours=1)


def test_private_keys_are_private(site: Path) -> None:
    mask = os.umask(0)
    try:
        run(site, "client SITE bms --role operator --p12 --stdin", "long enough\n")
        run(site, "server SITE meter.local")
    finally:
        os.umask(mask)
    modes = {each.name: oct(stat.S_IMODE(each.stat().st_mode)) for each in site.iterdir()}
    assert set(modes) == {f"{n}.{e}" for n in ("ca", "server", "bms") for e in ("crt", "key")} | {
        "bms.p12"
    }
    assert {modes[name] for name in modes if not name.endswith(".crt")} == {"0o600"}


def test_server(site: Path) -> None:
    ended = run(site, "server SITE Meter.Local 192.0.2.7 2001:db8::7 meter.local --days 30")
    assert ended.returncode == 0, ended.stderr
    shown = run(site, "show SITE/server.crt").stdout
    assert "CN=meter.local\n" in shown
    assert "names        meter.local, 192.0.2.7, 2001:db8::7\n" in shown
    assert "a server\n" in shown
    # The clock goes on between the two commands.
    assert "30 days left\n" in shown or "29 days left\n" in shown
    assert "issuer       CN=Site CA\n" in shown


def test_client_and_its_p12(site: Path) -> None:
    ended = run(site, "client SITE bms-1 --role reader --p12 --stdin", "long enough\n")
    assert ended.returncode == 0, ended.stderr
    made = certificate(site / "bms-1.crt")
    assert role_of(made.public_bytes(Encoding.DER)) == "reader"
    data = (site / "bms-1.p12").read_bytes()
    key, own, others = pkcs12.load_key_and_certificates(data, b"long enough")
    assert key is not None
    assert own == made
    assert own.public_key() == key.public_key()
    assert others == [certificate(site / "ca.crt")]
    assert "role         reader\n" in run(site, "show SITE/bms-1.crt").stdout


def test_serials_and_keys_differ(site: Path) -> None:
    for name in ("one", "two"):
        assert run(site, f"client SITE {name} --role reader").returncode == 0
    one, two = certificate(site / "one.crt"), certificate(site / "two.crt")
    assert one.serial_number != two.serial_number
    assert one.public_key() != two.public_key()


def test_force_replaces_what_is_there(site: Path) -> None:
    assert run(site, "server SITE meter.local").returncode == 0
    before = certificate(site / "server.crt")
    assert refused(site, "server SITE meter.local").startswith("server.crt is there already;")
    assert run(site, "server SITE meter.local --force").returncode == 0
    assert certificate(site / "server.crt").serial_number != before.serial_number
    assert not list(site.glob("*.old"))


def test_one_file_in_the_way_is_enough(site: Path) -> None:
    (site / "bms.p12").write_text("mine")
    told = refused(site, "client SITE bms --role reader --p12")
    assert told == "bms.p12 is there already; --force replaces it"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("server SITE 192.0.2.7:802", "'192.0.2.7:802' is neither a host name nor"),
        ("client SITE ../bms --role reader", "'../bms' cannot name a client"),
        ("client SITE CA --role reader", "'CA' is the name of other files there"),
        (f"client SITE bms --role {'x' * 65}", "a role has 1 to 64 characters"),
        ("client SITE bms --role=", "a role has 1 to 64 characters"),
        ("client SITE bms --role reader --stdin", "--stdin is for the password of --p12"),
        ("client SITE bms --role reader --p12", "there is no terminal to ask on"),
        ("client SITE bms --role reader --days 1001", "1001 days are too many: the authority ends"),
        ("server SITE/nowhere meter.local", "there is no nowhere/ca.crt; 'submeter pki authority"),
        ("server SITE/ca.crt meter.local", "there is no ca.crt/ca.crt; 'submeter pki authority"),
        ("show SITE/ca.key", "ca.key holds no certificate"),
        ("show SITE/nothing", "there is no nothing"),
        ("authority SITE --name Other", "ca.crt is there already; --force replaces it"),
    ],
)
def test_what_a_user_may_get_wrong(site: Path, line: str, told: str) -> None:
    assert refused(site, line).startswith(told)


@pytest.mark.parametrize("stdin", ["", "short\n", "tab\tin between\n", "x" * 101])
def test_passwords_that_are_none(site: Path, stdin: str) -> None:
    ended = run(site, "client SITE bms --role reader --p12 --stdin", stdin)
    assert ended.returncode == 2
    assert ended.stderr == "a password has 8 to 100 printable characters\n"
    assert not list(site.glob("bms*"))


@pytest.mark.parametrize("line", ["authority SITE/a/b --name X", "show SITE"])
def test_what_the_system_refuses(site: Path, line: str) -> None:
    assert refused(site, line, status=1).startswith("cannot ")


@pytest.mark.parametrize("line", ["authority x --name y --days 0", "server SITE", "client SITE b"])
def test_usage(site: Path, line: str) -> None:
    assert run(site, line).returncode == 2


def test_every_help_has_an_example() -> None:
    for command in ("authority", "server", "client", "show"):
        ended = run(Path(), f"{command} --help")
        assert ended.returncode == 0
        assert f"Example: submeter pki {command} " in ended.stdout


@pytest.mark.parametrize(("again", "status"), [(b"long enough", 0), (b"long enouhg", 2)])
def test_password_is_asked_for_twice_without_echo(site: Path, again: bytes, status: int) -> None:
    ours, theirs = pty.openpty()
    with open(ours, "wb", buffering=0) as keyboard, open(theirs, "rb", buffering=0) as terminal:
        # Of its own session, so that the terminal on standard input is not the tests' own.
        process = subprocess.Popen(
            [*COMMAND, "client", str(site), "bms", "--role", "reader", "--p12"],
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stderr is not None
        # What is typed before it asks would be thrown away.
        shown = process.stderr.read(len("Password of the .p12 file: "))
        keyboard.write(b"long enough\n")
        shown += process.stderr.read(len("\nOnce more: "))
        keyboard.write(again + b"\n")
        stdout, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == status, stderr
    assert b"long" not in shown + stdout + stderr
    assert (site / "bms.p12").exists() == (status == 0)
