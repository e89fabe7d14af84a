"""The machine's clock: whether it is right, and how it is set right."""

import ctypes
import os
import shutil
import subprocess
import time
from collections.abc import Sequence

TIMEOUT = 5.0  # s for each question
RIGHT = 1.0  # s that the clock may be off and left alone
FARTHEST = 30 * 86_400.0  # s that others may set it by
TIMESYNCD = "systemd-timesyncd.service"

_DAY = 86_400.0  # s
_STA_UNSYNC = 0x0040  # linux/timex.h
_DENIED = ("not authorised", "access denied", "authentication", "permission", "not permitted")


class _Timex(ctypes.Structure):
    """The beginning of struct timex, adjtimex(2), and room for the rest of it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def synchronised() -> bool | None:
    """Tell whether the kernel takes its clock for right; None if it does not say.

    The time service tells the kernel, chrony only with `rtcsync` in its configuration.
    """
    try:
        ask = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    timex = _Timex()  # modes 0: only read
    if ask(ctypes.byref(timex)) < 0:
        return None
    return not timex.status & _STA_UNSYNC


class Setter:
    """Sets the clock, by FARTHEST at most, all times together: what is kept goes by the clock."""

    def __init__(self) -> None:
        self._moved = 0.0

    def to(self, utc: float) -> str:
        """Set the clock to `utc` seconds since 1970, and return in words what came of it.

        It is left alone where a time service keeps it, and where it is right already.
        """
        if synchronised():
            return "left alone: a time service keeps the clock"
        off = utc - time.time()
        if abs(off) <= RIGHT:
            return "left alone: the clock is right"
        if abs(self._moved + off) > FARTHEST:
            days = f"{off / _DAY:+.0f} days, and {FARTHEST / _DAY:.0f} in all are the most"
            return f"refused: {days}; set the clock by hand"
        try:
            time.clock_settime(time.CLOCK_REALTIME, utc)
        except PermissionError:
            return "not permitted: needs CAP_SYS_TIME"
        except (OSError, OverflowError) as error:
            return f"cannot set the clock: {error}"
        self._moved += off
        return f"set by {off:+.1f} s"


set_to = Setter().to


def step() -> str:
    """Ask the machine's time service to set the clock now, and return in words what came of it.

    That is chrony, or else a running systemd-timesyncd. Refusal and absence are results too; it
    takes up to a quarter of a minute where a service hangs, so it is not for the event loop.
    """
    failure = None
    if chronyc := shutil.which("chronyc"):
        failure = _ask([chronyc, "-n", "makestep"])
        if failure is None:
            return "chrony set the clock"
    systemctl = shutil.which("systemctl")
    if systemctl and _ask([systemctl, "is-active", "--quiet", TIMESYNCD]) is None:
        failure = _ask([systemctl, "--no-ask-password", "try-restart", TIMESYNCD])
        if failure is None:
            return "systemd-timesyncd asks its server anew"
    return failure or "no time service: neither chrony nor systemd-timesyncd runs"


def _ask(command: Sequence[str]) -> str | None:
    """Run `command` and return why it failed, None if it did not."""
    name = os.path.basename(command[0])
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
            check=False,
            env=os.environ | {"LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        return f"no answer from {name} within {TIMEOUT:g} s"
    except OSError as error:
        return f"cannot run {name}: {error.strerror}"
    if ended.returncode == 0:
        return None
    said = " ".join(ended.stdout.decode(errors="replace").split())[:150]
    if any(word in said.lower() for word in _DENIED):
        return f"not permitted: {said}"
    return f"{name} failed: {said or f'exit status {ended.returncode}'}"
