"""The whole firmware in an emulated RP2040, with the real MicroPython: registers, DMA, USB, flash.

Runs only where SUBMETER_FIRMWARE_IMAGE names a UF2 image of MicroPython for the Pico, and where
this interpreter, or that which SUBMETER_EMULATOR_PYTHON names, has rp2040py and littlefs-python.
"""

import importlib.util
import json
import math
import os
import re
import subprocess
import sys
import zlib
from typing import Any

import pytest

from submeter import firmware_files
from submeter.flash import image
from tooling import rp2040_emulator
from tooling.rp2040_emulator import AMPLITUDES, ANGLES, FREQUENCY

IMAGE = os.environ.get("SUBMETER_FIRMWARE_IMAGE", "")
PYTHON = os.environ.get("SUBMETER_EMULATOR_PYTHON", "")
CAN = IMAGE and (PYTHON or importlib.util.find_spec("rp2040py"))

pytestmark = [
    pytest.mark.skipif(not CAN, reason="SUBMETER_FIRMWARE_IMAGE names no image, or no emulator"),
    pytest.mark.timeout(1200),
]

RP2040 = 6 | 3 << 8 | 4 << 10  # sys.implementation._mpy
LAGS = (0, 40, 80)
SPACE = 3584  # frames that may wait
SAID = (
    "4.6:!stall 2.2",
    "4.7:1 time",  # a short line first, so that the room for the next one is no whole piece
    "7.1:!open 2",
    '7.2:2 cfg {"lags": [0, 40, 80], "pins": [2]}',
    "7.4:!close 2 12",
    '8:3 snap {"n": 400}',
    "9.5:4 reset",
)
SECONDS = 14.5

Said = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[Said]:
    """Return every line of the board; one may be cut, where the host read nothing."""
    folder = tmp_path_factory.mktemp("board")
    for name, content in image.build(RP2040).files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    program = [PYTHON or sys.executable, str(rp2040_emulator.__file__)]
    command = [*program, IMAGE, str(folder), str(SECONDS), *SAID]
    text = subprocess.run(command, check=True, capture_output=True, timeout=1000).stdout
    lines, cut = [], 0
    for line in text.split(b"\r\n"):
        found = re.fullmatch(rb"\$((\w+) (\{.*\}))\*([0-9A-F]{8})", line)
        if found and zlib.crc32(found[1]) == int(found[4], 16):
            lines.append((found[2].decode(), json.loads(found[3])))
        else:
            cut += line.startswith(b"$")
    assert cut <= 1
    return lines


def of(said: list[Said], tag: str, boot: str = "") -> list[dict[str, Any]]:
    return [told for each, told in said if each == tag and boot in ("", told.get("b", boot))]


def runs(said: list[Said]) -> list[list[dict[str, Any]]]:
    """Return the records of each run."""
    return [of(said, "S", identity["boot"]) for identity in of(said, "ID")]


def test_it_says_who_it_is(said: list[Said]) -> None:
    first, changed, again = of(said, "ID")
    assert first["fw"] == firmware_files.version()
    assert re.fullmatch(r"[0-9a-f]{16}", first["uid"])
    assert (first["fs"], first["ch"], first["v"]) == (6000, 4, 1)
    assert (first["reset"], changed["reset"], again["reset"]) == ("power", "settings", "soft")
    assert first["lags"] == [0, 0, 0]
    assert changed["lags"] == again["lags"] == list(LAGS)  # kept on the flash
    assert len({first["boot"], changed["boot"], again["boot"]}) == 3


def test_no_sample_is_lost_while_the_host_reads_nothing(said: list[Said]) -> None:
    records = [record for run in runs(said) for record in run]
    assert len(records) >= 5
    assert {(record["o"], record["l"]) for record in records} == {(0, 0)}
    assert all(record["w"] <= SPACE for record in records)
    assert max(record["w"] for record in records) > 2000, "the host was not missed"
    for run in runs(said)[:2]:
        assert len(run) >= run[-1]["q"] - 1
        # What was sampled is what the crystal says, to some ms of a look.
        for record in run:
            assert record["f"] == pytest.approx(record["t"] * 6000 / 1e6, abs=60)
            assert 0 <= record["f"] - record["n"] < 800


def between(run: list[dict[str, Any]], key: str) -> int:
    return int(run[-1][key] - run[0][key])


@pytest.mark.parametrize("number", [0, 1])
def test_the_sums_are_those_of_the_waveform(said: list[Said], number: int) -> None:
    """The second run begins after the sampler was stopped and started: no channel has moved."""
    run = runs(said)[number]
    assert len(run) >= 2
    lags = (0, 0, 0) if number == 0 else LAGS
    frames = between(run, "n")
    assert between(run, "c") * 6000 * 4096 / between(run, "z") == pytest.approx(FREQUENCY, abs=5e-4)
    means = [(b - a) / frames for a, b in zip(run[0]["s"], run[-1]["s"], strict=True)]
    voltage = AMPLITUDES[0]
    assert means[0] == pytest.approx(0, abs=0.5)
    assert means[1] == pytest.approx(voltage**2 / 2, rel=5e-4)
    for clamp in (1, 2, 3):
        mean, square, *products = means[2 + 5 * (clamp - 1) :][:5]
        peak = AMPLITUDES[clamp]
        assert mean == pytest.approx(0, abs=0.5)
        assert square == pytest.approx(peak**2 / 2, rel=5e-4, abs=1)  # noise and rounding: 0.4
        for lag, product in zip((0, 1, 30), products, strict=True):
            # A channel is sampled a quarter of a frame after the one before it.
            late = (lags[clamp - 1] + lag + clamp / 4) / 6000
            angle = 2 * math.pi * (FREQUENCY * late - ANGLES[clamp] / 360)
            expected = voltage * peak / 2 * math.cos(angle)
            assert product == pytest.approx(expected, abs=voltage * peak / 2 * 2e-3)


def test_contacts_that_bounce_are_counted(said: list[Said]) -> None:
    run = runs(said)[1]
    assert [record["p"] for record in run][-1] == [12]
    assert 3 <= run[0]["p"][0] <= 9


def test_commands_are_answered(said: list[Said]) -> None:
    answers = {told["r"]: told for told in of(said, "R")}
    assert {number: told["ok"] for number, told in answers.items()} == {1: 1, 2: 1, 3: 1, 4: 1}
    waves = of(said, "W")
    assert [wave["k"] for wave in waves] == [0, 1]
    assert sum(wave["n"] for wave in waves) == 400
