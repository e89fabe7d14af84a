"""Port numbers for programs that are started later."""

import os
import random
import socket

_FIRST, _WIDTH, _BLOCKS = 12_000, 2_000, 10
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw9").removeprefix("gw")) % _BLOCKS
_given = [random.Random(os.getpid()).randrange(_WIDTH)]  # two runs at one time begin elsewhere


def free_port() -> int:
    """Return a TCP port that is free now, on every address."""
    return _free(socket.SOCK_STREAM)


def free_udp_port() -> int:
    """Return a UDP port that is free now, on every address."""
    return _free(socket.SOCK_DGRAM)


def _free(kind: socket.SocketKind) -> int:
    """Each worker has a block of its own, and gives out each number once in a long while.

    They lie below what the kernel gives to connections, which could take one before the program.
    """
    while True:
        _given[0] += 1
        port = _FIRST + _worker * _WIDTH + _given[0] % _WIDTH
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                continue
        return port
