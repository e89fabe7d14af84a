"""The running program: the one place that knows the sources, the meters and the faces."""

import asyncio
import contextlib
import gc
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from submeter import (
    __version__,
    busy_ports,
    notify,
    orders,
    proof,
    restore,
    serial_number,
    system_clock,
)
from submeter.clock_command import ClockCommand
from submeter.config import Loaded
from submeter.ending import End
from submeter.latest import Latest
from submeter.local_socket import LocalSocket, beside
from submeter.meter.access import Access
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Update
from submeter.meter.trouble import Reason
from submeter.plan import OUTSIDE, PlannedMeter
from submeter.pointmap import points
from submeter.pulse_outputs import PulseOutputs
from submeter.questions import Questions
from submeter.restore import ServedMeter
from submeter.sources.source import Health, Source, supervise
from submeter.sources.troubles import Troubles
from submeter.store.journal import Journal
from submeter.store.store import Store

if TYPE_CHECKING:
    from submeter.bacnet.outside import Outside
    from submeter.modbus.gateway import SourceFigures

Refresh = Callable[[], None]

TICK_SECONDS = 1.0
AT_ONCE = 25
"""Meters that are ticked in one go, which takes about a millisecond."""

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


async def run(loaded: Loaded, planned: Sequence[PlannedMeter]) -> bool:
    """Serve the meters until SIGTERM, SIGINT or SIGHUP, or until a poller wants a restart: True.

    Raises ConfigError, ListenError or StoreError.
    """
    if loaded.config.modbus.listens:
        from submeter import modbus_faces

        modbus_faces.prove(loaded)
    busy_ports.prove(loaded)
    end = End()
    end.listen()
    audit = Audit()
    store = Store.open(loaded.store_path, list(points.all_points().values()))
    try:
        commands = dict.fromkeys(OUTSIDE, ClockCommand(audit))
        access = Access(loaded.config.access, audit)
        meters, notes = restore.meters(loaded, planned, store, audit, access, commands)
        health = _health(meters)
        outputs = PulseOutputs(meters, store)
        journal = _journal(loaded, store, meters, audit, outputs)
        for key, text in notes.items():
            journal.note(key, text)
        faces, refresh = _faces(loaded, meters, access, audit, health)
        if bacnet := loaded.config.bacnet:
            from submeter import bacnet_face
            from submeter.bacnet.face import BacnetFace

            own = [bacnet_face.served(loaded, each) for each in meters]
            rest = _outside(loaded, access, audit, store, journal, end)
            faces["bacnet"] = BacnetFace(bacnet, own, rest)
            # A revision that is told before it is kept could be told of another list after a crash.
            await journal.keep_now("bacnet_revision:")
        by_name = {each.meter.name: each for each in meters}
        latest = Latest()
        questions = Questions(by_name, health, latest)
        asked = LocalSocket(beside(store.path), questions.answer)
        tasks = [journal.run, *(output.run for output in outputs.each())]
        fed = _fed(meters, health, latest, tasks, refresh)
        async with _served(faces) as listening, fed, _open(asked):
            # What stands now lives as long as the program: the collector need not look at it.
            gc.collect()
            gc.freeze()
            _say(f"ready meters={len(meters)} {listening}")
            notify.tell("READY=1")
            await end.wanted.wait()
            end.tell()
        await journal.close()
    finally:
        await store.close()
    _log.info("event=stopped version=%s", __version__)
    return end.again


