"""Two network namespaces with a cable between them: real subnet broadcasts, and links to pull.

No name is taken and nothing is left behind: a namespace lives as long as a process in it, which
ends with the pipe that we hold. Without root the namespaces are those of a user namespace.
"""

import functools
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

DEVICE_HOST, OTHER_HOST, CLIENT_HOST = "10.99.0.1", "10.99.0.4", "10.99.0.2"
SUBNET_BROADCAST, EVERYWHERE = "10.99.0.255", "255.255.255.255"
CABLE = "bms0"
"""The interface of either end."""
_PREFIX = 24
_PATIENCE = 10.0
_TOOLS = ("ip", "unshare", "nsenter")


@dataclass(frozen=True)
class Space:
    """A network namespace; `inside` is what a command has to begin with to run in it."""

    inside: Sequence[str]

    def run(self, *words: str) -> str:
        """Return what a command inside prints; raises CalledProcessError when it fails."""
        return subprocess.run(
            [*self.inside, *words], capture_output=True, text=True, timeout=_PATIENCE, check=True
        ).stdout

    def ip(self, words: str) -> str:
        """Run one command of iproute2 inside."""
        return self.run("ip", *words.split())


@functools.cache
def obstacle() -> str | None:
    """Return why there can be no namespaces on this machine, None if there can."""
    for tool in _TOOLS:
        if not shutil.which(tool):
            return f"{tool} is not installed; sudo apt-get install iproute2 util-linux"
    try:
        with _joined():
            return None
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        return f"network namespaces are not permitted: {said.strip()}"


@contextmanager
def pair() -> Iterator[tuple[Space, Space]]:
    """Hand over the device's end, 10.99.0.1 and .4, and the client's, 10.99.0.2."""
    with _joined() as (device, client):
        for space, hosts in ((device, (DEVICE_HOST, OTHER_HOST)), (client, (CLIENT_HOST,))):
            for host in hosts:
                space.ip(f"addr add {host}/{_PREFIX} brd + dev {CABLE}")
            space.ip("link set lo up")
            space.ip(f"link set {CABLE} up")
        # Without a route of its own 255.255.255.255 has nowhere to go.
        for space in (device, client):
            space.ip(f"route add default dev {CABLE}")
        yield device, client


@contextmanager
def _joined() -> Iterator[tuple[Space, Space]]:
    with ExitStack() as stack:
        root = os.geteuid() == 0
        first = stack.enter_context(_held(_PLAIN if root else _MAPPED))
        outer = [] if root else ["nsenter", f"--target={first}", "--user", "--preserve-credentials"]
        second = stack.enter_context(_held([*outer, *_PLAIN]))
        spaces = _space(first, root), _space(second, root)
        spaces[0].ip(f"link add {CABLE} type veth peer name {CABLE} netns {second}")
        yield spaces


_PLAIN = ["unshare", "--net"]
_MAPPED = ["unshare", "--user", "--map-root-user", "--net"]


def _space(pid: int, root: bool) -> Space:
    entered = ["nsenter", f"--target={pid}", "--net"]
    return Space(entered if root else [*entered, "--user", "--preserve-credentials"])


@contextmanager
def _held(command: Sequence[str]) -> Iterator[int]:
    """Hold a namespace open with a process in it; it tells when it is there."""
    pipe = subprocess.PIPE
    script = ["sh", "-c", "echo there; exec cat"]
    with subprocess.Popen([*command, *script], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        try:
            if not process.stdout.readline():
                complaint = process.stderr.read().decode(errors="replace")
                raise subprocess.SubprocessError(complaint)
            yield process.pid
        finally:
            process.stdin.close()
            process.wait(_PATIENCE)
