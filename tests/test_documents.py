"""What the documents say is what the program does."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tooling.modbus_client import Poller
from tooling.program import CHECKOUT, eventually, free_port, loopback, run, running

README = (CHECKOUT / "README.md").read_text()
EXAMPLE = CHECKOUT / "config.example.yaml"


def command(beginning: str) -> str:
    """Return the one command in the README that begins so."""
    found = re.findall(rf"^{re.escape(beginning)}.*$", README, re.MULTILINE)
    assert len(found) == 1, found
    return str(found[0])


def answer_in_readme(pattern: str) -> float:
    found = re.search(pattern, README, re.MULTILINE)
    assert found
    return float(found[1])


def test_register_list_is_current() -> None:
    assert (CHECKOUT / "docs" / "registers.md").read_text() == run("map", "standard").stdout


def test_example_is_good() -> None:
    ended = run("check", str(EXAMPLE))
    assert ended.returncode == 0, ended.stderr
    assert "meter linky: unit id 1" in ended.stdout
    assert "meter workshop: unit id 2" in ended.stdout


def test_every_link_leads_somewhere() -> None:
    for page in [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run the example and give its Modbus port once the Linky is heard."""
    port = free_port()
    folder = tmp_path_factory.mktemp("example")
    settings = ["--set", f"modbus.tcp.port={port}", "--set", f"bacnet.address={loopback(3)}/8"]
    settings += ["--set", f"store.path={folder / 'submeter.db'}", "--set", "store.commit=1"]
    with running(EXAMPLE, folder / "log", *settings), Poller(port) as poller:
        eventually(lambda: poller.bit(1, 1001))
        yield port


@pytest.mark.skipif(not shutil.which("mbpoll"), reason="mbpoll is not installed")
def test_readme_mbpoll_line(example: int) -> None:
    line = command("mbpoll").replace("-p 5020", f"-p {example}")
    output = subprocess.run(line.split(), capture_output=True, text=True, check=True).stdout
    assert "-- Polling slave 1..." in README
    polled = re.search(r"^\[1\]: \t([0-9.]+)$", output, re.MULTILINE)
    assert polled, output
    assert float(polled[1]) == pytest.approx(answer_in_readme(r"^\[1\]: \t([0-9.]+)$"), abs=1)


@pytest.mark.usefixtures("example")
def test_readme_bacnet_line(tmp_path: Path) -> None:
    line = command("echo").replace("192.0.2.5:47808", f"{loopback(3)}:47808")
    line = line.replace("192.0.2.5/24:47809", f"{loopback(4)}/8:47809")
    line = line.replace(".venv/bin/python", sys.executable)
    # The client leaves its history in the folder that it is called in.
    ended = subprocess.run(
        line, shell=True, capture_output=True, text=True, timeout=20, check=False, cwd=tmp_path
    )
    read = float(ended.stdout.strip())
    assert read == pytest.approx(answer_in_readme(r"^(2[0-9]{2}\.[0-9])$"), abs=15)
