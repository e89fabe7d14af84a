"""What may stand in a certificate: names, hosts and roles as a user types them."""

import ipaddress
import re
from collections.abc import Iterable

from submeter import modbus_security
from submeter.errors import ConfigError

LONGEST = 64  # bytes of UTF-8 of a common name (RFC 5280, appendix A, ub-common-name)

Host = str | ipaddress.IPv4Address | ipaddress.IPv6Address

_FILE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_OURS = ("ca", "server")


def authority(text: str) -> str:
    """Return the name of an authority; raises ConfigError if it can be none."""
    if not text.strip() or not text.isprintable() or len(text.encode()) > LONGEST:
        raise ConfigError(
            f"the name of an authority has 1 to {LONGEST} printable characters, as 'Site CA'"
        )
    return text.strip()


def client(text: str) -> str:
    """Return the name of a client; its files are called so. Raises ConfigError."""
    if not _FILE_NAME.fullmatch(text):
        raise ConfigError(
            f"'{printable(text)}' cannot name a client and its files; write up to 64 letters, "
            "digits, '-', '_' or '.', as bms-1"
        )
    if text.lower() in _OURS:
        raise ConfigError(f"'{text}' is the name of other files there; call the client otherwise")
    return text


def role(text: str) -> str:
    """Return the role of a client; raises ConfigError if it can be none."""
    if problem := modbus_security.complaint(text):
        raise ConfigError(problem)
    return text


def hosts(texts: Iterable[str]) -> list[Host]:
    """Return the names (lower case) and addresses that clients connect to, each once.

    Raises ConfigError for what is neither, and for an address that nobody can connect to.
    """
    found = list(dict.fromkeys(_host(text) for text in texts))
    if not found:
        raise ConfigError("name at least one host, as meter.local or 192.0.2.7")
    return found


def printable(text: str) -> str:
    """Return `text` with its control characters escaped, fit for one line on a terminal."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _host(text: str) -> Host:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return _dns_name(text)
    if address.is_multicast or address.is_unspecified or "%" in text:
        raise ConfigError(f"clients cannot connect to {text}; give the address of the submeter")
    return address


def _dns_name(text: str) -> str:
    """Return a host name of RFC 1123, 2.1; one whose last label is a number is an address."""
    name = text.lower()
    labels = name.split(".")
    if len(name) > 253 or labels[-1].isdigit() or not all(map(_LABEL.fullmatch, labels)):
        raise ConfigError(
            f"'{printable(text)}' is neither a host name nor an IP address; write meter.local, "
            "192.0.2.7 or 2001:db8::7, without a port"
        )
    return name
