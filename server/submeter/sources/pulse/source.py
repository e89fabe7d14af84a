"""A pulse input as a source: the index that it counts, and the power between the pulses."""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from submeter.count_file import Count
from submeter.errors import Condition
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Update, Value
from submeter.sources.board.board_line import BoardLine
from submeter.sources.board.said import Said
from submeter.sources.origin import Origin
from submeter.sources.pulse import powers
from submeter.sources.pulse.board import Record, RecordReader
from submeter.sources.pulse.board_count import BoardCount
from submeter.sources.pulse.counting import PulseCounter
from submeter.sources.pulse.gpio import GpioContact
from submeter.sources.pulse.lingering import Lingering
from submeter.sources.pulse.rate import PulseRate
from submeter.sources.pulse.remembered import Remembered
from submeter.sources.pulse.settings import BoardInput, GpioInput, PulseSettings
from submeter.sources.source import Publish

HEARTBEAT = 1.0  # s between updates while no pulse comes
SHORTEST = 0.1  # s between updates
QUIET = 60.0  # s between two lines of the log on lost edges
MAX_AGE = 15.0  # s; longer than a board may be silent
_SECOND = 1_000_000_000
_ROUGH = 10 * _SECOND  # a board tells a count each second, not the moment of a pulse
_STARTING = 600.0  # s that a machine without a clock of its own may need to start

_log = logging.getLogger(__name__)


