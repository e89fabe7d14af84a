"""The trend logs of all meters, kept up to date with the store in the background."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from submeter.bacnet import clock
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.outside import History, Outside
from submeter.bacnet.settings import TrendSettings
from submeter.bacnet.trends.record_times import Anchor, RecordTimes
from submeter.bacnet.trends.trend_log import Source, TrendLog
from submeter.errors import ConfigError, StoreError
from submeter.pointmap import points

_SHORTEST_PAUSE = 5.0  # s
_DAY = 86_400  # s from one anchor to the next
_EVER = -1  # before every time
# Of samples since the anchor: a day of them, and more if the store was closed badly.
_MOST_COUNTED = 100_000

_log = logging.getLogger(__name__)


class _Found(NamedTuple):
    """The times of new records, or of `all` that there are; `since` the anchor were so many."""

    times: Sequence[int]
    all: bool = False
    since: int = 0


class Trends:
    """Makes the logs of the points that `settings` name, and lets them follow the store.

    Raises ConfigError for a point that there is not. Without a history there are no logs.
    """

    def __init__(self, outside: Outside, settings: TrendSettings) -> None:
        self._outside = outside
        self._most = settings.records
        places = {name: place for place, name in enumerate(points.all_points(), 1)}
        if unknown := [name for name in settings.points if name not in places]:
            message = "bacnet.trends.points: there is no point '{}'; remove it"
            raise ConfigError(*map(message.format, unknown))
        self._places = {name: places[name] for name in settings.points}
        self._meters: dict[str, RecordTimes] = {}
        self._anchors: dict[str, Anchor | None] = {}
        self._failed = False
        self._task: asyncio.Task[None] | None = None

    def logs(
        self,
        meter: str,
        shown: Iterable[PointObject],
        offset: int = 0,
        prefix: str = "",
        described: str = "",
    ) -> list[TrendLog]:
        """Return the logs of those points of `meter` that one of `shown`, its objects, shows.

        The instance is `offset` plus the place of the point in the list of all points, from 1.
        """
        if self._outside.history is None:
            return []
        source = Source(self._outside.history, meter, self._times(meter))
        by_point = _preferred(shown)
        return [
            TrendLog(
                source,
                by_point[name],
                offset + place,
                prefix,
                described,
                self._outside.sample,
                self._most,
            )
            for name, place in self._places.items()
            if name in by_point
        ]

    def start(self) -> None:
        """Follow the store from now on, in the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Follow it no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def look(self) -> None:
        """Take over what the store has of each meter that is due for a new sample."""
        history = self._outside.history
        if history is None or not self._places:
            return
        try:
            for meter, times in list(self._meters.items()):
                if self._is_due(times):
                    await self._look_at(history, meter, times)
        except StoreError as error:
            if not self._failed:
                _log.warning('event=trends_wait reason="%s"', error)
            self._failed = True
        else:
            if self._failed:
                _log.info("event=trends_follow")
            self._failed = False

    def _times(self, meter: str) -> RecordTimes:
        if meter not in self._meters:
            self._meters[meter] = RecordTimes(self._most)
            self._anchors[meter] = Anchor.read(self._outside.notes, _key(meter))
        return self._meters[meter]

    async def _run(self) -> None:
        pause = max(_SHORTEST_PAUSE, self._outside.sample / 4)
        while True:
            await self.look()
            await asyncio.sleep(pause)

    def _is_due(self, times: RecordTimes) -> bool:
        """Tell whether there can be a new sample: not less than `sample` s after the last one."""
        if not times:
            return True
        last = times.times[-1]
        return not last <= clock.now() < last + self._outside.sample

    async def _look_at(self, history: History, meter: str, times: RecordTimes) -> None:
        loop = asyncio.get_running_loop()
        if times.known:
            ends = (times.times[0], times.times[-1]) if times else None
            found = await loop.run_in_executor(None, self._news, history, meter, ends)
            if found.all:
                times.replace(found.times)
            else:
                times.follow(found.times)
        else:
            anchor = self._anchors[meter]
            found = await loop.run_in_executor(None, self._everything, history, meter, anchor)
            times.begin(found.times, anchor, found.since)
        self._keep(meter, times.anchor, found.all)

    def _news(self, history: History, meter: str, ends: tuple[int, int] | None) -> _Found:
        """Look for what came after the last of `ends`, if both are still there; in a thread."""
        if ends is None:
            return _Found(history.times(meter, _EVER, self._most), all=True)
        oldest, newest = ends
        found = history.times(meter, newest - 1, self._most)
        point = next(iter(self._places))
        if list(found[:1]) == [newest] and history.values(meter, point, oldest, oldest):
            return _Found(found[1:])
        # Samples were let go of, or the clock was set back.
        return _Found(history.times(meter, _EVER, self._most), all=True)

    def _everything(self, history: History, meter: str, anchor: Anchor | None) -> _Found:
        """Look for all records, and count those since `anchor`; in a thread."""
        found = history.times(meter, _EVER, self._most)
        since = [at for at in found if anchor and at > anchor.at]
        if anchor and since and len(since) == len(found):
            since = list(history.times(meter, anchor.at, max(self._most, _MOST_COUNTED)))
        return _Found(found, all=True, since=len(since))

    def _keep(self, meter: str, anchor: Anchor | None, now: bool) -> None:
        """Keep the number of the last record: `now` or a day after the last time."""
        kept = self._anchors[meter]
        if anchor is None or anchor == kept:
            return
        if now or kept is None or anchor.at - kept.at >= _DAY:
            self._anchors[meter] = anchor
            self._outside.keep(_key(meter), str(anchor))


def _preferred(shown: Iterable[PointObject]) -> dict[str, PointObject]:
    """Return the object of each point that clients trend: the analog input if there is one."""
    found: dict[str, PointObject] = {}
    for each in shown:
        name = each.entry.point.name
        if name not in found or each.entry.object == "analog-input":
            found[name] = each
    return found


def _key(meter: str) -> str:
    return f"bacnet_trend:{meter}"
