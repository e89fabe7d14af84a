"""A Linky behind a serial device server, whose index grows fast and by the clock alone."""

import socket
import threading
import time
from contextlib import suppress

from submeter.sources.tic.decoder import Group, Mode
from tooling import tic
from tooling.free_port import free_port

WATTS = 36_000
PAUSE = 0.1  # s between frames


class SteepLinky:
    """Serves one caller after the other for as long as it is open.

    Its register of whole Wh is a function of the time alone, whoever reads it or does not.
    """

    def __init__(self, first: int = 12_345_000) -> None:
        self._first = first
        self._began = time.monotonic()
        self.port = free_port()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "SteepLinky":
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    @property
    def register(self) -> int:
        """What the register shows now, in Wh."""
        return self._first + int(WATTS * (time.monotonic() - self._began) / 3600)

    def frame(self) -> bytes:
        """Return the frame of this moment."""
        return tic.frame(
            Mode.STANDARD,
            [
                Group("ADSC", "042276000001"),
                Group("EAST", f"{self.register:09}"),
                Group("IRMS1", "156"),
                Group("URMS1", "231"),
                Group("SINSTS", f"{WATTS:05}"),
            ],
        )

    def _serve(self) -> None:
        while not self._over.is_set():
            with suppress(OSError):
                caller, _ = self._listener.accept()
                with caller:
                    while not self._over.is_set():
                        caller.sendall(self.frame())
                        time.sleep(PAUSE)
