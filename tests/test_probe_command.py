"""`submeter probe`: finds speed and protocol, and says what to configure."""

import asyncio
import os
import termios
import tty
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from submeter import dlms_maps, ears, mbus_probe_command, probe_command
from submeter.config import SourceEntry
from submeter.errors import Condition, ConfigError, LinkError
from submeter.probe_command import ATTEMPTS, run
from submeter.sources import line_settings
from submeter.sources.dlms import axdr, hdlc, security
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.keys import Keys
from submeter.sources.mbus import timing
from submeter.sources.mbus.address import Address, Secondary
from submeter.sources.mbus.scan import Found
from submeter.sources.port import Line
from submeter.sources.tic.decoder import Group, Mode
from tooling import mbus_records, tic
from tooling.clamp_records import IdealBoard
from tooling.mbus_bus import Bus, Slave, over_pty
from tooling.pty_board import PtyBoard
from tooling.speaking_line import speaking

TIC = tic.frame(
    Mode.HISTORIQUE,
    [
        Group("ADCO", "041876097767"),
        Group("BASE", "012345678"),
        Group("IINST", "007"),
        Group("PAPP", "01650"),
    ],
)
PUSH = b"\x0f\0\0\0\1\0" + axdr.encode(
    Data(
        axdr.STRUCTURE,
        [
            Data(axdr.OCTETS, bytes([1, 0, 1, 8, 0, 255])),
            Data(axdr.UINT32, 4408736),
            Data(axdr.OCTETS, bytes([1, 0, 1, 7, 0, 255])),
            Data(axdr.UINT32, 2893),
        ],
    )
)


def framed(message: bytes) -> bytes:
    return hdlc.encode(hdlc.Frame(b"\xce\xff", b"\x03", 0x13, b"\xe6\xe7\0" + message))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        probe_command, "ATTEMPTS", [replace(each, seconds=0.15) for each in ATTEMPTS]
    )
    monkeypatch.setattr(probe_command, "_WHATEVER", replace(probe_command._WHATEVER, seconds=0.3))
    monkeypatch.setattr(probe_command, "MORE_SECONDS", 0.1)


def pasted(shown: str) -> tuple[str, dict[str, Any]]:
    """Return the kind and the settings of the lines to paste, which a configuration takes."""
    entry = yaml.safe_load(shown[shown.index("    sources:\n") :])["sources"][0]
    SourceEntry.model_validate(entry)
    ((kind, settings),) = entry.items()
    return kind, settings


def rows(shown: str) -> dict[str, str]:
    cells = [line.strip("│").split("│") for line in shown.splitlines() if line.startswith("│")]
    return {label.strip(): value.strip() for label, value in cells}


@pytest.mark.parametrize("rate", [9600, 1200, 2400])
def test_tic_is_found_at_its_speed(rate: int, capsys: pytest.CaptureFixture[str]) -> None:
    with speaking(TIC, getattr(termios, f"B{rate}")) as port:
        run(port)
    shown = capsys.readouterr().out
    assert "protocol:      TIC, mode historique" in shown
    assert "meter:         041876097767" in shown
    assert f"line:          {rate} 7E1\n" in shown
    assert rows(shown)["PAPP"] == "01650"
    assert pasted(shown) == ("tic", {"port": port})


