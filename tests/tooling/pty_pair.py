"""Two terminals joined by a cable: what one program writes to its end, the other reads at its own.

Bytes arrive at once, as they were written, whatever the speed. Linux knows no parity there, and
programs that insist on one fail.
"""

import os
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tooling.unplugged import unplug

MOST = 4096
"""Bytes carried at a time; what an end has not read by then is lost, as on a real line."""


@contextmanager
def pty_pair() -> Iterator[tuple[str, str]]:
    """Give the device nodes of both ends; they last as long as the context."""
    masters, nodes, keep = [], [], []
    for _ in range(2):
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        masters.append(master)
        keep.append(slave)  # without a program at it, an end would read as an error
        nodes.append(os.ttyname(slave))
    stop, stopper = os.pipe()
    cable = threading.Thread(target=_carry, args=(masters[0], masters[1], stop))
    cable.start()
    try:
        yield nodes[0], nodes[1]
    finally:
        os.close(stopper)
        cable.join()
        os.close(stop)
        for master, slave in zip(masters, keep, strict=True):
            unplug(master, slave)


def _carry(one: int, two: int, stop: int) -> None:
    """Copy from each end to the other until `stop` is closed at its far end."""
    other = {one: two, two: one}
    while True:
        ready, _, _ = select.select([one, two, stop], [], [])
        if stop in ready:
            return
        for end in ready:
            with suppress(BlockingIOError):
                os.write(other[end], os.read(end, MOST))
