"""Which IPv4 address the face takes: from `auto`, an interface name, `ip` or `ip/prefix`."""

import ipaddress
import sys
from pathlib import Path

import ifaddr

from submeter.errors import ListenError

_ROUTES = Path("/proc/net/route")
_LOOPBACK = ipaddress.IPv4Network("127.0.0.0/8")


def resolve(address: str) -> str:
    """Return the `ip/prefix` that `address` stands for on this machine.

    `auto` is the interface of the default route, else the only one there is, else loopback. Any
    address of 127.0.0.0/8 can be taken although no interface lists it. Raises ListenError.
    """
    here = _interfaces()
    if address == "auto":
        return str(_automatic(here))
    if address in here:
        return str(here[address][0])
    try:
        wanted = ipaddress.IPv4Interface(address)
    except ValueError:
        raise ListenError(
            f"bacnet.address '{address}' is no interface or IPv4 address of this machine; "
            f"there are: {_listed(here)}"
        ) from None
    if wanted.ip == _LOOPBACK.network_address or wanted.ip == _LOOPBACK.broadcast_address:
        raise ListenError(f"bacnet.address {address} is no station; take 127.0.0.1/8")
    owned = next((own for held in here.values() for own in held if own.ip == wanted.ip), None)
    if owned is None and wanted.ip not in _LOOPBACK:
        raise ListenError(
            f"bacnet.address {address} is not on this machine; there are: {_listed(here)}"
        )
    if "/" in address:
        return str(wanted)
    return str(owned) if owned else f"{wanted.ip}/{_LOOPBACK.prefixlen}"


def moved(address: str, ip: ipaddress.IPv4Address) -> ipaddress.IPv4Address | None:
    """Return what `address` stands for by now if `ip`, which it stood for, is lost; else None.

    Loopback is never lost, but `auto` leaves it for the first interface that there is.
    """
    try:
        found = ipaddress.IPv4Interface(resolve(address)).ip
        kept = any(own.ip == ip for held in _interfaces().values() for own in held)
    except (ListenError, OSError):
        return None  # there is none at all, which the sockets notice
    return None if found == ip or (kept and not ip.is_loopback) else found


def gateway(ip: ipaddress.IPv4Address) -> ipaddress.IPv4Address:
    """Return the default gateway of the interface that has `ip`; 0.0.0.0 if there is none."""
    here = _interfaces()
    for name, router in _default_routes():
        if any(own.ip == ip for own in here.get(name, ())):
            return router
    return ipaddress.IPv4Address(0)


def _automatic(here: dict[str, list[ipaddress.IPv4Interface]]) -> ipaddress.IPv4Interface:
    for name, _ in _default_routes():
        if name in here:
            return here[name][0]
    others = [own for held in here.values() for own in held if own.ip not in _LOOPBACK]
    if len(others) > 1:
        raise ListenError(
            "bacnet.address 'auto' needs a default route or a single interface; "
            f"write one of: {_listed(here)}"
        )
    return others[0] if others else ipaddress.IPv4Interface("127.0.0.1/8")


def _interfaces() -> dict[str, list[ipaddress.IPv4Interface]]:
    """Return the IPv4 addresses of every interface that has one."""
    here: dict[str, list[ipaddress.IPv4Interface]] = {}
    for adapter in ifaddr.get_adapters():
        for own in adapter.ips:
            if isinstance(own.ip, str):
                entry = ipaddress.IPv4Interface(f"{own.ip}/{own.network_prefix}")
                here.setdefault(adapter.name, []).append(entry)
    return here


def _default_routes() -> list[tuple[str, ipaddress.IPv4Address]]:
    """Return interface and gateway of each default route, the preferred one first."""
    try:
        lines = _ROUTES.read_text().splitlines()[1:]
    except OSError:
        return []
    routes = []
    for line in lines:
        name, destination, router, _, _, _, metric, mask = line.split()[:8]
        if int(destination, 16) == int(mask, 16) == 0:
            # The kernel prints the four octets as one number of this processor.
            octets = int(router, 16).to_bytes(4, sys.byteorder)
            routes.append((int(metric), name, ipaddress.IPv4Address(octets)))
    return [(name, router) for _, name, router in sorted(routes)]


def _listed(here: dict[str, list[ipaddress.IPv4Interface]]) -> str:
    return ", ".join(f"{own} ({name})" for name, held in here.items() for own in held) or "none"
