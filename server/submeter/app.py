"""The running program: the one place that knows the sources, the meters and the faces."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from submeter import __version__, notify
from submeter import config as configuration
from submeter.config import Loaded
from submeter.meter.instant import Instant
from submeter.plan import PlannedMeter
from submeter.sources.source import supervise

TICK_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Face(Protocol):
    """A protocol that a poller speaks to us."""

    @property
    def where(self) -> str:
        """The address and port it listens on."""

    async def start(self) -> None:
        """Listen; when it returns, the face answers. Raises ListenError."""

    async def stop(self) -> None:
        """Close every socket."""


async def run(loaded: Loaded, meters: Sequence[PlannedMeter]) -> None:
    """Serve the meters until SIGTERM, SIGINT or SIGHUP; raises ListenError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
            loop.add_signal_handler(number, stop.set)
    async with _served(_faces(loaded, meters)) as listening, _fed(meters):
        # What stands now lives as long as the program: the collector need not look at it.
        gc.collect()
        gc.freeze()
        _say(f"ready meters={len(meters)} {listening}")
        notify.tell("READY=1")
        await stop.wait()
        notify.tell("STOPPING=1")
    _log.info("event=stopped version=%s", __version__)


def _say(line: str) -> None:
    """Print `line`; that nobody reads it any more is no reason to stop."""
    try:
        print(line, flush=True)
    except OSError as error:
        _log.warning('event=output_lost reason="%s"', error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _faces(loaded: Loaded, meters: Sequence[PlannedMeter]) -> dict[str, Face]:
    """Return the faces that the configuration asks for, by the key that configures them."""
    faces: dict[str, Face] = {}
    config = loaded.config
    if config.modbus.tcp:
        from submeter.modbus.image import Image
        from submeter.modbus.tcp import ModbusTcpFace

        images = {}
        for each in meters:
            images[each.entry.unit_id] = image = Image(each.map)
            each.meter.subscribe(image.apply)
        faces["modbus.tcp"] = ModbusTcpFace(config.modbus.tcp.host, config.modbus.tcp.port, images)
    if config.bacnet:
        faces["bacnet"] = _bacnet(config.site, config.bacnet, meters)
    return faces


def _bacnet(
    site: str, settings: configuration.BacnetSettings, meters: Sequence[PlannedMeter]
) -> Face:
    from submeter.bacnet import BacnetFace, BacnetSettings, ServedMeter

    served = [
        ServedMeter(
            each.meter, each.map, each.entry.bacnet.instance_offset, each.entry.bacnet.name_prefix
        )
        for each in meters
    ]
    own = BacnetSettings(
        address=settings.address,
        port=settings.port,
        device_id=settings.device_id,
        device_name=settings.device_name or site,
        vendor_id=settings.vendor_id,
    )
    return BacnetFace(own, served)


@contextlib.asynccontextmanager
async def _served(faces: dict[str, Face]) -> AsyncIterator[str]:
    """Start every face, and stop those that started whatever happens."""
    async with contextlib.AsyncExitStack() as stack:
        for face in faces.values():
            await face.start()
            stack.push_async_callback(face.stop)
        yield " ".join(f"{key}={face.where}" for key, face in faces.items())


@contextlib.asynccontextmanager
async def _fed(meters: Sequence[PlannedMeter]) -> AsyncIterator[None]:
    """Keep the sources running and the readings ageing."""
    tasks = [
        asyncio.create_task(supervise(each.source, each.meter.update), name=each.source.name)
        for each in meters
    ]
    tasks.append(asyncio.create_task(_tick(meters), name="tick"))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tick(meters: Sequence[PlannedMeter]) -> None:
    broken: set[str] = set()
    while True:
        await asyncio.sleep(TICK_SECONDS)
        now = Instant.now()
        for each in meters:
            try:
                each.meter.tick(now)
                broken.discard(each.meter.name)
            except Exception:
                # Without ticks the readings of every meter would stay valid for ever.
                if each.meter.name not in broken:
                    _log.exception("event=tick_failed meter=%s", each.meter.name)
                broken.add(each.meter.name)
