"""What the documents say is what the program does."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tooling.program import CHECKOUT, free_port, run, running

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


@pytest.mark.skipif(not shutil.which("mbpoll"), reason="mbpoll is not installed")
def test_readme_mbpoll_line(tmp_path: Path) -> None:
    port = free_port()
    line = command("mbpoll").replace("-p 5020", f"-p {port}")
    settings = [f"modbus.tcp.port={port}", "bacnet.address=127.19.0.4/8", "bacnet.port=47822"]
    with running(EXAMPLE, tmp_path / "log", *(x for key in settings for x in ("--set", key))):
        time.sleep(2)
        output = subprocess.run(line.split(), capture_output=True, text=True, check=True).stdout
    assert "-- Polling slave 1..." in README
    polled = re.search(r"^\[1\]: \t([0-9.]+)$", output, re.MULTILINE)
    assert polled, output
    assert float(polled[1]) == pytest.approx(answer_in_readme(r"^\[1\]: \t([0-9.]+)$"), abs=1)


def test_readme_bacnet_line(tmp_path: Path) -> None:
    line = command("echo").replace("192.0.2.5:47808", "127.19.0.5:47823")
    line = line.replace("192.0.2.5/24:47809", "127.19.0.6/8:47824")
    line = line.replace(".venv/bin/python", sys.executable)
    settings = [f"modbus.tcp.port={free_port()}", "bacnet.address=127.19.0.5/8"]
    settings.append("bacnet.port=47823")
    with running(EXAMPLE, tmp_path / "log", *(x for key in settings for x in ("--set", key))):
        time.sleep(2)
        ended = subprocess.run(
            line, shell=True, capture_output=True, text=True, timeout=20, check=False, cwd=CHECKOUT
        )
    read = float(ended.stdout.strip())
    assert read == pytest.approx(answer_in_readme(r"^(2[0-9]{2}\.[0-9])$"), abs=15)
