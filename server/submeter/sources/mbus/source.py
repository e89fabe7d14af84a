"""An M-Bus meter as a source, one of many on its line."""

import asyncio
from typing import NoReturn

from submeter.errors import Condition, FrameError, LinkError
from submeter.meter.instant import Instant
from submeter.pointmap.source_map import SourceMap
from submeter.sources.mbus import schedule, timing
from submeter.sources.mbus.answer import Answer
from submeter.sources.mbus.listening import Listener
from submeter.sources.mbus.master import Master
from submeter.sources.mbus.reading import Reader
from submeter.sources.mbus.schedule import Member
from submeter.sources.mbus.settings import MbusSettings
from submeter.sources.origin import Origin
from submeter.sources.port import Device, Replay
from submeter.sources.shared_line import SharedLine
from submeter.sources.source import Publish

_SILENT_RETRIES = 1  # of a meter that did not answer last time


class MbusSource:
    """One M-Bus meter, read for ever in its turn; see `Source`.

    `line` is shared with the other meters there.
    """

    def __init__(
        self, name: str, line: SharedLine, settings: MbusSettings, source_map: SourceMap
    ) -> None:
        self.name = name
        self.dropped = 0
        self.expected = source_map.expected()
        self.dials = source_map.dials()
        self.largest_power = source_map.largest_power
        self.max_age = settings.max_age(source_map.max_age)
        self._line = line
        self._settings = settings
        self._map = source_map
        self._replayed = isinstance(line.spec, Replay)
        self._reader = Reader(
            name, settings.where, settings.expected_meter, source_map, replayed=self._replayed
        )
        self._schedule = schedule.of(line)
        self._member = Member(settings.period)
        self._timing = timing.of(
            settings.line,
            remote=not isinstance(line.spec, Device),
            retries=settings.retries,
            window=settings.timeout,
            pause=settings.pause,
        )
        self._started = False
        self._asked = False  # ever
        self._silent = False  # not only passed over once
        self._wasted = 0.0  # s that the last attempt took in vain, 0 after an answer
        self._endless = 0.0  # s that the last answer took, if it was cut off

    @property
    def trouble(self) -> Condition | None:
        """Why the answers cannot be used, None if they can."""
        return self._reader.trouble

    @property
    def identity(self) -> str | None:
        """The meter's secondary address, as 12345678-ABB-02-04."""
        return self._reader.identity

    def origin(self, point: str) -> Origin | None:
        """Return the records that the last value of `point` was made of."""
        return self._reader.origin(point)

    def describe(self) -> str:
        """Return line, address and map."""
        return f"mbus {self._line.spec} address {self._settings.where} ({self._map.name})"

    async def run(self, publish: Publish) -> NoReturn:
        """Read the meter once a period and publish it; raises LinkError.

        A single reading that is not answered is passed over.
        """
        if self._replayed:
            await Listener(self._line, self._settings.where).run(self._take, publish)
        with self._line.joined(), self._schedule.joined(self._member) as wait:
            await self._keep_reading(0.0 if self._started else wait, publish)

    async def _keep_reading(self, wait: float, publish: Publish) -> NoReturn:
        loop = asyncio.get_running_loop()
        if not self._started:
            # A port that is not there is told at once, not when the first reading is due.
            async with self._line.turn():
                self._started = True
        due, answered = loop.time() + wait, False
        while True:
            await asyncio.sleep(due - loop.time())
            first = not self._asked
            try:
                answer, elapsed = await self._in_turn()
                self._take(answer, elapsed, publish)
                answered = True
            except FrameError as error:
                self._reader.refuse(error)
                answered = True
            except LinkError as error:
                if error.port_lost or not answered:
                    self._silent |= not error.port_lost
                    raise
                answered = False
            if first:  # it may have waited long for that
                due = loop.time()
            due = max(due + self._settings.period, loop.time())

    async def _in_turn(self) -> tuple[Answer, float]:
        """Read the meter as soon as those allow it that are known to answer."""
        if not self._asked:
            async with self._schedule.first_turn():
                return await self._read()
        if self._silent:
            await self._schedule.silent_turn(self._wasted)
        elif self._endless and self._schedule.crowded:
            await self._schedule.silent_turn(self._endless)
        return await self._read()

    async def _read(self) -> tuple[Answer, float]:
        """Return an answer, and when it came by the port's time."""
        loop = asyncio.get_running_loop()
        async with self._line.turn() as port:
            began = loop.time()
            master = Master(port, self._patience())
            try:
                answer = await master.read(
                    self._settings.where,
                    reset=self._settings.reset,
                    most=self._settings.telegrams,
                    doubtful=not self._asked,
                )
            except FrameError:
                self._answered(loop.time() - began)
                raise
            except LinkError as error:
                self._lost(error, loop.time() - began)
                raise
            finally:
                self.dropped += master.dropped
            self._answered(loop.time() - began, whole=answer.whole)
            return answer, port.elapsed()

    def _patience(self) -> timing.Timing:
        if not self._wasted:
            return self._timing
        return self._timing._replace(retries=min(self._timing.retries, _SILENT_RETRIES))

    def _answered(self, seconds: float, *, whole: bool = True) -> None:
        self._schedule.took(self._member, seconds, returned=self._silent)
        self._asked, self._silent, self._wasted = True, False, 0.0
        self._endless = 0.0 if whole else seconds

    def _lost(self, error: LinkError, seconds: float) -> None:
        if error.port_lost:
            self._schedule.lost(self._member, 0.0)
            return
        self._schedule.lost(self._member, seconds, self._wasted if self._silent else 0.0)
        self._asked, self._wasted = True, seconds

    def _take(self, answer: Answer, elapsed: float, publish: Publish) -> None:
        update = self._reader.understand(answer, elapsed)
        if update:
            publish(update, Instant.now())
