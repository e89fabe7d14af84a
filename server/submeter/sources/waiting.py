"""Waiting for a descriptor that does not block, without a buffer of our own.

What is not read yet stays in the kernel: nothing is lost when a wait is given up.
"""

import asyncio
from collections.abc import Callable


async def readable(descriptor: int) -> None:
    """Return once `descriptor` has bytes, or its end."""
    loop = asyncio.get_running_loop()
    await _ready(lambda told: loop.add_reader(descriptor, told), descriptor, loop.remove_reader)


async def writable(descriptor: int) -> None:
    """Return once `descriptor` takes bytes."""
    loop = asyncio.get_running_loop()
    await _ready(lambda told: loop.add_writer(descriptor, told), descriptor, loop.remove_writer)


async def _ready(
    add: Callable[[Callable[[], None]], object], descriptor: int, remove: Callable[[int], object]
) -> None:
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    add(lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        remove(descriptor)
