"""Drives a totaliser that counts pulses, from the index of a meter."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from submeter.errors import LinkError
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter, Readings
from submeter.pulse_output.account import PulseAccount
from submeter.pulse_output.output import Output
from submeter.pulse_output.settings import PulseOutputSettings

ACTIVE = "Pulse_Output_Active"
CONSTANT = "Pulse_Constant"
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # s before a line that failed is tried again
BEHIND = 60.0  # s of pulses that wait: then it is told that the output does not follow

_log = logging.getLogger(__name__)


class PulseOutput:
    """The pulse output of `meter`: a pulse for each Pulse_Constant that its index grows.

    Only what the meter shows is sent, which is on the disk. `open_output` gives the contact, or
    raises LinkError; it is tried again then. `tally` is the path of the file in which every pulse
    is noted. Pulse_Output_Active of the meter is 1 while the contact can be driven. What is
    remembered is committed with the indexes of the meter, as of a source that is `Remembering`.
    """

    def __init__(
        self,
        meter: Meter,
        settings: PulseOutputSettings,
        open_output: Callable[[], Output],
        tally: Path | None = None,
    ) -> None:
        self.sent = 0
        self._meter = meter
        self._settings = settings
        self._open = open_output
        self._account = PulseAccount(meter.name, settings.point, tally)
        self._index: int | None = None
        self._news = asyncio.Event()
        self._works: bool | None = None
        self._behind = False
        meter.report(ACTIVE, 0, Instant.now())
        meter.subscribe(self._hear)
        meter.settings.subscribe(self._set)

    def saved(self) -> str:
        """Return the energy up to which pulses were sent, as JSON."""
        return self._account.saved()

    def restore(self, text: str) -> None:
        """Go on from `saved`, before `run`; raises ValueError if it is damaged."""
        self._account.restore(text)

    @property
    def due(self) -> int:
        """How many pulses wait to be sent."""
        weight = self._weight()
        return self._account.due(self._index or 0, weight) if weight else 0

    async def run(self) -> NoReturn:
        """Send pulses for ever; a contact that is lost is tried again after a while."""
        pause = FIRST_PAUSE
        try:
            while True:
                try:
                    await self._send()
                except LinkError as error:
                    if self._works:
                        pause = FIRST_PAUSE
                    self._show(False, str(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        finally:
            self._account.close()

    async def _send(self) -> NoReturn:
        with contextlib.closing(self._open()) as output:
            output.set(False)
            self._show(True)
            while True:
                self._news.clear()
                if self._next():
                    await self._pulse(output)
                else:
                    await self._news.wait()

    def _next(self) -> bool:
        """Tell whether a pulse is due; skip those that are too many."""
        weight = self._weight()
        if self._index is None or weight is None:
            return False
        if self._account.mark is None:
            self._account.begin(self._index)
        self._skip(weight)
        self._tell_behind()
        return self.due > 0

    async def _pulse(self, output: Output) -> None:
        """Send one pulse and wait for its pause; raises LinkError if it could not be sent."""
        mark = self._account.mark or 0
        # Before the contact closes: what ends the program in between costs this pulse, and does
        # not send it twice.
        self._account.put(mark + (self._weight() or 0))
        try:
            output.set(True)
        except LinkError:
            self._account.put(mark)
            raise
        self.sent += 1
        end = time.monotonic() + self._settings.width / 1000
        try:
            await asyncio.sleep(self._settings.width / 1000)
        except asyncio.CancelledError:
            # A pulse that is cut short at the end of the program might not be counted; but a chip
            # that is gone must not keep the program from its end.
            time.sleep(max(0.0, end - time.monotonic()))
            with contextlib.suppress(LinkError):
                output.set(False)
            raise
        output.set(False)
        await asyncio.sleep(self._settings.pause / 1000)

    def _skip(self, weight: int) -> None:
        """Skip what is more than the backlog: so much is an index that jumped."""
        many = self.due - self._settings.backlog
        if many <= 0 or self._account.mark is None:
            return
        self._account.put(self._account.mark + many * weight)
        message = "event=pulse_output_skipped meter=%s pulses=%d weight=%d"
        _log.error(message, self._meter.name, many, weight)
        name, now = self._meter.name, Instant.now()
        self._meter.audit.note("pulse_output_skipped", name, at=now, pulses=many, weight=weight)

    def _tell_behind(self) -> None:
        """Tell when the pulses cannot follow the index, and when they do again."""
        most = BEHIND * 1000 / (self._settings.width + self._settings.pause)
        due = self.due
        if not self._behind and due > most:
            self._behind = True
            _log.warning("event=pulse_output_behind meter=%s pulses=%d", self._meter.name, due)
        elif self._behind and due <= 1:
            self._behind = False
            _log.warning("event=pulse_output_follows meter=%s", self._meter.name)

    def _weight(self) -> int | None:
        """Return the mWh (mvarh, mVAh, mL) of a pulse; None if the meter has no such setting."""
        constant = self._meter.settings.value(CONSTANT)
        return int(constant) * 1000 if constant else None

    def _hear(self, readings: Readings) -> None:
        reading = readings.get(self._settings.point)
        if reading and reading.value is not None:
            self._index = int(reading.value)
            self._news.set()

    def _set(self, name: str, value: int | float) -> None:
        if name == CONSTANT:
            self._news.set()

    def _show(self, works: bool, reason: str = "") -> None:
        if works is self._works:
            return
        self._works = works
        self._meter.report(ACTIVE, int(works), Instant.now())
        if works:
            _log.info("event=pulse_output_on meter=%s", self._meter.name)
        else:
            message = 'event=pulse_output_failed meter=%s reason="%s"'
            _log.warning(message, self._meter.name, reason)
