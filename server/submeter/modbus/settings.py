"""The `modbus` part of the configuration."""

import difflib
import ipaddress
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from submeter.meter.access_settings import network

Role = Literal["read", "write"]
AUTO, GATEWAY, NOBODY = "auto", "gateway", "none"
ZERO_AND_255 = (
    "Who answers on TCP: auto (the only meter), a meter's name, gateway (our own), or none"
)


_EVERYWHERE = {"0.0.0.0", "::"}


def _roles() -> dict[str, Role]:
    return {"operator": "write", "reader": "read"}


def _is_nobody(host: str) -> bool:
    """Tell whether nobody could connect to `host`, or everybody where it looks like nothing."""
    if host in ("", "*") or any(each.isspace() or not each.isprintable() for each in host):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name
        return False
    return address.is_multicast or host == "255.255.255.255"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ListenSettings(_Strict):
    """What every listener on a network has: its address, and who and how many may connect."""

    host: str = Field(default="0.0.0.0", description="The address to listen on; '::' for IPv6 too")
    allow: list[str] = Field(
        default_factory=list,
        description="Networks that may connect, such as 192.0.2.0/24; empty: all",
    )
    connections: int = Field(default=256, ge=1, le=4000, description="At a time, all together")
    per_peer: int = Field(default=64, ge=1, le=4000, description="At a time, of one address")
    idle: int = Field(
        default=600, ge=0, le=86_400, description="Seconds without a request to close; 0: never"
    )
    keepalive: int = Field(
        default=60, ge=0, le=7200, description="Seconds until a silent peer is probed; 0: never"
    )

    @field_validator("host")
    @classmethod
    def _host(cls, text: str) -> str:
        if _is_nobody(text):
            raise ValueError(f"{text!r} is no address to listen on; 0.0.0.0 is all of this machine")
        return text

    @field_validator("allow")
    @classmethod
    def _allow(cls, texts: list[str]) -> list[str]:
        for text in texts:
            network(text)
        return texts


class TcpSettings(ListenSettings):
    """The Modbus TCP listener."""

    port: int = Field(default=502, ge=1, le=65535)


class TlsSettings(ListenSettings):
    """The Modbus/TCP Security listener: TLS in which both sides show a certificate."""

    port: int = Field(default=802, ge=1, le=65535)
    certificate: str = Field(description="Our certificate (PEM), from the configuration's folder")
    key: str = Field(description="Its private key (PEM)")
    authority: str = Field(description="The certificates that clients must be signed by (PEM)")
    roles: dict[str, Role] = Field(
        default_factory=_roles,
        description="Role in a client's certificate -> read, or write (and read)",
    )


class RtuTcpSettings(ListenSettings):
    """RTU frames over TCP, as serial device servers carry them."""

    port: int = Field(default=4001, ge=1, le=65535)


class Rs485Settings(_Strict):
    """The direction of the line, switched by the kernel (TIOCSRS485)."""

    rts_on_send: bool = True
    rts_after_send: bool = False
    delay_before: int = Field(default=0, ge=0, le=100, description="ms")
    delay_after: int = Field(default=0, ge=0, le=100, description="ms")


class RtuSettings(_Strict):
    """The Modbus RTU port."""

    port: str = Field(
        pattern=r"^/[^\x00-\x1f]*$",
        max_length=255,
        description="The device node, whole, best one of /dev/serial/by-id",
    )
    baudrate: Literal[9600, 19200, 38400] = 19200
    parity: Literal["none", "even", "odd"] = "even"
    stop_bits: Literal[1, 2] | None = Field(
        default=None, description="Default: 1 with parity, 2 without"
    )
    echo: bool = Field(default=False, description="The adapter hears what it sends")
    low_latency: bool = Field(default=True, description="Ask the adapter not to hold bytes back")
    rs485: Rs485Settings | None = None

    @property
    def character_format(self) -> str:
        """Data bits, parity and stop bits, such as 8E1."""
        stop_bits = self.stop_bits or (2 if self.parity == "none" else 1)
        return f"8{self.parity[0].upper()}{stop_bits}"

    @model_validator(mode="after")
    def _eleven_bits(self) -> "RtuSettings":
        if self.parity != "none" and self.stop_bits == 2:
            raise ValueError("a character with parity has one stop bit; remove 'stop_bits: 2'")
        return self


class ModbusSettings(_Strict):
    """The Modbus face."""

    tcp: TcpSettings | None = None
    tls: TlsSettings | None = None
    rtu: RtuSettings | None = None
    rtu_tcp: RtuTcpSettings | None = None
    unit_0: str = Field(default=AUTO, description=ZERO_AND_255)
    unit_255: str = Field(default=AUTO, description=ZERO_AND_255)

    @property
    def listens(self) -> bool:
        """Whether anything at all is listened on."""
        return any((self.tcp, self.tls, self.rtu, self.rtu_tcp))

    def faults(self, meters: Sequence[str]) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Find what does not agree with itself or with the names of the `meters`."""
        for index, name in enumerate(meters):
            if name in (AUTO, GATEWAY, NOBODY):
                message = f"'{name}' has a meaning at modbus.unit_0; call the meter otherwise"
                yield ("meters", index, "name"), message
        known = [AUTO, GATEWAY, NOBODY, *meters]
        for key, name in (("unit_0", self.unit_0), ("unit_255", self.unit_255)):
            if name not in known:
                close = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(known)}"
                yield ("modbus", key), f"no meter is called '{name}'; {hint}"
        yield from self._clashes()

    def _clashes(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        taken: list[tuple[str, ListenSettings, int]] = []
        listeners = (("tcp", self.tcp), ("tls", self.tls), ("rtu_tcp", self.rtu_tcp))
        for key, listener in listeners:
            if listener is None:
                continue
            for other_key, other, port in taken:
                hosts = {listener.host, other.host}
                if port == listener.port and (len(hosts) == 1 or hosts & _EVERYWHERE):
                    message = f"port {port} is that of modbus.{other_key}; take another"
                    yield ("modbus", key, "port"), message
            taken.append((key, listener, listener.port))
