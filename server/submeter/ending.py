"""How the program ends: for good, or to be started anew."""

import asyncio
import signal
import time

from submeter import notify


class End:
    """That the program is to end, and whether it is to be started anew then."""

    def __init__(self) -> None:
        self.wanted = asyncio.Event()
        self._stopped = self._again = False

    @property
    def again(self) -> bool:
        """Whether the program is started anew; who stops it wants it stopped, whatever else."""
        return self._again and not self._stopped

    def listen(self) -> None:
        """Stop at the signals of a service manager and of a terminal."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
                loop.add_signal_handler(number, self.stop)

    def stop(self) -> None:
        """End."""
        self._stopped = True
        self.wanted.set()

    def restart(self) -> None:
        """End, and start anew."""
        self._again = True
        self.wanted.set()

    def tell(self) -> None:
        """Tell the service manager; one that heard of a stop would kill what starts anew."""
        since = time.monotonic_ns() // 1000
        notify.tell(f"RELOADING=1\nMONOTONIC_USEC={since}" if self.again else "STOPPING=1")
