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
        self._wasted = 0.0  # s that the last attempt took in vain, 0 after an answer

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
            if self._wasted:
                await self._schedule.silent_turn(self._wasted)
            try:
                answer, elapsed = await self._read()
                self._take(answer, elapsed, publish)
                answered = True
            except FrameError as error:
                self._reader.refuse(error)
                answered = True
            except LinkError as error:
                if error.port_lost or not answered:
                    raise
                answered = False
            due = max(due + self._settings.period, loop.time())

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
                )
            except FrameError:
                self._answered(loop.time() - began)
                raise
            except LinkError as error:
                self._schedule.lost(self._member)
                self._wasted = 0.0 if error.port_lost else loop.time() - began
                raise
            finally:
                self.dropped += master.dropped
            self._answered(loop.time() - began)
            return answer, port.elapsed()

    def _patience(self) -> timing.Timing:
        if not self._wasted:
            return self._timing
        return self._timing._replace(retries=min(self._timing.retries, _SILENT_RETRIES))

    def _answered(self, seconds: float) -> None:
        self._schedule.took(self._member, seconds, returned=bool(self._wasted))
        self._wasted = 0.0

    def _take(self, answer: Answer, elapsed: float, publish: Publish) -> None:
        update = self._reader.understand(answer, elapsed)
        if update:
            publish(update, Instant.now())
