"""The command lines of capture and probe."""

import termios
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from submeter import port_commands
from submeter.sources import recording
from tooling.speaking_line import speaking

APP = typer.Typer()
port_commands.register(APP)


@pytest.mark.parametrize("command", ["capture", "probe"])
def test_help_has_an_example(command: str) -> None:
    shown = CliRunner().invoke(APP, [command, "--help"])
    assert shown.exit_code == 0
    assert f"Example: submeter {command} /dev/ttyUSB0" in shown.output


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["capture", "COM3", "FILE"], 2, "'COM3' is no port; write /dev/serial/by-id/"),
        (["capture", "/dev/none", "FILE"], 1, "there is no /dev/none; plug the adapter in"),
        (["capture", "/dev/none", "FILE", "--format", "9X9"], 2, "'9X9' is no format; there are"),
        (["probe", "COM3"], 2, "'COM3' is no port"),
        (["probe", "/dev/none"], 1, "there is no /dev/none"),
        (["probe", "--mbus", "/dev/none"], 1, "there is no /dev/none"),
    ],
)
def test_a_fault_is_one_line(arguments: list[str], status: int, told: str, tmp_path: Path) -> None:
    places = [str(tmp_path / "a.rec") if each == "FILE" else each for each in arguments]
    ended = CliRunner().invoke(APP, places)
    assert ended.exit_code == status
    assert ended.output.startswith(told)
    assert ended.output.count("\n") == 1


def test_capture_says_where_it_is(tmp_path: Path) -> None:
    recorded = tmp_path / "old.rec"
    recorded.write_text("# submeter capture\n" + "0.0 4142\n")
    file = tmp_path / "new.rec"
    arguments = ["capture", f"replay:{recorded}", str(file), "--seconds", "0.1", "--format", "8n1"]
    ended = CliRunner().invoke(APP, arguments)
    assert ended.exit_code == 0, ended.output
    assert ended.output.startswith("2 bytes in 0.")
    assert "# line 9600 8N1" in file.read_text()


@pytest.mark.parametrize(
    ("baudrate", "told"),
    [("10400", "there is no speed 10400; try 9600 or 19200"), ("60", "try 50 or 75")],
)
def test_a_speed_that_there_is_not_is_named(baudrate: str, told: str, tmp_path: Path) -> None:
    with speaking(b"", termios.B1200) as port:
        arguments = ["capture", port, str(tmp_path / "a.rec"), "--baudrate", baudrate]
        ended = CliRunner().invoke(APP, arguments)
    assert ended.exit_code == 1
    assert told in ended.output
    assert "8N1" not in ended.output


def test_capture_checks_the_parity_of_a_uart_that_cannot(tmp_path: Path) -> None:
    with speaking(bytes([0xE1, 0x61, 0xE1]), termios.B1200) as port:
        arguments = ["capture", port, str(tmp_path / "a.rec"), "--baudrate", "1200"]
        ended = CliRunner().invoke(APP, [*arguments, "--software-parity", "--seconds", "0.2"])
    assert ended.exit_code == 0, ended.output
    with (tmp_path / "a.rec").open("rb") as file:
        heard = b"".join(each.data for each in recording.read(file))
    assert b"a\0a" in heard
    assert set(heard) <= set(b"a\0")