class PulseSource:
    """One pulse input, counted for ever; see `Source` and `Remembering`.

    The index is `initial` and what the pulses since come to. `tally` is the path of the file that
    keeps the count at every pulse. Several inputs of one board have the same `line`; whoever
    counts at a GPIO has none.
    """

    def __init__(
        self, name: str, settings: PulseSettings, tally: Path, line: BoardLine | None = None
    ) -> None:
        if (settings.board is None) != (line is None):
            raise ValueError("an input of a board, and no other, has the line of that board")
        self.name = name
        self.max_age = MAX_AGE
        self.largest_power = settings.most
        self.identity: str | None = None if line else settings.meter
        self._trouble = Lingering()
        self._settings = settings
        self._weight = settings.each
        self._line = line
        self._power = settings.power_point
        self._sign = powers.sign(settings.point, self._power) if self._power else 1
        self._followed: BoardCount | None = None
        self.dials = {settings.point: Dial(math.ceil(self._weight.each))}
        self.expected = {settings.point: Quality.MEASURED}
        if self._power:
            self.expected[self._power] = Quality.DERIVED
        # Another weight, face or totaliser makes another register of it, not a jump of this one.
        who, where = settings.meter or name, self._where()
        self._register = f"{who} {settings.weight} from {settings.initial}, {where}"
        self._memory = Remembered(name, f"{name} {self._register}", tally)
        self._lost = 0  # edges
        self._lost_known = 0  # of this run's edges, told
        self._lost_told = -math.inf  # monotonic s
        self._told: tuple[str, Instant] | None = None

    @property
    def dropped(self) -> int:
        """Edges that were lost, or damaged records of the board."""
        return self._line.dropped if self._line else self._lost

    @property
    def trouble(self) -> Condition | None:
        """STUCK of a contact; of a board OTHER_METER, WRONG_LAYOUT, or NOISE: it cannot be so."""
        return self._trouble.shown

    def describe(self) -> str:
        """Return the input and the weight."""
        return f"pulse {self._where()} ({self._settings.weight})"

    def origin(self, point: str) -> Origin | None:
        """Return the count of pulses; there are no bytes of a line."""
        if self._told is None or point not in self.expected:
            return None
        pulses, at = self._told
        return Origin("", (("pulses", f"{pulses} x {self._settings.weight}"),), b"", at)

    def saved(self) -> str:
        """Return the count, as JSON."""
        return self._memory.saved()

    def restore(self, text: str) -> None:
        """Go on from `saved`; raises ValueError."""
        self._memory.restore(text)

    async def run(self, publish: Publish) -> None:
        """Count until the input is lost: raises LinkError."""
        self._memory.open()
        try:
            if self._settings.gpio:
                await self._count_edges(self._settings.gpio, publish)
            elif self._line and self._settings.board:
                await self._follow_board(self._line, self._settings.board, publish)
        finally:
            self._memory.close()

    def _where(self) -> str:
        gpio, wanted = self._settings.gpio, self._settings.board
        if gpio:
            return f"line {gpio.line} of {gpio.chip}"
        return f"input {wanted.input} of {wanted.port}" if wanted else ""

    async def _count_edges(self, gpio: GpioInput, publish: Publish) -> NoReturn:
        contact = GpioContact(gpio)
        try:
            # The kernel has debounced: its edges are at least so far apart that half of it says
            # something only where it failed to.
            now = time.monotonic_ns()
            counter = PulseCounter(contact.closed, gpio.debounce * 500_000, now)
            rate = self._rate()
            self._lost_known = 0
            teller = _Teller(lambda: self._tell(rate, publish, counter))
            before = self._lost
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(teller.patience()):
                        for edge in await contact.edges():
                            if found := counter.take(edge):
                                count = self._memory.now.total + found
                                self._memory.set(Count(count))
                                rate.pulse(edge.at, found)
                                teller.want()
                self._lost = before + counter.lost
                self._tell_lost(counter)
                teller.tell_if_due()
        finally:
            contact.close()

    async def _follow_board(self, line: BoardLine, wanted: BoardInput, publish: Publish) -> None:
        rate = self._rate(_ROUGH)
        follow = self._followed = self._followed or self._follow(wanted)
        first = True  # what was counted before says nothing of the power now

        reader = RecordReader()

        def hear(said: Said) -> None:
            nonlocal first
            record = reader.take(said)
            if record is None:
                return
            before = self._memory.now
            self.identity = record.uid or self.identity
            if not self._is_expected(record):
                self._set_trouble(Condition.OTHER_METER)
                return
            try:
                step = follow.take(before, self._memory.ended, record, time.monotonic())
            except IndexError:
                self._set_trouble(Condition.WRONG_LAYOUT)
                return
            self._set_trouble(step.trouble)
            if step.anew:
                message = 'event=pulse_count_begun_anew source=%s reason="%s"'
                _log.warning(message, self.name, step.anew)
            if step.now != before:
                self._memory.set(step.now)
            if step.now.total > before.total and not first:
                rate.pulse(time.monotonic_ns(), step.now.total - before.total)
            first = False
            if not step.trouble:
                self._tell(rate, publish)

        await line.listen(hear)

    def _follow(self, wanted: BoardInput) -> BoardCount:
        at, heard = self._memory.at, None
        if at is not None:
            heard = time.monotonic() - max(0.0, time.time() - at) - _STARTING
        return BoardCount(wanted.input - 1, self._settings.fastest, heard)

    def _is_expected(self, record: Record) -> bool:
        """Tell whether it is the board that `meter` names, by what it says now or said before."""
        name = self._settings.meter
        if not name or record.uid:
            return not name or record.uid == name
        return self._memory.now.boot == record._replace(uid=name).run

    def _rate(self, shortest: int = 1) -> PulseRate:
        now = time.monotonic_ns()
        return PulseRate(self._weight, self._settings.idle * _SECOND, now, shortest)

    def _tell(self, rate: PulseRate, publish: Publish, counter: PulseCounter | None = None) -> None:
        now, at = time.monotonic_ns(), Instant.now()
        if counter:
            limit = self._settings.stuck_seconds
            stuck = limit is not None and counter.closed_for(now) > limit * _SECOND
            self._set_trouble(Condition.STUCK if stuck else None)
            if stuck:
                return  # what goes on behind a contact that is stuck is not known
        pulses = self._memory.now.total
        index = self._settings.face + self._weight.total(pulses)
        values = {self._settings.point: Value(index)}
        failed = frozenset[str]()
        power = rate.power(now)
        if self._power and power is not None:
            if power * 1000 <= self.largest_power:
                values[self._power] = Value(self._sign * power + 0.0, Quality.DERIVED)
            else:
                failed = frozenset({self._power})
        self._told = str(pulses), at
        publish(Update(values, failed=failed, instrument=self._register), at)

    def _tell_lost(self, counter: PulseCounter) -> None:
        """Tell of lost edges, at most once in QUIET s."""
        now = time.monotonic()
        if counter.lost == self._lost_known or now - self._lost_told < QUIET:
            return
        self._lost_known, self._lost_told = counter.lost, now
        message = "event=pulse_edges_lost source=%s edges=%d repaired=%d"
        _log.warning(message, self.name, counter.lost, counter.repaired)

    def _set_trouble(self, trouble: Condition | None) -> None:
        self._trouble.take(trouble, time.monotonic())


class _Teller:
    """Calls `tell` at once when it is wanted, but not twice in SHORTEST, and each HEARTBEAT."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._told = -math.inf
        self._wanted = False

    def want(self) -> None:
        self._wanted = True

    def patience(self) -> float:
        """Return the s until the next is due."""
        wait = SHORTEST if self._wanted else HEARTBEAT
        return max(0.0, self._told + wait - time.monotonic())

    def tell_if_due(self) -> None:
        if self.patience() <= 0:
            self._wanted, self._told = False, time.monotonic()
            self._tell()
