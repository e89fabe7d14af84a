"""A source of clamps with boards that live as quickly as a test wants them to."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from submeter.errors import Condition, LinkError
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Update
from submeter.pointmap import points
from submeter.sources.rp2040 import identity, record
from submeter.sources.rp2040.board import Board, Ear
from submeter.sources.rp2040.correction import NONE, BoardCorrection
from submeter.sources.rp2040.identity import Identity
from submeter.sources.rp2040.settings import Rp2040Settings
from submeter.sources.rp2040.source import Rp2040Source
from submeter.sources.rp2040.wiring import wirings
from tooling.clamp_records import IdealBoard

UID = "e66038b713000001"
START = 1_700_000_000.0


class HeardBoard:
    """Stands for a `Board`: notes what is wanted, and tells what it is given to tell."""

    def __init__(self) -> None:
        self.identity: Identity | None = None
        self.trouble: Condition | None = None
        self.true_rate: float | None = None
        self.dropped, self.speed, self.played = 0, 1.0, False
        self.wanted: list[tuple[str, int | None, int, int]] = []
        self.inputs: list[tuple[object, object, object]] = []
        self.snapshots: list[float] = []
        self.ears: list[Ear] = []
        self.listens = 0
        self._end: asyncio.Future[None] | None = None

    def want(self, layout: str, clamp: int | None, lag: int, quarter: int) -> None:
        self.wanted.append((layout, clamp, lag, quarter))

    def want_inputs(self, order: object, pins: object, debounce: object) -> None:
        self.inputs.append((order, pins, debounce))

    def want_snapshots(self, period: float) -> None:
        self.snapshots.append(period)

    async def listen(self, ear: Ear) -> None:
        self.listens += 1
        self.ears.append(ear)
        self._end = self._end or asyncio.get_running_loop().create_future()
        try:
            await asyncio.shield(self._end)
        finally:
            self.ears.remove(ear)

    def lose(self, condition: Condition = Condition.NO_DEVICE) -> None:
        """Lose the port."""
        if self._end:
            self._end.set_exception(LinkError("it was unplugged", condition))
            self._end = None

    def tell(self, ideal: IdealBoard, content: Mapping[str, Any], at: Instant) -> None:
        """Tell the record `content` of `ideal`."""
        who = self.identity = identity.read(ideal.identity())
        read = record.read(content, who)
        for ear in tuple(self.ears):
            ear.record(who, read, at)


class Corrections:
    """What calibration found, of every board."""

    def __init__(self) -> None:
        self.now = NONE

    def current(self, uid: str) -> BoardCorrection:
        return self.now


class Bench:
    """A source with its boards, its meter, and what it has published."""

    def __init__(self, settings: Mapping[str, Any], *ideals: IdealBoard) -> None:
        self.settings = Rp2040Settings.model_validate(dict(settings))
        self.ideals = dict(zip(wirings(self.settings), ideals, strict=True))
        self.boards = {key: HeardBoard() for key in self.ideals}
        self.corrections = Corrections()
        self.source = self.made()
        feed = Feed("s", self.source.expected, 5.0, self.source.dials, self.source.largest_power)
        self.meter = Meter("m", points.all_points().values(), [feed])
        self.updates: list[Update] = []
        self.now = 100.0

    def made(self) -> Rp2040Source:
        """Return a source as after a start."""
        boards = {key: cast("Board", board) for key, board in self.boards.items()}
        return Rp2040Source("m", boards, self.settings, self.corrections)

    @property
    def at(self) -> Instant:
        return Instant(self.now, START + self.now)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Bench"]:
        task = asyncio.create_task(self.source.run(self.publish))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        try:
            yield self
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def publish(self, update: Update, at: Instant) -> None:
        self.updates.append(update)
        self.meter.update(update, at)
        self.meter.commit(self.meter.draft(at), at)

    def live(self, seconds: int = 1, silent: str | None = None, lost: bool = False) -> None:
        """Let seconds pass; the board `silent` does not tell, and with `lost` none does."""
        for _ in range(seconds):
            self.now += 1.0
            for place, (key, ideal) in enumerate(self.ideals.items()):
                content = ideal.second()
                if key != silent and not lost:
                    at = Instant(self.now + 0.1 * place, START + self.now + 0.1 * place)
                    self.boards[key].tell(ideal, content, at)

    def value(self, point: str) -> float:
        """Return what the last update says of `point`."""
        return self.updates[-1].values[point].number


def publish_nothing(update: Update, at: Instant) -> None:
    """Stand for whoever listens."""
