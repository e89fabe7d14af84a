import errno
import os
import re
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from submeter.errors import LinkError
from submeter.modbus.rtu import line_port
from submeter.modbus.rtu.line_port import LinePort
from submeter.modbus.settings import Rs485Settings
from tooling.serial_line import SerialLine


@pytest.fixture
def line() -> Iterator[SerialLine]:
    line = SerialLine()
    yield line
    line.close()


def test_every_byte_gets_through_unaltered_both_ways(line: SerialLine) -> None:
    attributes = termios.tcgetattr(line.slave)
    attributes[0] |= termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.IXON | termios.ICRNL
    termios.tcsetattr(line.slave, termios.TCSANOW, attributes)
    port = LinePort(line.path, 19200, "8E1")
    everything = bytes(range(256))
    os.write(line.master, everything)
    assert port.read() == everything
    assert port.read() == b""
    assert port.write(everything) == 256
    assert line.drain(0.01) == everything
    assert port.unsent() == 0
    assert port.overruns() == 0
    port.give_up_sending()
    port.close()
    port.close()


def test_a_port_that_is_gone(line: SerialLine) -> None:
    port = LinePort(line.path, 19200, "8E1")
    line.close()
    gone = rf"^{line.path} is gone: "
    with pytest.raises(LinkError, match=gone):
        port.read()
    with pytest.raises(LinkError, match=gone):
        port.write(b"x")
    with pytest.raises(LinkError, match="cannot set"):
        port.change_format(9600, "8N2")
    port.close()


def test_a_busy_port(line: SerialLine) -> None:
    port = LinePort(line.path, 19200, "8E1")
    with pytest.raises(LinkError, match=r"^cannot open /dev/pts/.*: another program uses it$"):
        LinePort(line.path, 19200, "8E1")
    port.close()
    LinePort(line.path, 19200, "8E1").close()


def test_a_missing_node(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="there is no such device; is the adapter plugged in"):
        LinePort(str(tmp_path / "none"), 19200, "8E1")


def test_what_is_no_terminal(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(LinkError, match="it is no serial device; name the adapter's port"):
        LinePort(str(file), 19200, "8E1")


def test_a_node_without_permission_names_its_group(
    line: SerialLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(LinkError, match=r"no permission; its group is '\w+': add the user to it"):
        LinePort(line.path, 19200, "8E1")


def test_a_driver_without_rs485(line: SerialLine) -> None:
    wanted = f"cannot use {re.escape(line.path)}: its driver cannot switch the direction .*'rs485'"
    with pytest.raises(LinkError, match=wanted):
        LinePort(line.path, 19200, "8E1", Rs485Settings())
    LinePort(line.path, 19200, "8E1").close()


@pytest.mark.parametrize(
    ("form", "flags"), [("8E1", 0), ("8O1", 0), ("8N1", 0), ("8N2", termios.CSTOPB)]
)
def test_the_format_of_a_character(line: SerialLine, form: str, flags: int) -> None:
    port = LinePort(line.path, 9600, form)
    attributes = termios.tcgetattr(line.slave)
    assert attributes[2] & (termios.CSIZE | termios.CSTOPB) == termios.CS8 | flags
    assert attributes[4:6] == [termios.B9600, termios.B9600]
    port.close()


def test_a_change_of_format_forgets_what_came_before(line: SerialLine) -> None:
    port = LinePort(line.path, 19200, "8E1")
    os.write(line.master, b"old")
    port.change_format(38400, "8N2")
    os.write(line.master, b"new")
    assert port.read() == b"new"
    assert termios.tcgetattr(line.slave)[5] == termios.B38400
    port.close()


def test_a_driver_without_parity_is_told(line: SerialLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pseudo-terminal has none, and does not need it; a real line does."""
    monkeypatch.setattr(line_port, "_is_pseudo", lambda descriptor: False)
    LinePort(line.path, 19200, "8N2").close()
    with pytest.raises(LinkError, match="its driver has no characters 8E1; set another parity"):
        LinePort(line.path, 19200, "8E1")
