"""A serial device server for one client, by pyserial's RFC 2217 implementation, before a pty."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import serial
import serial.rfc2217

_MANAGER: Any = serial.rfc2217.PortManager  # its types want a client's port


class _Device(serial.Serial):
    """A pseudo-terminal, which has no control lines."""

    cts = dsr = ri = cd = False
    _update_rts_state = _update_dtr_state = lambda self: None


class _Connection:
    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw

    def write(self, data: bytes) -> None:
        self._raw.sendall(data)


class Server:
    """`line` is the served port as pyserial has it; `port` is where clients connect."""

    def __init__(self, device: str) -> None:
        self.line = _Device(device, timeout=0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._stop, self._stopper = socket.socketpair()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._stopper.close()
        self._thread.join()
        self._stop.close()
        self._listener.close()
        self.line.close()

    def _serve(self) -> None:
        while self._stop not in select.select([self._listener, self._stop], [], [])[0]:
            raw, _ = self._listener.accept()
            with raw, suppress(OSError):
                self._carry(raw)

    def _carry(self, raw: socket.socket) -> None:
        manager: Any = _MANAGER(self.line, _Connection(raw))
        ends: list[Any] = [raw, self.line.fileno(), self._stop]
        while True:
            ready, _, _ = select.select(ends, [], [])
            if self._stop in ready:
                return
            if raw in ready:
                data = raw.recv(4096)
                if not data:
                    return
                self.line.write(b"".join(manager.filter(data)))
            if self.line.fileno() in ready:
                raw.sendall(b"".join(manager.escape(self.line.read(4096))))


@contextmanager
def serving(device: str) -> Iterator[Server]:
    """Serve the device node as long as the context lasts."""
    server = Server(device)
    try:
        yield server
    finally:
        server.close()
