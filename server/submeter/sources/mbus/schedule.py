"""Who is asked when on a line that many meters share."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from submeter.sources.shared_line import SharedLine

MOST = 250  # meters on a line; the first readings of so many are spread over a period
LONGEST_STEP = 1.0  # s between the first readings of two meters
SILENT_SHARE = 0.1  # of the line's time, for meters that do not answer
MOST_CHARGED = 12.0  # s of it that are used up in advance at most
IDLE_SHARE = 0.5  # the same while none does
BUSY = 0.5  # of the line's time, for those that do: from there on first readings do not yield
FULL, ROOM = 0.9, 0.8  # of the line's time, for those that do

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Member:
    """A meter on the line: how often it is read, and how long the last reading took (s).

    That is 0 while it does not answer.
    """

    period: float
    seconds: float = 0.0


class Schedule:
    """The plan of one line. All times are those of the event loop, in s."""

    def __init__(self, name: str) -> None:
        self.full = False
        self._name = name
        self._members: set[Member] = set()
        self._first = asyncio.Lock()  # of meters that were never asked
        self._queue = asyncio.Lock()  # of silent meters
        self._asked = 0.0  # since when their share is counted
        self._spent = 0.0  # how much they used since
        self._changed = asyncio.Event()

    @property
    def load(self) -> float:
        """The share of the line's time that the readings take, more than 1 if it cannot be."""
        return sum(each.seconds / each.period for each in self._members)

    @property
    def crowded(self) -> bool:
        """Whether meters take time that others need."""
        return self.full and len(self._members) > 1

    @contextlib.contextmanager
    def joined(self, member: Member) -> Iterator[float]:
        """Be on the line; gives the seconds to wait before the first reading."""
        wait = len(self._members) * min(LONGEST_STEP, member.period / MOST)
        self._members.add(member)
        try:
            yield wait
        finally:
            self._members.discard(member)
            member.seconds = 0.0

    def took(self, member: Member, seconds: float, *, returned: bool = False) -> None:
        """Note how long a reading took, and say once when the line is too full for the periods.

        With `returned` the meter was silent before: others may have come back with it.
        """
        member.seconds = seconds
        if returned:
            self._spent = 0.0
            self._changed.set()
        load = self.load
        if load <= (ROOM if self.full else FULL):
            self.full = False
        elif not self.full:
            self.full = True
            message = "event=mbus_line_full port=%s meters=%d load=%.2f"
            _log.warning(message, self._name, len(self._members), load)

    def lost(self, member: Member, seconds: float, counted: float = 0.0) -> None:
        """Note that a meter did not answer, for which it was given `seconds` until now.

        `silent_turn` has `counted` of them already.
        """
        member.seconds = 0.0
        began = asyncio.get_running_loop().time() - seconds
        if began >= self._asked + self._pause():
            self._asked, self._spent = began, 0.0
        more = max(0.0, seconds - counted)
        self._spent = min(self._spent + more, max(self._spent, MOST_CHARGED))
        self._changed.set()

    @contextlib.asynccontextmanager
    async def first_turn(self) -> AsyncIterator[None]:
        """Wait until a meter may be asked for the first time, and be that meter.

        Only one is in the line's queue at a time, so those that answer are read in between; unless
        these leave too little time.
        """
        await self._first.acquire()
        alone = self.load < BUSY
        if not alone:
            self._first.release()
        try:
            yield
        finally:
            if alone:
                self._first.release()

    async def silent_turn(self, seconds: float) -> None:
        """Wait until a meter may be asked that did not answer.

        Together they get no more than their share of the line, one after the other. What it takes
        is told to `lost`; until then it counts as `seconds`.
        """
        loop = asyncio.get_running_loop()
        async with self._queue:
            while (left := self._pause() - (loop.time() - self._asked)) > 0:
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self._changed.wait()
            self._asked, self._spent = loop.time(), seconds

    def _pause(self) -> float:
        """Return the seconds that a silent meter leaves to the others from its turn on."""
        return self._spent / (SILENT_SHARE if self.load else IDLE_SHARE)


_schedules: WeakKeyDictionary[SharedLine, Schedule] = WeakKeyDictionary()


def of(line: SharedLine) -> Schedule:
    """Return the schedule of `line`, the same for all its meters."""
    return _schedules.setdefault(line, Schedule(str(line.spec)))
