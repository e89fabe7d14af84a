"""Resident memory and open files of the program over thousands of connections, plain and in TLS."""

import socket
import ssl
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from tooling.certificates import Authority, utf8_string
from tooling.free_port import free_port
from tooling.resources import open_files, resident

from .modbus_servers import HOST, UNIT, Server, submeter

CONNECTIONS, HANDSHAKES = 10_000, 10_000
QUICK_CONNECTIONS, QUICK_HANDSHAKES = 2000, 500
WARM = 500  # before memory is looked at
LARGEST_GROWTH = 2.0  # MB
_REQUEST = bytes((0, 1, 0, 0, 0, 6, UNIT, 3, 0, 7, 0, 1))
_ANSWER = bytes((0, 1, 0, 0, 0, 5, UNIT, 3, 2, 0, 7))

Wrap = Callable[[socket.socket], AbstractContextManager[socket.socket]]


def run(quick: bool = False) -> None:
    """Print what is held before and after; growth fails the run."""
    print("Modbus TCP, connections that ask once and go, one after the other")
    print("  connections          a second   MB before   after   files before   after")
    with TemporaryDirectory() as name:
        folder = Path(name)
        port = free_port()
        authority = Authority(folder)
        authority.server()
        client = authority.client("client", utf8_string("reader"))
        context = authority.client_context(client)
        context.check_hostname = False
        files = "certificate: server.crt, key: server.key, authority: ca.crt"
        more = f"  tls: {{host: {HOST}, port: {port}, {files}, per_peer: 256}}\n"
        with submeter(folder, more=more) as server:
            count = QUICK_CONNECTIONS if quick else CONNECTIONS
            _row("plain", server, server.port, count, nullcontext)
            count = QUICK_HANDSHAKES if quick else HANDSHAKES
            _row("in TLS", server, port, count, lambda plain: _secured(context, plain))


def _secured(context: ssl.SSLContext, plain: socket.socket) -> ssl.SSLSocket:
    return context.wrap_socket(plain, server_hostname=HOST)


def _row(name: str, server: Server, port: int, count: int, wrap: Wrap) -> None:
    for _ in range(WARM):
        _ask(port, wrap)
    time.sleep(0.5)
    memory, files = resident(server.pid) / 1e6, open_files(server.pid)
    began = time.perf_counter()
    for _ in range(count):
        _ask(port, wrap)
    rate = count / (time.perf_counter() - began)
    time.sleep(0.5)
    memory_after, files_after = resident(server.pid) / 1e6, open_files(server.pid)
    print(
        f"  {count:6} {name:12}  {rate:8.0f}  {memory:10.1f}  {memory_after:6.1f}"
        f"  {files:13}  {files_after:6}"
    )
    if memory_after - memory > LARGEST_GROWTH or files_after > files:
        sys.exit(f"{count} connections {name} left something behind")


def _ask(port: int, wrap: Wrap) -> None:
    plain = socket.create_connection((HOST, port), timeout=5)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with plain, wrap(plain) as connection:
        connection.sendall(_REQUEST)
        answer = b""
        while len(answer) < len(_ANSWER):
            piece = connection.recv(len(_ANSWER))
            if not piece:
                sys.exit("the server closed a connection")
            answer += piece
        if answer != _ANSWER:
            sys.exit(f"a wrong answer: {answer.hex()}")
