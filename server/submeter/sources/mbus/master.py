"""The master of the line: wakes, selects and reads meters (EN 13757-2 and -3)."""

from submeter.errors import Condition, FrameError, LinkError
from submeter.sources.mbus import telegram
from submeter.sources.mbus.address import Address, Secondary
from submeter.sources.mbus.answer import MOST_TELEGRAMS, Answer, Gathering
from submeter.sources.mbus.exchange import Exchange
from submeter.sources.mbus.link import FCB, REQ_UD2, SELECTED, SND_NKE, SND_UD, Long, Short
from submeter.sources.mbus.timing import Timing
from submeter.sources.port import Port

_SELECT = 0x52
_RESET = 0x50


class Master:
    """Reads one meter after the other over a port; `dropped` counts what came and was unusable."""

    def __init__(self, port: Port, timing: Timing) -> None:
        self._exchange = Exchange(port, timing)
        self._timing = timing

    @property
    def dropped(self) -> int:
        """How many requests brought something that was no answer."""
        return self._exchange.dropped

    async def wake(self, primary: int) -> bool:
        """Send SND_NKE once: the link begins anew, at the first telegram; tell if it is answered.

        Raises LinkError with COLLISION if garbage comes, or if the port is gone.
        """
        return await self._exchange.acknowledged(Short(SND_NKE, primary), attempts=1)

    async def select(self, secondary: Secondary, attempts: int | None = None) -> bool:
        """Select by secondary address; tell if anyone answers. Raises LinkError as `wake` does."""
        request = Long(SND_UD, SELECTED, _SELECT, secondary.encode())
        return await self._exchange.acknowledged(request, attempts)

    async def deselect(self) -> bool:
        """Let nobody be selected; tell if anyone was."""
        try:
            return await self.wake(SELECTED)
        except LinkError as error:
            if error.port_lost:
                raise
            return True

    async def request(self, primary: int, *, fcb: bool, attempts: int | None = None) -> Long | None:
        """Ask for a telegram, repeating the same FCB; None if nothing comes. Raises LinkError."""
        control = REQ_UD2 | (FCB if fcb else 0)
        return await self._exchange.answered(Short(control, primary), attempts)

    async def read(
        self,
        address: Address,
        *,
        reset: bool = False,
        most: int = MOST_TELEGRAMS,
        doubtful: bool = False,
    ) -> Answer:
        """Return all telegrams of the meter at `address`, at most `most`.

        With `reset` an application reset comes first. A `doubtful` meter, which may not be there,
        is asked once only unless it stirs. Raises LinkError if the meter does not answer (SILENT)
        or several do (COLLISION), or the line is never silent (NOISE), FrameError if what it says
        makes no sense.
        """
        self._exchange.patience = self._timing.in_vain
        attempts = 1 if doubtful else None
        if address.secondary is None:
            if await self._begin(address.primary):
                attempts = None
            return await self._read(address, attempts, reset=reset, most=most)
        if not await self.select(address.secondary, attempts):
            raise _silent(address)
        try:
            answer = await self._read(address, None, reset=reset, most=most)
        except (LinkError, FrameError):
            await self.deselect()
            raise
        await self.deselect()
        return answer

    async def _begin(self, primary: int) -> bool:
        """Wake a meter up, and tell if anything stirs.

        The first request after a pause is often lost, and not all answer this one.
        """
        try:
            return await self.wake(primary)
        except LinkError as error:
            if error.port_lost or error.condition is Condition.NOISE:
                raise
            return True

    async def _read(
        self, address: Address, attempts: int | None, *, reset: bool, most: int
    ) -> Answer:
        """Return all telegrams; there are `attempts` to have the first."""
        fcb = True
        if reset:
            control = SND_UD | FCB
            request = Long(control, address.primary, _RESET)
            if await self._exchange.acknowledged(request, attempts):
                attempts = None
            fcb = False
        return await self._telegrams(address, attempts, fcb=fcb, most=most)

    async def _telegrams(
        self, address: Address, attempts: int | None, *, fcb: bool, most: int
    ) -> Answer:
        gathering = Gathering(most)
        before, copies, sound = self._exchange.unanswered, 0, True
        while True:
            frame = await self.request(address.primary, fcb=fcb, attempts=attempts)
            if frame is None:
                raise _silent(address)
            attempts = None
            each = telegram.read(frame)
            if gathering.repeats(each):
                # It begins again, or that was a late answer to a request that was repeated.
                if copies > self._exchange.unanswered - before:
                    return gathering.answer(ended=True, sound=sound)
                copies += 1
                continue
            sound = sound and not copies
            if not gathering.add(frame, each):
                return gathering.answer(sound=sound)
            fcb = not fcb


def _silent(address: Address) -> LinkError:
    return LinkError(f"no answer from M-Bus address {address}", Condition.SILENT)
