"""What may stand as the port of an instrument."""

import errno
import os
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from submeter.errors import Condition, LinkError
from submeter.sources.open_port import open_port
from submeter.sources.port import Device, Format, Line, Replay, Rfc2217, Socket, parse

HERE = Path("/srv/site")


@pytest.mark.parametrize(
    ("text", "expected", "shown"),
    [
        ("/dev/ttyUSB0", Device(Path("/dev/ttyUSB0")), "/dev/ttyUSB0"),
        ("socket://192.0.2.7:10001", Socket("192.0.2.7", 10001), "socket://192.0.2.7:10001"),
        ("socket://gate-1:10001/", Socket("gate-1", 10001), "socket://gate-1:10001"),
        ("socket://[2001:db8::1]:7", Socket("2001:db8::1", 7), "socket://[2001:db8::1]:7"),
        ("rfc2217://gate-1:4000", Rfc2217("gate-1", 4000), "rfc2217://gate-1:4000"),
        ("replay:a.tic", Replay(HERE / "a.tic", 1), "replay:/srv/site/a.tic"),
        ("replay:/b/a.tic", Replay(Path("/b/a.tic"), 1), "replay:/b/a.tic"),
        ("replay:a.tic?speed=10", Replay(HERE / "a.tic", 10), "replay:/srv/site/a.tic?speed=10"),
        ("replay:a.tic?speed=0.5", Replay(HERE / "a.tic", 0.5), "replay:/srv/site/a.tic?speed=0.5"),
    ],
)
def test_forms(text: str, expected: object, shown: str) -> None:
    assert parse(text, HERE) == expected
    assert str(parse(text, HERE)) == shown


@pytest.mark.parametrize("text", ["", "ttyUSB0", "COM3", "./dev/ttyUSB0", "tcp://h:1", "file:a"])
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no port; write /dev/serial/by-id/\.\.\., socket://"):
        parse(text, HERE)


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "host",
        "host:",
        "host:0",
        "host:65536",
        "host:ten",
        ":10001",
        "host:1/path",
        "host:1?speed=2",
        "host:1#x",
        "user@host:1",
        "[::1:7",
        "a..b:7",
        "a" * 64 + ":7",
    ],
)
def test_what_is_no_socket(rest: str) -> None:
    for scheme in ("socket", "rfc2217"):
        with pytest.raises(ValueError, match=f"is no address; write {scheme}://host:port"):
            parse(f"{scheme}://{rest}", HERE)


@pytest.mark.parametrize(
    "rest",
    ["", "?speed=2", "a?speed=0", "a?speed=-1", "a?speed=nan", "a?speed=inf", "a?speed=10001",
     "a?speed=", "a?speed=fast", "a?sped=2", "a?speed=2&loop=1"],
)  # fmt: skip
def test_what_is_no_recording(rest: str) -> None:
    with pytest.raises(
        ValueError, match=r"is no recording; write replay:FILE or replay:FILE.speed"
    ):
        parse(f"replay:{rest}", HERE)


@given(st.sampled_from(["", "/", "socket://", "rfc2217://", "replay:"]), st.text(max_size=20))
@example("socket://", "\u2100:1")
@example("socket://", "[v1.a]:1")
def test_any_text_is_a_port_or_a_value_error(start: str, rest: str) -> None:
    with suppress(ValueError):
        assert parse(start + rest, HERE)


def refusal(check: Callable[[], object]) -> str:
    with pytest.raises(LinkError) as caught:
        check()
    return str(caught.value)


def test_check_of_a_device(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    missing = tmp_path / "tty"
    assert refusal(Device(missing).check).startswith(f"there is no {missing}; plug the adapter in")
    assert "is no serial device; for a recording write replay:FILE" in refusal(Device(file).check)
    master, slave = os.openpty()
    try:
        Device(Path(os.ttyname(slave))).check()
    finally:
        os.close(master)
        os.close(slave)


def test_check_of_a_recording(tmp_path: Path) -> None:
    file = tmp_path / "a.tic"
    assert refusal(Replay(file, 1).check).endswith("a.tic: No such file or directory")
    assert refusal(Replay(tmp_path, 1).check).endswith(": Is a directory")
    file.touch()
    assert refusal(Replay(file, 1).check).endswith("a.tic is empty")
    file.write_bytes(b"x")
    Replay(file, 1).check()
    assert Replay(file, 1).content() == b"x"


def test_a_socket_is_not_checked_before_the_start() -> None:
    Socket("no-such-host.invalid", 1).check()


async def test_a_device_that_is_missing_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match=r"there is no .*tty; plug the adapter in"):
        await open_port(Device(tmp_path / "tty"), Line(9600), lambda data: 960)


def test_the_bits_of_a_character() -> None:
    forms: list[tuple[Format, int]] = [
        ("7E1", 10),
        ("8N1", 10),
        ("8E1", 11),
        ("8N2", 11),
        ("7N1", 9),
    ]
    assert [Line(9600, form).bits for form, _ in forms] == [bits for _, bits in forms]
    assert str(Line(2400, "8E1")) == "2400 8E1"


def test_each_refusal_has_its_condition(tmp_path: Path) -> None:
    conditions = {
        errno.ENOENT: Condition.NO_DEVICE,
        errno.ENODEV: Condition.NO_DEVICE,
        errno.EIO: Condition.NO_DEVICE,
        errno.EINVAL: Condition.NO_DEVICE,
        errno.EACCES: Condition.NO_PERMISSION,
        errno.EBUSY: Condition.BUSY,
        errno.EAGAIN: Condition.BUSY,
    }
    device = Device(tmp_path / "tty")
    for number, condition in conditions.items():
        for kind in (OSError, termios.error):
            told = device.refused(kind(number, os.strerror(number)))
            assert (told.condition, told.port_lost) == (condition, True), number
            assert "\n" not in str(told)
