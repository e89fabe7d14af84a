"""The meter's end of a pseudo-terminal: a function is called with all that it is sent."""

import os
import select
import termios
import threading
import tty
from collections.abc import Callable
from types import TracebackType

from tooling.unplugged import unplug

SPEEDS = {getattr(termios, f"B{rate}"): rate for rate in (300, 600, 1200, 2400, 4800, 9600, 19200)}


class PtyMeter:
    """Calls `react` with all that is sent to `node`, in a thread of its own, until it is left.

    A pseudo-terminal carries everything at once, but it knows the speed that was set: `speed`.
    """

    def __init__(self, react: Callable[[bytes], None] | None = None) -> None:
        self._react = react
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.node = os.ttyname(self._slave)
        self._stop, self._stopper = os.pipe()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "PtyMeter":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._stopper)
        self._thread.join()
        os.close(self._stop)
        unplug(self._master, self._slave)

    @property
    def speed(self) -> int:
        """The speed at which the other program sends now."""
        return SPEEDS.get(termios.tcgetattr(self._slave)[5], 0)

    def say(self, data: bytes) -> None:
        """Send `data`."""
        while data:
            data = data[os.write(self._master, data[:1024]) :]

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._stop], [], [])
            if self._stop in ready:
                return
            data = os.read(self._master, 4096)
            if self._react:
                self._react(data)
