"""Finds the meters on a line: by trying each primary address, or by halving the secondary ones."""

from collections.abc import Callable
from dataclasses import dataclass

from submeter.errors import Condition, FrameError, LinkError
from submeter.pointmap import mbus_medium
from submeter.sources.mbus import telegram
from submeter.sources.mbus.address import Address, Secondary
from submeter.sources.mbus.link import LAST_PRIMARY, SELECTED, Long
from submeter.sources.mbus.master import Master
from submeter.sources.mbus.timing import Timing
from submeter.sources.port import Port

Progress = Callable[[int, int, int], None]
"""Is told how much is done, of how much, and how many meters are found so far."""

_DIGITS = 8
_ALL = 10**_DIGITS
_RETRIES = 1
_MOST_COLLISIONS = 250  # more than there can be meters on a line


@dataclass(frozen=True, slots=True)
class Found:
    """What answers at `address`; `meter` is None where it does not say which meter it is.

    With `collision` several meters answer there at once. `problem` tells why it cannot be read.
    """

    address: Address
    meter: Secondary | None = None
    collision: bool = False
    problem: str | None = None

    @property
    def medium(self) -> str:
        """What the meter measures, in words."""
        return mbus_medium.words(self.meter.medium) if self.meter else ""


async def primary(port: Port, timing: Timing, progress: Progress) -> list[Found]:
    """Try the primary addresses 0 to 250.

    Raises LinkError if the port is lost, or with NOISE if the line is never silent.
    """
    master = Master(port, timing._replace(retries=_RETRIES))
    found: list[Found] = []
    for number in range(LAST_PRIMARY + 1):
        progress(number, LAST_PRIMARY + 1, len(found))
        each = await _at(master, Address(number))
        found += [each] if each else []
    progress(LAST_PRIMARY + 1, LAST_PRIMARY + 1, len(found))
    return found


async def _at(master: Master, address: Address) -> Found | None:
    """Return who is at a primary address; None if nobody is."""
    awake = False
    for _ in range(1 + _RETRIES):
        try:
            awake = await master.wake(address.primary)
        except LinkError as error:
            _pass_on(error)
            awake = True
        if awake:
            break
    if not awake:
        return None
    return await _asked(master, address)


async def _asked(master: Master, address: Address) -> Found:
    try:
        frame = await master.request(address.primary, fcb=True)
    except LinkError as error:
        _pass_on(error)
        return Found(address, collision=True, problem=str(error))
    if frame is None:
        return Found(address, problem="it is there, and does not answer when it is asked")
    return _identified(address, frame)


def _identified(address: Address, frame: Long) -> Found:
    try:
        return Found(address, telegram.meter(frame))
    except FrameError as error:
        return Found(address, problem=str(error))


async def secondary(port: Port, timing: Timing, progress: Progress) -> list[Found]:
    """Find all meters by their identification numbers.

    Raises LinkError if the port is lost, or with NOISE if what answers cannot be meters. A range
    in which several answer is looked at digit by digit.
    """
    search = _Search(Master(port, timing._replace(retries=_RETRIES)), progress)
    await search.below("")
    return search.found


class _Search:
    """A search through the tree of identification numbers."""

    def __init__(self, master: Master, progress: Progress) -> None:
        self.found: list[Found] = []
        self._master = master
        self._progress = progress
        self._done = 0

    async def below(self, prefix: str) -> None:
        """Look at all numbers that begin with `prefix`."""
        mask = Secondary(prefix.ljust(_DIGITS, "F"))
        each = await self._selected(mask)
        if each is None or (each.meter and not each.collision):
            self._done += _ALL // 10 ** len(prefix)
            self.found += [each] if each else []
            self._progress(self._done, _ALL, len(self.found))
        elif len(prefix) == _DIGITS:
            self._done += 1
            self.found.append(each)
            if sum(one.collision for one in self.found) > _MOST_COLLISIONS:
                raise LinkError("something answers at every address", Condition.NOISE)
            self._progress(self._done, _ALL, len(self.found))
        else:
            for digit in range(10):
                await self.below(f"{prefix}{digit}")

    async def _selected(self, mask: Secondary) -> Found | None:
        """Return who answers when `mask` is selected; None if nobody does."""
        address = Address(SELECTED, mask)
        try:
            if not await self._master.select(mask):
                return None
        except LinkError as error:
            _pass_on(error)
            return Found(address, collision=True, problem=str(error))
        each = await _asked(self._master, address)
        await self._master.deselect()
        if each.meter is None:
            return each
        if not mask.covers(each.meter):
            return Found(address, collision=True, problem=f"{each.meter} answers unasked")
        return Found(Address(SELECTED, each.meter), each.meter)


def _pass_on(error: LinkError) -> None:
    if error.port_lost or error.condition is Condition.NOISE:
        raise error