@pytest.mark.parametrize("says_so", [True, False])
def test_a_port_without_parity(
    says_so: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    really = line_settings.apply

    def pretend(descriptor: int, line: Line) -> None:
        """Take 7E1 without a word, and understand nothing by it."""
        really(descriptor, line if line.masked else line._replace(baudrate=300))

    if says_so:
        monkeypatch.setattr(line_settings, "_PSEUDO_TERMINALS", ())
    else:
        monkeypatch.setattr(line_settings, "apply", pretend)
    text = bytes(byte | byte.bit_count() % 2 << 7 for byte in TIC)
    with speaking(text, termios.B1200) as port:
        run(port)
    shown = capsys.readouterr().out
    assert "line:          1200 7E1 (parity checked here)" in shown
    assert pasted(shown) == ("tic", {"port": port, "format": "8N1"})


def test_a_push_is_found_and_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    with speaking(framed(PUSH), termios.B9600) as port:
        run(port)
    shown = capsys.readouterr().out
    assert "protocol:      DLMS push in HDLC frames" in shown
    assert "layout:        pairs" in shown
    assert rows(shown)["1-0:1.8.0*255"] == "4408736"
    kind, settings = pasted(shown)
    expected = {"port": port, "baudrate": 9600, "format": "8N1", "map": "obis-austria-pairs"}
    assert (kind, settings) == ("dlms", expected)


@pytest.mark.parametrize(
    ("layout", "counts", "name"),
    [
        ("object list", set(), None),
        ("", set(), None),
        ("pairs", set(), "obis-austria-pairs"),
        ("positional", {11}, "obis-austria-positional"),
        ("positional", {1, 13}, "obis-norway-kaifa"),
        ("positional", {77}, None),
    ],
)
def test_the_map_is_proposed_by_the_layout(layout: str, counts: set[int], name: str | None) -> None:
    assert dlms_maps.fitting(layout, counts) == name


def test_a_ciphered_push_says_who_and_that_keys_are_needed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    keys = Keys(bytes(16), bytes(16))
    message = security.seal(b"LGZ\x67\x73\x70\xb1\x77", 7, PUSH, keys)
    with speaking(framed(message), termios.B2400) as port:
        run(port)
    shown = capsys.readouterr().out
    assert "meter:         LGZ677370B177" in shown
    assert "ciphered:      yes: ask the utility for the keys" in shown
    assert pasted(shown)[1]["keys"] == "meter.keys"


def test_a_recording_is_probed_like_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "board.raw"
    record = b'S {"b":7,"p":[12,3]}'
    file.write_bytes(b"$%s*%08x\r\n" % (record, zlib.crc32(record)) * 20)
    run(f"replay:{file}?speed=100")
    shown = capsys.readouterr().out
    assert "protocol:      board that counts pulses" in shown
    assert "line:" not in shown
    assert rows(shown) == {"input 1": "12", "input 2": "3"}
    with pytest.raises(ValueError, match="'AS ON THE METER' is no weight of a pulse"):
        pasted(shown)
    entry = shown[shown.index("    sources:\n") :].replace("AS ON THE METER", "1 Wh")
    assert pasted(entry)[0] == "pulse", "it lacks nothing else"


def test_a_board_with_clamps_is_told_by_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layouts: dict[str, tuple[str, dict[str, Any]]] = {
        "v3i": ("a voltage and three clamps", {}),
        "4i": ("four clamps", {"voltage": None}),
    }
    for layout, (told, more) in layouts.items():
        board, file = IdealBoard(layout=layout, pins=(2,)), tmp_path / "board.raw"
        file.write_bytes(board.line("ID", board.identity()) + board.lines(20))
        run(f"replay:{file}?speed=100")
        shown = capsys.readouterr().out
        assert "protocol:      RP2040 board with clamps" in shown
        assert f"board:         {board.uid}" in shown
        assert f"layout:        {told}" in shown
        assert "firmware:      1.0.0" in shown
        assert rows(shown) == {"input 1": "0"}
        kind, entry = pasted(shown)
        assert kind == "rp2040"
        assert entry == {
            "board": board.uid, "port": f"replay:{file}?speed=100", "clamps": {"L1": 1}, **more
        }  # fmt: skip


def test_what_a_board_says_of_itself_is_nothing_to_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    board, file = IdealBoard(pins=(2,)), tmp_path / "board.raw"
    board.firmware = "1\x1b[2J" + "x" * 500
    file.write_bytes(board.line("ID", board.identity()) + board.lines(20))
    run(f"replay:{file}?speed=100")
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "1\\x1b[2Jxxx" in shown
    assert 100 < shown.count("x") < 300


async def test_a_board_is_asked_who_it_is() -> None:
    with PtyBoard(IdealBoard()) as there:
        speaking = asyncio.create_task(tick(there))
        heard = await probe_command.listen(there.port)
        speaking.cancel()
        assert there.asked == ["id"]
        assert heard.ear
        assert heard.ear.facts["firmware"] == "1.0.0"


async def tick(there: PtyBoard) -> None:
    while True:
        there.tick()
        await asyncio.sleep(0.05)


def test_noise_is_told() -> None:
    with speaking(bytes(500), None) as port, pytest.raises(LinkError) as told:
        run(port)
    assert told.value.condition is Condition.NOISE
    assert "bytes came at /dev/pts/" in str(told.value)
    assert f"submeter capture {port} FILE" in str(told.value)


def test_silence_is_told() -> None:
    with speaking(b"", termios.B9600) as port, pytest.raises(LinkError) as told:
        run(port)
    assert told.value.condition is Condition.SILENT
    assert "not a byte" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "command", [run, lambda text: mbus_probe_command.run(text, 2400, True, True)]
)
def test_what_is_no_port(command: Any) -> None:
    with pytest.raises(ConfigError, match="is no port"):
        command("COM3")
    with pytest.raises(LinkError, match="there is no /dev/none"):
        command("/dev/none")


