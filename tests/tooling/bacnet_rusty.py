"""A client of rusty-bacnet, an independent BACnet stack written in Rust."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from submeter.pointmap.meter_map import BacnetObject
from tooling.bacnet_site import DEVICE_ID
from tooling.free_port import free_udp_port

rusty = pytest.importorskip("rusty_bacnet")
Property = rusty.PropertyIdentifier
Kind = rusty.ObjectType


@asynccontextmanager
async def connected() -> AsyncIterator[Any]:
    """Hand over a client on loopback."""
    # It takes its port on all addresses, so that it cannot be the server's.
    opened = rusty.BACnetClient(
        "127.0.0.1", free_udp_port(), broadcast_address="127.255.255.255", apdu_timeout_ms=2000
    )
    async with opened as client:
        yield client


def identifier(entry: BacnetObject) -> Any:
    """Return the identifier of an object of the map."""
    return own(entry.object.upper().replace("-", "_"), entry.instance)


def own(kind: str, instance: int) -> Any:
    """Return the identifier of an object, by the name that the client has for its type."""
    return rusty.ObjectIdentifier(getattr(Kind, kind), instance)


def device() -> Any:
    """Return the identifier of the device."""
    return own("DEVICE", DEVICE_ID)


async def refusal(coroutine: Any) -> tuple[int, int]:
    """Return the class and the code of the Error with which a request is refused."""
    with pytest.raises(rusty.BacnetProtocolError) as raised:
        await coroutine
    return raised.value.error_class, raised.value.error_code
