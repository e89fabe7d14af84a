"""`submeter settings passwd`: what it takes, what it refuses, and that it shows no code."""

import pty
import subprocess

import pytest

from submeter.meter import unlock_code
from submeter.meter.access_settings import AccessSettings
from tooling.program import COMMAND, PATIENCE


def passwd(stdin: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, "settings", "passwd", *arguments],
        input=stdin,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )


def test_passwd_from_standard_input() -> None:
    ended = passwd(b"let me in 7\n", "--stdin")
    assert ended.returncode == 0, ended.stderr
    key, _, line = ended.stdout.decode().strip().partition(": ")
    assert key == "unlock"
    assert unlock_code.matches("let me in 7", line)
    assert AccessSettings(networks=["192.0.2.0/24"], unlock=line).code == line


@pytest.mark.parametrize("stdin", [b"", b"short\n", b"\xff\xfe\xff\xfe\xff\xfe\n", b"x" * 1000])
def test_passwd_refuses(stdin: bytes) -> None:
    ended = passwd(stdin, "--stdin")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.startswith(b"an unlock code ")


def test_passwd_without_a_terminal() -> None:
    ended = passwd(b"let me in 7\nlet me in 7\n")
    assert ended.returncode == 2
    assert ended.stderr == b"there is no terminal to ask on; give the code with --stdin\n"


@pytest.mark.parametrize(("again", "status"), [(b"let me in 7", 0), (b"let me in 8", 2)])
def test_passwd_asks_twice_without_echo(again: bytes, status: int) -> None:
    ours, theirs = pty.openpty()
    with open(ours, "wb", buffering=0) as keyboard, open(theirs, "rb", buffering=0) as terminal:
        # Of its own session, so that the terminal on standard input is not the tests' own.
        process = subprocess.Popen(
            [*COMMAND, "settings", "passwd"],
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stderr is not None
        # What is typed before it asks would be thrown away.
        shown = process.stderr.read(len("Unlock code: "))
        keyboard.write(b"let me in 7\n")
        shown += process.stderr.read(len("\nOnce more: "))
        keyboard.write(again + b"\n")
        stdout, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == status, stderr
    assert b"let me in" not in shown + stdout + stderr
    assert stdout.startswith(b"unlock: scrypt$") == (status == 0)
