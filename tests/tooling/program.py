"""Runs the real program as a user does: a process, a configuration file, a ready line."""

import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "submeter"]
PATIENCE = 20.0


@dataclass
class Program:
    """A running `submeter run`; `ready` is its ready line, `log` what it said so far."""

    process: subprocess.Popen[str]
    log_file: Path
    ready: str = ""

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def wait_for_log(self, text: str) -> str:
        """Return the log once `text` stands in it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if text in self.log:
                return self.log
            time.sleep(0.05)
        raise AssertionError(f"'{text}' is not in the log:\n{self.log}")

    def stop(self) -> int:
        """Ask it to end, as systemd does, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def run(*arguments: str, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    """Run one command of submeter to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )


def run_into_full_disk(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command of submeter with nowhere to write its output to."""
    with open("/dev/full", "w") as full:
        return subprocess.run(
            [*COMMAND, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            check=False,
        )


@contextmanager
def running(
    config: Path, log_file: Path, *arguments: str, before: Sequence[str] = ()
) -> Iterator[Program]:
    """Start `submeter run` and hand it over when its ready line is there."""
    with log_file.open("w") as log:
        process = subprocess.Popen(
            [*before, *COMMAND, "run", str(config), *arguments],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    program = Program(process, log_file)
    assert process.stdout is not None
    try:
        if select.select([process.stdout], [], [], PATIENCE)[0]:
            program.ready = process.stdout.readline().strip()
        assert program.ready.startswith("ready"), program.log
        yield program
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait(PATIENCE)
        process.stdout.close()


def loopback(number: int) -> str:
    """Return a loopback address that only this process uses; `number` is 1 to 254."""
    return f"127.{64 + os.getpid() // 250 % 128}.{1 + os.getpid() % 250}.{number}"


def eventually(
    condition: Callable[[], bool],
    seconds: float = 15.0,
    instead: Callable[[], str] = lambda: "it did not happen in time",
) -> None:
    """Wait until `condition` is true; fail with `instead` if it does not come about in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, instead()
        time.sleep(0.05)


def write(path: Path, text: str) -> Path:
    """Write `text` without its indentation to `path` and return it."""
    path.write_text(textwrap.dedent(text).lstrip("\n"))
    return path
