"""A Modbus TCP poller of a few lines, which shares no code with the face."""

import socket
import struct
from types import TracebackType

VALUE_TYPES = {"float32": (">f", 2), "uint32": (">I", 2), "int64": (">q", 4)}


class Refused(Exception):
    """The server answered with the exception `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code:02x}")
        self.code = code


class Poller:
    """One connection to a Modbus TCP server on loopback."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection((host, port), timeout=5)
        self._transaction = 0

    def __enter__(self) -> "Poller":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def read(self, unit: int, function: int, start: int, count: int) -> bytes:
        """Return the data of one read request; raises Refused."""
        body = self._ask(unit, struct.pack(">BHH", function, start, count))
        assert body[0] == len(body) - 1
        return body[1:]

    def write(self, unit: int, start: int, data: bytes) -> None:
        """Write holding registers in one request; raises Refused."""
        where = struct.pack(">HH", start, len(data) // 2)
        assert self._ask(unit, b"\x10" + where + bytes((len(data),)) + data) == where

    def value(self, unit: int, number: int, kind: str = "float32") -> float:
        """Return the value at a number such as 30001 or 40021."""
        form, words = VALUE_TYPES[kind]
        function = {3: 4, 4: 3}[number // 10_000]
        value: float = struct.unpack(form, self.read(unit, function, number % 10_000 - 1, words))[0]
        return value

    def bit(self, unit: int, number: int) -> bool:
        """Return the discrete input with `number`, which counts from 1."""
        return bool(self.read(unit, 2, number - 1, 1)[0] & 1)

    def _ask(self, unit: int, request: bytes) -> bytes:
        """Return the answer to a request, without the function; raises Refused."""
        self._transaction = (self._transaction + 1) % 65536
        header = struct.pack(">HHHB", self._transaction, 0, 1 + len(request), unit)
        self._socket.sendall(header + request)
        transaction, protocol, length, answered = struct.unpack(">HHHB", self._exactly(7))
        assert (transaction, protocol, answered) == (self._transaction, 0, unit)
        body = self._exactly(length - 1)
        if body[0] & 0x80:
            assert body[0] == request[0] | 0x80
            raise Refused(body[1])
        assert body[0] == request[0]
        return body[1:]

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("the server closed the connection")
            data += piece
        return data
