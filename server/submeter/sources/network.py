"""Serial lines that are reached over a network."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Socket:
    """A TCP port of a serial device server that passes the bytes on as they are."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"socket://{_host(self.host)}:{self.port}"

    def check(self) -> None:
        """Do nothing: a server elsewhere may come up later."""


@dataclass(frozen=True, slots=True)
class Rfc2217:
    """A TCP port of a serial device server that lets its speed be set (RFC 2217)."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"rfc2217://{_host(self.host)}:{self.port}"

    def check(self) -> None:
        """Do nothing: a server elsewhere may come up later."""


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
