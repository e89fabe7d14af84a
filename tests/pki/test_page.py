"""The page on TLS: its commands work as they stand, and its words are the program's."""

import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pki.peers import HOST, POWER, context, serving
from submeter import pki_command
from submeter.modbus.settings import TlsSettings
from submeter.modbus_security import role_of
from tooling.program import CHECKOUT

PAGE = (CHECKOUT / "docs" / "tls.md").read_text()
MODBUS = CHECKOUT / "server" / "submeter" / "modbus"
PKI = f"{sys.executable} -c 'from submeter.pki_command import pki; pki()'"


def fenced(language: str) -> list[str]:
    """Return the blocks of a language."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [text for name, text in blocks if name == language]


def spoken(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the page in `folder`, with its server on loopback."""
    line = line.replace(".venv/bin/submeter pki", PKI).replace("192.0.2.7", HOST)
    return subprocess.run(
        line, shell=True, capture_output=True, text=True, timeout=30, check=False, cwd=folder
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first block of commands was run."""
    made = tmp_path_factory.mktemp("page")
    for line in fenced("sh")[0].splitlines():
        ended = spoken(made, line)
        assert ended.returncode == 0, f"{line}: {ended.stderr}"
    return made


def test_files_are_those_of_the_table(folder: Path) -> None:
    table = PAGE.split("| file in `site/` |")[1].split("\n\n")[0]
    names = set(re.findall(r"`(\w+\.\w+)`", table))
    assert names == {each.name for each in (folder / "site").iterdir()}


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_request_with_openssl(folder: Path) -> None:
    line, answer = fenced("sh")[1], fenced("")[0]
    site = folder / "site"
    with serving(context(site, "server", site / "ca.crt", server=True)) as server:
        ended = spoken(folder, line.replace(":802", f":{server.port}"))
    assert ended.stdout.split() == answer.split(), ended.stderr
    assert bytes.fromhex(answer) == POWER
    assert server.role == "operator"


def test_request_with_pymodbus(folder: Path) -> None:
    (script,) = fenced("python")
    site = folder / "site"
    with serving(context(site, "server", site / "ca.crt", server=True)) as server:
        text = script.replace("192.0.2.7", HOST).replace("port=802", f"port={server.port}")
        ended = subprocess.run(
            [sys.executable, "-c", text],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            cwd=folder,
        )
    assert ended.stdout == "[17254, 32768]\n", ended.stderr
    assert server.role == "operator"


def test_renewing(folder: Path) -> None:
    before = (folder / "site" / "bms.crt").read_bytes()
    for line in [line for block in fenced("sh")[2:] for line in block.splitlines()]:
        ended = spoken(folder, line)
        assert ended.returncode == 0, f"{line}: {ended.stderr}"
    assert (folder / "site" / "bms.crt").read_bytes() != before
    assert (folder / "both.crt").read_text().count("BEGIN CERTIFICATE") == 2


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_role_written_by_openssl(tmp_path: Path) -> None:
    line = fenced("")[-1].strip()
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x"
    request += " -keyout x.key -outform DER -out x.crt"
    ended = subprocess.run(
        [*request.split(), "-addext", line.replace(" = ", "=")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=tmp_path,
    )
    assert ended.returncode == 0, ended.stderr
    assert role_of((tmp_path / "x.crt").read_bytes()) == "operator"


def test_configuration_on_the_page() -> None:
    whole, roles = (yaml.safe_load(block)["modbus"]["tls"] for block in fenced("yaml"))
    told = TlsSettings.model_validate(whole)
    assert told.roles == roles["roles"]
    assert (told.host, told.port) == (
        TlsSettings.model_fields["host"].default,
        TlsSettings.model_fields["port"].default,
    )


def test_reasons_are_those_of_the_face() -> None:
    source = "".join((MODBUS / f"{name}.py").read_text() for name in ("tls", "roles"))
    table = PAGE.split("| reason | what to do |\n|---|---|\n")[1].split("\n\n")[0]
    reasons = re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    assert len(reasons) == 9
    assert [each for each in reasons if f'"{each}' not in source] == []


def test_days_on_the_page() -> None:
    for name, days in re.findall(r"^\| (authority|server|client) \| (\d+) days", PAGE, re.M):
        command = inspect.signature(getattr(pki_command, name))
        assert command.parameters["days"].default == int(days), name
