"""Environments of independent clients: each has its own, since their pins exclude each other.

They are made once, below `.venv/clients`, and made anew when their pins change. A test whose client
cannot be installed, because no registry answers, is skipped by the client's name.
"""

import fcntl
import functools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

CLIENTS = Path(__file__).resolve().parents[2] / ".venv" / "clients"
PATIENCE = 240
"""Seconds for one step of an installation; both together are short of `INSTALLING`."""
INSTALLING = pytest.mark.timeout(3 * PATIENCE)
"""Marks tests that may have to install their client first."""
UNREACHABLE = re.compile(
    "NewConnectionError|ConnectTimeout|ReadTimeout|ConnectionReset|ProtocolError|ProxyError|"
    "SSLError|Temporary failure in name resolution|HTTP error (403|407|5..)|"
    "ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|"
    "E403|E407|E50.|FETCH_ERROR"
)
"""What pip and npm say when no registry answers; any other failure is ours, and fails the test."""


def python(*pins: str, least: tuple[int, int] = (3, 11)) -> list[str]:
    """Return the command of a Python of version `least` or later that has exactly `pins`.

    The first pin names the client. Skips the test where there is no such Python, or no registry.
    """
    return _once(_called(pins[0]).split()[0], pins, least)


def node(*pins: str, name: str = "node") -> list[str]:
    """Return the command of a node that finds exactly the packages `pins`; skips as `python`.

    Other pins need another `name`: it is that of the environment.
    """
    return _once(name, pins, None)


def _once(name: str, pins: tuple[str, ...], least: tuple[int, int] | None) -> list[str]:
    command, obstacle = _ready(name, pins, least)
    if obstacle:
        pytest.skip(f"{_called(pins[0])} cannot be installed here: {obstacle}")
    return command


@functools.cache
def _ready(
    name: str, pins: tuple[str, ...], least: tuple[int, int] | None
) -> tuple[list[str], str]:
    """Return the command, and what stands in its way; an obstacle is met only once a session."""
    folder = CLIENTS / name
    try:
        with _alone(name):
            return (_node(folder, pins) if least is None else _python(folder, pins, least)), ""
    except _ObstacleError as obstacle:
        return [], str(obstacle)


class _ObstacleError(Exception):
    """The client cannot be installed on this machine; the text says why."""


def _python(folder: Path, pins: Sequence[str], least: tuple[int, int]) -> list[str]:
    command = [str(folder / "bin" / "python"), "-P"]  # a script's folder is no place for modules
    if not _has(folder, pins):
        _install(folder, [_interpreter(least), "-m", "venv", str(folder)], venv=True)
        pip = [*command, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _install(folder, [*pip, "--no-input", "--retries=1", "--timeout=15", *pins])
        _stamp(folder).write_text("\n".join(pins))
    return command


def _node(folder: Path, pins: Sequence[str]) -> list[str]:
    program, npm = shutil.which("node"), shutil.which("npm")
    if not program or not npm:
        raise _ObstacleError("node and npm are not installed")
    if not _has(folder, pins):
        folder.mkdir(parents=True)
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--save-exact"]
        retries = ["--fetch-retries=1", "--fetch-timeout=30000"]
        _install(folder, [npm, "install", "--prefix", str(folder), *options, *retries, *pins])
        _stamp(folder).write_text("\n".join(pins))
    modules = folder / "node_modules"
    return ["env", f"NODE_PATH={modules}", program]


def _has(folder: Path, pins: Sequence[str]) -> bool:
    """Tell whether `pins` are installed in `folder`; if not, nothing of it is left."""
    program = folder / "bin" / "python"
    whole = program.exists() or not program.is_symlink()  # its Python may have been removed since
    if whole and _stamp(folder).is_file() and _stamp(folder).read_text() == "\n".join(pins):
        return True
    shutil.rmtree(folder, ignore_errors=True)
    return False


def _stamp(folder: Path) -> Path:
    return folder / "pins.txt"


def _install(folder: Path, command: Sequence[str], venv: bool = False) -> None:
    """Run one step of an installation; raises _ObstacleError where the machine is in its way."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise _ObstacleError(f"no end of it within {PATIENCE} s") from None
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        said = (done.stderr + done.stdout).strip()
        lines = [line for line in said.splitlines() if venv or UNREACHABLE.search(line)]
        if lines:
            raise _ObstacleError(lines[-1][-160:])
        pytest.fail(f"{' '.join(command)}:\n{said}", pytrace=False)


def _interpreter(least: tuple[int, int]) -> str:
    """Return a Python of version `least` or later: this one, or another of the machine."""
    if sys.version_info[:2] >= least:
        return sys.executable
    for minor in range(least[1], least[1] + 6):
        name = f"python{least[0]}.{minor}"
        # Several versions side by side stand in sibling folders; the one in the path may be a stub.
        siblings = Path(sys.base_prefix).resolve().parent.glob(f"*/bin/{name}")
        for found in (shutil.which(name), *sorted(map(str, siblings))):
            if found and _runs(found):
                return found
    raise _ObstacleError(f"it needs Python {least[0]}.{least[1]} or later")


def _runs(program: str) -> bool:
    return not subprocess.run([program, "-c", ""], capture_output=True, check=False).returncode


def _called(pin: str) -> str:
    """Return `name version` of a pin, which is `name==version` or `name@version`."""
    return " ".join(re.split("==|(?<=.)@", pin))


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Keep other test runs from making the same environment meanwhile."""
    CLIENTS.mkdir(parents=True, exist_ok=True)
    with (CLIENTS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
