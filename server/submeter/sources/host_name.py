"""Looking up host names, without holding up anything else.

The event loop's own executor has a few threads for the whole program, and a lookup that was given
up keeps its thread until the resolver gives up too, half a minute later.
"""

import asyncio
import ipaddress
import socket
import threading
from concurrent.futures import Future
from typing import Any

Addresses = list[tuple[Any, ...]]
"""As `socket.getaddrinfo` returns them."""

_asked: dict[tuple[str, int], Future[Addresses]] = {}  # one lookup of a name at a time


async def addresses(host: str, port: int) -> Addresses:
    """Return the TCP addresses of `host`; raises OSError or UnicodeError if it has none.

    May be cancelled at any time.
    """
    if _numeric(host):
        return _found(host, port)
    key = host, port
    asked = _asked.get(key)
    if asked is None:
        asked = _asked[key] = Future()
        # Whoever gives up waiting does not take it from the others.
        asked.set_running_or_notify_cancel()
        try:
            threading.Thread(target=_look_up, args=(key, asked), name=host, daemon=True).start()
        except RuntimeError as error:
            del _asked[key]
            raise OSError(None, f"{error}") from None
    return await asyncio.wrap_future(asked)


def _look_up(key: tuple[str, int], asked: Future[Addresses]) -> None:
    try:
        try:
            found = _found(*key)
        finally:
            del _asked[key]
    except (OSError, UnicodeError) as error:
        asked.set_exception(error)
    except Exception as error:  # whoever waits has to hear of it
        asked.set_exception(OSError(None, f"{error}"))
    else:
        asked.set_result(found)


def _found(host: str, port: int) -> Addresses:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