def test_what_no_terminal_should_get() -> None:
    assert probe_command._printable("a\x1b[2Jb") == "a\\x1b[2Jb"


def test_every_ear_survives_anything() -> None:
    for ear in ears.all_ears():
        for _ in range(50):
            ear.feed(os.urandom(100))
        assert not ear.sure or ear.good >= 3


async def found_on(bus: Bus, primary: bool, monkeypatch: pytest.MonkeyPatch) -> list[Found]:
    from submeter.sources.mbus import scan
    from submeter.sources.port import Device

    monkeypatch.setattr("submeter.sources.mbus.scan.LAST_PRIMARY", 3)
    name, search = ("primary", scan.primary) if primary else ("secondary", scan.secondary)
    quick = timing.of(Line(38400, "8E1"), remote=False)._replace(window=0.02, gap=0.01)
    monkeypatch.setattr(timing, "of", lambda *a, **k: quick)
    async with over_pty(bus) as node:
        return await mbus_probe_command._search(Device(node), Line(38400, "8E1"), [(name, search)])


@pytest.mark.parametrize("primary", [True, False])
async def test_an_m_bus_is_searched(primary: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    meter = Secondary("12345678", "ABB", 2, 2)
    bus = Bus([Slave(2, meter, [mbus_records.energy(1000)])])
    found = await found_on(bus, primary, monkeypatch)
    assert [each.meter for each in found] == [meter]
    text = mbus_probe_command.entry("/dev/ttyUSB0", 38400, found[0])
    (entry,) = yaml.safe_load(text)
    SourceEntry.model_validate(entry)
    assert entry["mbus"]["address"] == (2 if primary else "12345678-ABB-02-02")
    assert entry["mbus"]["map"] == "mbus-electricity"
    assert entry["mbus"]["baudrate"] == 38400


def test_the_meters_of_an_m_bus_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    water = Found(Address(7), Secondary("00000007", "SEN", 1, 7))
    both = Found(Address(9), collision=True, problem="garbage")
    console = Console(width=120)
    mbus_probe_command._print(console, "/dev/ttyUSB0", 2400, [water, both])
    shown = capsys.readouterr().out
    assert "several meters answer here" in shown
    assert "- mbus: {port: /dev/ttyUSB0, address: 7, map: mbus-water}\n" in shown
    assert shown.count("- mbus:") == 1


def test_nobody_on_an_m_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(*arguments: object) -> list[Found]:
        return []

    monkeypatch.setattr(mbus_probe_command, "_search", nobody)
    master, slave = os.openpty()
    tty.setraw(slave)
    with pytest.raises(LinkError, match=r"no meter answers at .* with 2400 8E1\. Check") as told:
        mbus_probe_command.run(os.ttyname(slave), 2400, True, False)
    os.close(master)
    os.close(slave)
    assert told.value.condition is Condition.SILENT
