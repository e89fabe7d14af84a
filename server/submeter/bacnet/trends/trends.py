"""The trend logs of all meters, kept up to date with the store in the background."""

import asyncio
import logging
from collections.abc import Iterable

from submeter.bacnet import clock, names
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.outside import Outside
from submeter.bacnet.settings import TrendSettings
from submeter.bacnet.trends.news import Known, News, look
from submeter.bacnet.trends.record_times import Anchor, RecordTimes
from submeter.bacnet.trends.trend_log import Source, TrendLog
from submeter.errors import ConfigError, StoreError

_SHORTEST_PAUSE = 5.0  # s
_DAY = 86_400  # s from one anchor to the next

_log = logging.getLogger(__name__)


class Trends:
    """Makes the logs of the points that `settings` name, and lets them follow the store.

    Raises ConfigError for a point that there is not. Without a history there are no logs.
    """

    def __init__(self, outside: Outside, settings: TrendSettings) -> None:
        self._outside = outside
        self._most = settings.records
        places = names.trend_instances()
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

        The instance is `offset` plus that of `names.trend_instances`.
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
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def look(self) -> None:
        """Take over what the store has of each meter that is due for a new sample.

        What goes wrong is told of once, and tried again at the next look.
        """
        try:
            await self._look()
        except StoreError as error:
            if not self._failed:
                _log.warning('event=trends_wait reason="%s"', error)
            self._failed = True
        except Exception:
            if not self._failed:
                _log.exception("event=trends_failed")
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

    async def _look(self) -> None:
        history = self._outside.history
        due = [meter for meter, times in self._meters.items() if self._is_due(times)]
        if history is None or not self._places or not due:
            return
        known = {meter: self._known(meter) for meter in due}
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(None, look, history, known, self._most)
        errors = []
        for meter, news in found.items():
            try:
                self._take(meter, news)
            except Exception as error:  # the logs of the other meters go on
                errors.append(error)
        if errors:
            raise errors[0]

    def _known(self, meter: str) -> Known:
        times = self._meters[meter]
        if times.known:
            return Known(times.times[-1] if times else None)
        return Known(anchor=self._anchors[meter])

    def _take(self, meter: str, news: News) -> None:
        times = self._meters[meter]
        if not times.known:
            times.begin(news.times, self._anchors[meter], news.since)
        elif news.all:
            times.replace(news.times)
        else:
            times.follow(news.times)
            times.forget(news.oldest)
        self._keep(meter, times.anchor, news.all)

    def _keep(self, meter: str, anchor: Anchor | None, now: bool) -> None:
        """Keep the number of the last record: `now` or a day after the last time."""
        kept = self._anchors[meter]
        if anchor is None or anchor == kept:
            return
        if now or kept is None or anchor.at - kept.at >= _DAY:
            self._outside.keep(_key(meter), str(anchor))
            self._anchors[meter] = anchor


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
