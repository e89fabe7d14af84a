"""Whether the listeners and the store of a configuration could be where it wants them."""

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from submeter import bacnet_report
from submeter.config import Loaded
from submeter.errors import ConfigError, ListenError, StoreError

_EVERYWHERE = {"0.0.0.0", "::"}


class Listening(NamedTuple):
    """Where something listens: `key` in the configuration, and SOCK_STREAM or SOCK_DGRAM."""

    key: str
    kind: socket.SocketKind
    host: str
    port: int

    def overlaps(self, other: "Listening") -> bool:
        """Tell whether only one of both can listen at a time."""
        hosts = {self.host, other.host}
        one_place = len(hosts) == 1 or bool(hosts & _EVERYWHERE)
        return one_place and (self.kind, self.port) == (other.kind, other.port)


def listening(loaded: Loaded) -> Iterator[Listening]:
    """Yield where `loaded` listens; raises ConfigError for a BACnet address that is not ours."""
    modbus = loaded.config.modbus
    for name, each in (("tcp", modbus.tcp), ("tls", modbus.tls), ("rtu_tcp", modbus.rtu_tcp)):
        if each:
            yield Listening(f"modbus.{name}", socket.SOCK_STREAM, each.host, each.port)
    if report := bacnet_report.report(loaded):
        for address in report.addresses:
            ip = address.partition("/")[0]
            yield Listening("bacnet", socket.SOCK_DGRAM, ip, report.settings.port)


def prove(running: Loaded, wanted: Loaded) -> None:
    """Raise ListenError or StoreError for a place of `wanted` that the program could not take.

    What `running` holds now it can take again; of the rest each port is bound for a moment.
    """
    held: list[Listening] = []
    with contextlib.suppress(ConfigError):  # its address is gone by now
        held.extend(listening(running))
    for each in listening(wanted):
        if not any(each[1:] == other[1:] for other in held):
            _bind(each, any(each.overlaps(other) for other in held))
    if wanted.store_path.resolve() != running.store_path.resolve():
        _look(wanted.store_path)


def _bind(place: Listening, ours: bool) -> None:
    """Bind `place` and let it go; that it is taken is no fault if that is by ourselves, `ours`."""
    try:
        found = socket.getaddrinfo(place.host, place.port, type=place.kind, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                if kind == socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, place.host != "::")
                probe.bind(address)
    except (OSError, ValueError) as error:
        if ours and getattr(error, "errno", None) == errno.EADDRINUSE:
            return
        reason = getattr(error, "strerror", None) or str(error)
        message = f"{place.key}: cannot listen on {place.host} port {place.port}: {reason}"
        raise ListenError(message) from None


def _look(path: Path) -> None:
    """Raise StoreError if the store cannot be at `path`: its file opened, or made anew."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        folder = next(each for each in path.absolute().parents if each.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            raise StoreError(f"store {path}: it cannot be made in {folder}") from None
        return
    except OSError as error:
        raise StoreError(f"store {path}: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        raise StoreError(f"store {path} is no file; give another store.path")
    if not os.access(path, os.R_OK):
        raise StoreError(f"store {path}: it cannot be opened; see that this user may read it")
