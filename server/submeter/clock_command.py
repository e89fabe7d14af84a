"""The command that asks for the right time."""

import asyncio
import logging

from submeter import system_clock
from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant

_log = logging.getLogger(__name__)


class ClockCommand:
    """The command Sync_Clock: asks for the right time; the result goes to the audit log."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._asking: asyncio.Task[None] | None = None

    def __call__(self, who: Who, now: Instant) -> str:
        """Ask, without waiting for the answer; raises WriteRefusedError while one is awaited."""
        if self._asking and not self._asking.done():
            raise WriteRefusedError(Refusal.UNSUPPORTED, "the time service is being asked already")
        self._asking = asyncio.get_running_loop().create_task(self._ask(str(who)))
        return "the machine's time service is asked"

    async def _ask(self, who: str) -> None:
        result = await asyncio.to_thread(system_clock.step)
        _log.info('event=clock_asked result="%s"', result)
        self._audit.note("clock_asked", who=who, at=Instant.now(), result=result)
