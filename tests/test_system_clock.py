"""The machine's clock, asked of time services that are fakes: no real one is ever run."""

import ctypes
import time
from pathlib import Path

import pytest

from submeter import system_clock

CHRONYC, SYSTEMCTL = "chronyc", "systemctl"
INACTIVE = '[ "$1" = is-active ] && exit 3'


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(machine: Path, name: str, script: str) -> None:
    """Put a program there that notes how it is called."""
    path = machine / name
    path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{machine.parent}/calls"\n{script}\n')
    path.chmod(0o755)


def calls(machine: Path) -> list[str]:
    path = machine.parent / "calls"
    return path.read_text().splitlines() if path.exists() else []


def test_nothing_there(machine: Path) -> None:
    expected = "no time service: neither chrony nor systemd-timesyncd runs"
    assert system_clock.step() == expected
    program(machine, SYSTEMCTL, INACTIVE)
    assert system_clock.step() == expected
    assert calls(machine) == ["systemctl is-active --quiet systemd-timesyncd.service"]


def test_chrony(machine: Path) -> None:
    program(machine, CHRONYC, "echo 200 OK")
    program(machine, SYSTEMCTL, "")
    assert system_clock.step() == "chrony set the clock"
    assert calls(machine) == ["chronyc -n makestep"]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo '501 Not authorised'; exit 1", "not permitted: 501 Not authorised"),
        (
            "echo '506 Cannot talk to daemon' >&2; exit 1",
            "chronyc failed: 506 Cannot talk to daemon",
        ),
        ("exit 3", "chronyc failed: exit status 3"),
        ("printf 'a\\nb\\377'; exit 1", "chronyc failed: a b\ufffd"),
    ],
)
def test_chrony_refuses(machine: Path, script: str, expected: str) -> None:
    program(machine, CHRONYC, script)
    program(machine, SYSTEMCTL, INACTIVE)
    assert system_clock.step() == expected


def test_timesyncd(machine: Path) -> None:
    program(machine, SYSTEMCTL, "")
    assert system_clock.step() == "systemd-timesyncd asks its server anew"
    assert calls(machine)[-1] == (
        "systemctl --no-ask-password try-restart systemd-timesyncd.service"
    )


def test_timesyncd_after_a_chrony_that_does_not_run(machine: Path) -> None:
    program(machine, CHRONYC, "exit 1")
    program(machine, SYSTEMCTL, "")
    assert system_clock.step() == "systemd-timesyncd asks its server anew"


def test_timesyncd_is_not_ours_to_restart(machine: Path) -> None:
    denied = "Failed to restart: Interactive authentication required."
    program(machine, SYSTEMCTL, f'[ "$1" = is-active ] || {{ echo "{denied}" >&2; exit 1; }}')
    assert system_clock.step() == f"not permitted: {denied}"


def test_a_service_that_hangs(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_clock, "TIMEOUT", 0.2)
    program(machine, CHRONYC, "exec /bin/sleep 60")
    assert system_clock.step() == "no answer from chronyc within 0.2 s"


def test_a_program_that_cannot_run(machine: Path) -> None:
    path = machine / CHRONYC
    path.write_bytes(b"\x7fELF rubbish")
    path.chmod(0o755)
    assert system_clock.step() == "cannot run chronyc: Exec format error"


def test_the_kernel_is_asked() -> None:
    assert system_clock.synchronised() in (True, False, None)


class _Library:
    """A C library whose adjtimex finds `status`, or fails with None."""

    def __init__(self, status: int | None) -> None:
        self.status = status

    def adjtimex(self, timex: "ctypes._Pointer[system_clock._Timex]") -> int:
        if self.status is None:
            return -1
        found = timex._obj  # type: ignore[attr-defined]
        assert found.modes == 0
        found.status = self.status
        return 5


@pytest.mark.parametrize(("status", "expected"), [(0x2001, True), (0x40, False), (None, None)])
def test_what_the_kernel_says(
    monkeypatch: pytest.MonkeyPatch, status: int | None, expected: bool | None
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: _Library(status))
    assert system_clock.synchronised() is expected


def test_a_library_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    assert system_clock.synchronised() is None


class _Clock:
    """A clock at `utc` seconds that can be set, unless `error` is why not."""

    def __init__(self, utc: float, error: OSError | None = None) -> None:
        self.utc = utc
        self.error = error

    def set(self, clock: int, utc: float) -> None:
        assert clock == time.CLOCK_REALTIME
        if self.error:
            raise self.error
        self.utc = utc


@pytest.mark.parametrize(
    ("kept", "off", "error", "said", "is_set"),
    [
        (False, 90.5, None, "set by +90.5 s", True),
        (None, -3600.0, None, "set by -3600.0 s", True),
        (True, 90.5, None, "left alone: a time service keeps the clock", False),
        (False, -0.9, None, "left alone: the clock is right", False),
        (False, 60.0, PermissionError(1, "no"), "not permitted: needs CAP_SYS_TIME", False),
        (False, 60.0, OSError(22, "bad"), "cannot set the clock: [Errno 22] bad", False),
    ],
)
def test_set_to(
    monkeypatch: pytest.MonkeyPatch,
    kept: bool | None,
    off: float,
    error: OSError | None,
    said: str,
    is_set: bool,
) -> None:
    now = 1_795_272_300.0
    clock = _Clock(now, error)
    monkeypatch.setattr(system_clock, "synchronised", lambda: kept)
    monkeypatch.setattr(time, "time", lambda: clock.utc)
    monkeypatch.setattr(time, "clock_settime", clock.set)
    assert system_clock.Setter().to(now + off) == said
    assert clock.utc == (now + off if is_set else now)


def test_the_clock_is_set_by_a_month_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_795_272_300.0
    day = 86_400.0
    clock = _Clock(now)
    monkeypatch.setattr(system_clock, "synchronised", lambda: None)
    monkeypatch.setattr(time, "time", lambda: clock.utc)
    monkeypatch.setattr(time, "clock_settime", clock.set)
    setter = system_clock.Setter()
    for off, shown in ((75 * 365 * day, "+27375"), (-31 * day, "-31")):
        refused = f"refused: {shown} days, and 30 in all are the most; set the clock by hand"
        assert setter.to(now + off) == refused
    assert setter.to(now + 20 * day) == "set by +1728000.0 s"
    assert setter.to(now + 40 * day).startswith("refused: +20 days")
    assert clock.utc == now + 20 * day
    assert setter.to(now - 10 * day) == "set by -2592000.0 s"