def _say(line: str) -> None:
    """Print `line`; that nobody reads it any more is no reason to stop."""
    try:
        print(line, flush=True)
    except OSError as error:
        _log.warning('event=output_lost reason="%s"', error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _journal(
    loaded: Loaded,
    store: Store,
    served: Sequence[ServedMeter],
    audit: Audit,
    outputs: PulseOutputs,
) -> Journal:
    settings = loaded.config.store
    meters = {each.meter.name: each.meter for each in served}
    calculated = {each.meter.name for each in served if each.plan.calculated}
    return Journal(
        store,
        list(meters.values()),
        audit,
        lambda request, now: orders.obey(request, meters, now, calculated),
        lambda: {**restore.memory([each.plan for each in served]), **outputs.memory()},
        every=settings.commit,
        sample=settings.sample,
        retention=settings.retention,
        is_right=system_clock.synchronised,
    )


def _health(meters: Sequence[ServedMeter]) -> dict[Source, Health]:
    return {source: Health() for each in meters for source in each.plan.sources.values()}


def _faces(
    loaded: Loaded,
    meters: Sequence[ServedMeter],
    access: Access,
    audit: Audit,
    health: Mapping[Source, Health],
) -> tuple[dict[str, Face], Refresh]:
    """Return the faces that the configuration asks for, and what is to be called each second."""
    faces: dict[str, Face] = {}
    refresh: Refresh = _nothing
    config = loaded.config
    if config.modbus.listens:
        from submeter.modbus_faces import ModbusFaces

        modbus = ModbusFaces(loaded, meters, access, audit, partial(_sources, meters, health))
        faces.update(modbus.faces)
        refresh = modbus.refresh
    return faces, refresh


def _outside(
    loaded: Loaded,
    access: Access,
    audit: Audit,
    store: Store,
    journal: Journal,
    end: End,
) -> "Outside":
    """Return what the BACnet face needs of the rest of the program."""
    from submeter.bacnet.outside import Outside
    from submeter.store.trend import TrendHistory

    return Outside(
        site=loaded.config.site,
        audit=audit,
        serial=serial_number.of(loaded.config.site, ""),
        lock=access,
        code=loaded.config.access.code is not None,
        notes=store.notes(),
        keep=journal.note,
        history=TrendHistory(loaded.store_path),
        sample=loaded.config.store.sample,
        set_clock=system_clock.set_to,
        restart=end.restart,
        # What waits in memory for the disk would be lost.
        prove=lambda: store.trouble or proof.fault(loaded),
    )


def _nothing() -> None:
    """Refresh nothing: no face wants it."""


def _sources(
    meters: Sequence[ServedMeter], health: Mapping[Source, Health], now: Instant
) -> list["SourceFigures"]:
    """Return how every source is, in the order of the configuration."""
    from submeter.modbus.gateway import SourceFigures

    figures = []
    for each in meters:
        for name, source in each.plan.sources.items():
            state = health[source]
            age = now.mono - state.last.mono if state.last else None
            errors = source.dropped + state.failures
            figures.append(
                SourceFigures(
                    f"{each.meter.name}/{name}",
                    bool(state.online),
                    age,
                    state.frames,
                    errors,
                    state.condition(source.trouble),
                )
            )
    return figures


@contextlib.asynccontextmanager
async def _served(faces: dict[str, Face]) -> AsyncIterator[str]:
    """Start every face, and stop those that started whatever happens."""
    async with contextlib.AsyncExitStack() as stack:
        for face in faces.values():
            await face.start()
            stack.push_async_callback(face.stop)
        yield " ".join(f"{key}={face.where}" for key, face in faces.items())


@contextlib.asynccontextmanager
async def _fed(
    meters: Sequence[ServedMeter],
    health: Mapping[Source, Health],
    latest: Latest,
    others: Sequence[Callable[[], Coroutine[None, None, None]]],
    refresh: Refresh,
) -> AsyncIterator[None]:
    """Keep the sources running, the readings ageing, and `others` too: the journal is one."""
    tasks = [
        asyncio.create_task(
            supervise(source, partial(_publish, each.meter, name, latest), health=health[source]),
            name=source.name,
        )
        for each in meters
        for name, source in each.plan.sources.items()
    ]
    troubles = Troubles(health)
    tasks.append(asyncio.create_task(_tick(meters, refresh, troubles.look), name="tick"))
    tasks += [asyncio.create_task(each()) for each in others]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _publish(meter: Meter, source: str, latest: Latest, update: Update, at: Instant) -> None:
    latest.hear(meter.name, source, update, at)
    meter.update(update, at, source)


@contextlib.asynccontextmanager
async def _open(asked: LocalSocket) -> AsyncIterator[None]:
    """Answer at the local socket."""
    await asked.start()
    try:
        yield
    finally:
        await asked.stop()


async def _tick(meters: Sequence[ServedMeter], *refreshes: Refresh) -> None:
    broken: set[str] = set()
    while True:
        await asyncio.sleep(TICK_SECONDS)
        for number, each in enumerate(meters):
            if number % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)  # a poller need not wait for all of them
            name, now = each.meter.name, Instant.now()
            try:
                _tick_one(each, now)
                if name in broken:
                    broken.discard(name)
                    each.meter.trouble(Reason.INTERNAL, None, now)
            except Exception as error:
                # Without ticks the readings of every meter would stay valid for ever.
                if name not in broken:
                    broken.add(name)
                    _log.exception("event=tick_failed meter=%s", name)
                with contextlib.suppress(Exception):  # it has been told
                    each.meter.trouble(Reason.INTERNAL, repr(error), now)
        try:
            for refresh in refreshes:
                refresh()
        except Exception:
            if "" not in broken:
                broken.add("")
                _log.exception("event=refresh_failed")


def _tick_one(each: ServedMeter, now: Instant) -> None:
    calculated = each.plan.calculated
    if calculated and (update := calculated.update()):
        each.meter.update(update, now)
    each.meter.tick(now)
