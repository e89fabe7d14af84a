"""Two ends of a TLS connection on loopback, with certificates of submeter."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

from submeter.modbus_security import role_of
from submeter.pki import authority, files, issue
from submeter.pki.identity import Identity

NOW = datetime.now(UTC).replace(microsecond=0)
HOST = "127.0.0.1"
POWER = bytes.fromhex("0001 0000 0007 01 04 04 43668000")  # an answer to transaction 1, unit 1


@dataclass(frozen=True)
class Site:
    """A folder with an authority and a server."""

    folder: Path
    authority: Identity

    def client(self, name: str, role: str = "operator", now: datetime = NOW) -> None:
        """Make the files of a client."""
        put(self.folder, name, issue.client(self.authority, name, role, 1, now))


def put(folder: Path, stem: str, identity: Identity) -> None:
    """Write the two files of `identity`."""
    files.write(
        [
            files.Content(folder / f"{stem}.crt", identity.certificate_pem()),
            files.Content(folder / f"{stem}.key", identity.key_pem(), files.PRIVATE),
        ],
        force=False,
    )


def site(folder: Path, now: datetime = NOW) -> Site:
    """Make an authority at `now`, for 10 days, and the certificate of a server at 127.0.0.1."""
    folder.mkdir(exist_ok=True)
    made = authority.make("Site CA", 10, now)
    put(folder, "ca", made)
    put(folder, "server", issue.server(made, ["meter.local", IPv4Address(HOST)], 1, NOW))
    return Site(folder, made)


def context(folder: Path, stem: str, authorities: Path, *, server: bool) -> ssl.SSLContext:
    """Return the strictest context: both sides show a certificate and check the other's."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.verify_mode = ssl.CERT_REQUIRED
    made.verify_flags |= ssl.VERIFY_X509_STRICT
    made.load_verify_locations(authorities)
    made.load_cert_chain(folder / f"{stem}.crt", folder / f"{stem}.key")
    return made


@dataclass
class Server:
    """What the server saw of its last client: its role, or why it was turned away."""

    port: int
    role: str | None = None
    refusal: str = ""


@contextmanager
def serving(tls: ssl.SSLContext, clients: int = 1) -> Iterator[Server]:
    """Run a server that answers each of `clients` once with POWER."""
    with socket.create_server((HOST, 0)) as listener:
        listener.settimeout(10)
        server = Server(listener.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(listener, tls, server, clients))
        thread.start()
        try:
            yield server
        finally:
            thread.join()


def _serve(listener: socket.socket, tls: ssl.SSLContext, server: Server, clients: int) -> None:
    for _ in range(clients):
        plain, _peer = listener.accept()
        plain.settimeout(10)
        try:
            with tls.wrap_socket(plain, server_side=True) as connection:
                server.role = role_of(connection.getpeercert(binary_form=True) or b"")
                request = connection.recv(260)
                if request:
                    connection.sendall(request[:2] + POWER[2:])
                    connection.recv(260)
        except ssl.SSLError as error:
            server.refusal = getattr(error, "verify_message", "") or str(error.reason)
        except OSError as error:
            server.refusal = str(error)
        finally:
            plain.close()


def poll(tls: ssl.SSLContext, port: int, host: str = HOST) -> bytes:
    """Connect as `host`, send a request and return the answer, none if it closes."""
    with (
        socket.create_connection((HOST, port), timeout=10) as plain,
        tls.wrap_socket(plain, server_hostname=host) as connection,
    ):
        connection.sendall(bytes.fromhex("0001 0000 0006 01 04 0000 0002"))
        return connection.recv(260)
