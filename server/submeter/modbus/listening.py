"""A listener: a socket, the clients that it lets in, and those it parts with."""

import asyncio
import contextlib
import errno
import logging
import os
import socket
from functools import partial
from typing import TYPE_CHECKING, cast

from submeter.errors import ListenError
from submeter.meter.access import Who
from submeter.modbus import descriptors
from submeter.modbus.admission import Admission, plain
from submeter.modbus.connection import Answering, Connection
from submeter.modbus.counts import Counts
from submeter.modbus.settings import RtuTcpSettings, TcpSettings, TlsSettings
from submeter.modbus.unit import Peer

if TYPE_CHECKING:
    from submeter.modbus.tls import Security

_log = logging.getLogger(__name__)

_QUEUE = 32  # connections that asyncio accepts in one go, before any of them can be closed again
_CLOSING = 1.0  # seconds for sockets that were told to close
_SWEEP = 1.0
_PROBES = ((socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 6))


class Listener:
    """Listens as `settings` say, and has the requests of every client answered by `station`.

    `key` is where the settings stand, such as `modbus.tcp`; it is the face in log lines, in the
    audit log and towards access. Port 0 takes a free one. With `security` clients are let in by
    their certificates.
    """

    def __init__(
        self,
        key: str,
        settings: TcpSettings | TlsSettings | RtuTcpSettings,
        station: Answering,
        security: "Security | None" = None,
    ) -> None:
        self.key = key
        self.host = settings.host
        self.port = settings.port
        self.admission = Admission(key, settings)
        self.idle_closed = 0
        self._settings = settings
        self._station = station
        self._security = security
        self._share: descriptors.Share | None = None
        self._is_scarce = False
        self._server: asyncio.Server | None = None
        self._clients: dict[Connection, str] = {}
        self._handshakes: set[asyncio.Task[bool]] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()

    @property
    def where(self) -> str:
        """The address listened on, such as `0.0.0.0:502` or `[::]:502`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def counts(self) -> Counts:
        """Everything that is counted."""
        return Counts(
            open=self.admission.open,
            accepted=self.admission.accepted,
            refused_network=self.admission.refused_network,
            refused_full=self.admission.refused_full,
            refused_peer=self.admission.refused_peer,
            idle_closed=self.idle_closed,
            tls_refused=self._security.refused if self._security else 0,
            requests=self._station.requests,
            exceptions=self._station.exceptions,
            broken=self._station.broken,
        )

    @property
    def clients(self) -> tuple[Connection, ...]:
        """Who is connected now, handshakes included."""
        return tuple(self._clients)

    async def start(self) -> None:
        """Listen; connections are accepted when this returns. Raises ListenError."""
        try:
            server = await self._listen()
            if not server.sockets:  # asyncio passes over address families that the kernel lacks
                raise OSError(errno.EADDRNOTAVAIL, "no socket")
        except (OSError, ValueError) as error:
            raise ListenError(_explain(error, self.key, self.host, self.port)) from None
        self._server = server
        self.port = int(server.sockets[0].getsockname()[1])
        self._share = descriptors.take(self._settings.connections)
        self.admission.most = self._share.granted
        self._sweep = asyncio.get_running_loop().call_later(_SWEEP, self._tick)
        _log.info("event=listening face=%s where=%s", self.key, self.where)

    async def stop(self) -> None:
        """Close the socket and every connection; answers that nobody read are dropped."""
        server, share = self._server, self._share
        if server is None or share is None:
            return
        self._server = self._share = None
        server.close()
        if self._sweep:
            self._sweep.cancel()
        for task in self._handshakes:
            task.cancel()
        # A transport that is closed rather than aborted waits for its client to read.
        for client in self.clients:
            client.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING):
                while self._clients:
                    self._empty.clear()
                    await self._empty.wait()
        descriptors.give_back(share)
        _log.info("event=stopped face=%s where=%s", self.key, self.where)

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        if self.host != "::":
            return await loop.create_server(self._arrival, self.host, self.port, backlog=_QUEUE)
        both = socket.create_server(
            (self.host, self.port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=_QUEUE
        )
        return await loop.create_server(self._arrival, sock=both, backlog=_QUEUE)

    def _arrival(self) -> "_Arrival":
        return _Arrival(self)

    def arrived(self, stream: asyncio.Transport) -> None:
        """Let in the client of `stream`, or close it at once."""
        name = stream.get_extra_info("peername")  # uvloop has none of a peer that is gone again
        address = plain(name[0]) if name else ""
        if self._server is None or not name or not self.admission.enter(address):
            stream.abort()
            return
        client = Connection(self._station.for_client(), self._gone)
        self._clients[client] = address
        try:
            self._serve(client, stream, Peer(Who(self.key, address)))
        except OSError:  # the client is gone again, or no descriptor is left: it will try again
            self._gone(client)
            stream.abort()

    def _serve(self, client: Connection, stream: asyncio.Transport, peer: Peer) -> None:
        plain_socket = stream.get_extra_info("socket")
        self._keep_alive(plain_socket)
        if self._security is None:
            stream.set_protocol(client)
            client.open(stream, peer)
            return
        # TLS begins on a copy: uvloop has no way to stop this transport in time from reading.
        copy = socket.socket(fileno=os.dup(plain_socket.fileno()))
        stream.abort()
        handshake = self._security.handshake(copy, client, peer.who, self.admission.spells)
        task = asyncio.get_running_loop().create_task(handshake)
        self._handshakes.add(task)
        task.add_done_callback(partial(self._shaken, client, copy))

    def _shaken(
        self, client: Connection, copy: socket.socket, handshake: "asyncio.Task[bool]"
    ) -> None:
        """Forget a client whose handshake failed; one that never began to run included."""
        self._handshakes.discard(handshake)
        error = None if handshake.cancelled() else handshake.exception()
        if handshake.cancelled() or error or not handshake.result():
            copy.close()
            self._gone(client)
        if error:
            raise error

    def _keep_alive(self, client: socket.socket) -> None:
        if after := self._settings.keepalive:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in ((socket.TCP_KEEPIDLE, after), *_PROBES):
                client.setsockopt(socket.IPPROTO_TCP, option, value)

    def _gone(self, client: Connection) -> None:
        address = self._clients.pop(client, None)
        if address is not None:
            self.admission.leave(address)
        if not self._clients:
            self._empty.set()

    def _tick(self) -> None:
        """Once a second: part with clients that ask nothing; one walk, no timer a request."""
        self._share_connections()
        idle = self._settings.idle
        for client in self.clients:
            client.silent = 0 if client.asked else client.silent + 1
            client.asked = False
            if idle and client.silent >= idle and client.opened:
                self.idle_closed += 1
                client.abort()
        self.admission.spells.tick()
        self._sweep = asyncio.get_running_loop().call_later(_SWEEP, self._tick)

    def _share_connections(self) -> None:
        """Let in as many clients as there are descriptors for, now that others may have theirs."""
        assert self._share, "it listens"
        granted, wanted = self._share.granted, self._share.wanted
        self.admission.most = granted
        if granted < wanted and not self._is_scarce:
            self._is_scarce = True
            line = "event=descriptors_scarce face=%s connections=%d wanted=%d"
            _log.warning(line, self.key, granted, wanted)


class _Arrival(asyncio.Protocol):
    """A connection before it is known whether its client may come in."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._listener.arrived(cast("asyncio.Transport", transport))


def _explain(error: Exception, key: str, host: str, port: int) -> str:
    """Return one line on why nothing can listen on `host` and `port`."""
    code = getattr(error, "errno", None)
    if isinstance(error, ValueError | socket.gaierror):
        return f"{key}: no address is known for the host '{host}'; write an IP address"
    if code == errno.EADDRINUSE:
        return (
            f"{key}: port {port} on {host} is taken by another program; "
            f"stop it or choose another {key}.port"
        )
    if code in (errno.EACCES, errno.EPERM):
        return (
            f"{key}: port {port} needs the right to bind ports below 1024: choose a port "
            "above 1023 or grant it with AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit file"
        )
    if code in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, None):
        return f"{key}: this machine has no address {host}"
    return f"{key}: cannot listen on {host} port {port}: {error}"
