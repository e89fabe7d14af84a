"""What a source is, and how it is kept running."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from submeter.errors import Condition, LinkError
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Update
from submeter.sources.origin import Origin

Publish = Callable[[Update, Instant], None]

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0

_log = logging.getLogger(__name__)


class Source(Protocol):
    """One instrument that feeds a meter."""

    @property
    def name(self) -> str:
        """The name in log lines."""

    @property
    def expected(self) -> Mapping[str, Quality]:
        """The points it can give, with their usual quality."""

    @property
    def dials(self) -> Mapping[str, Dial]:
        """The registers behind the index points among them."""

    @property
    def largest_power(self) -> float:
        """The power in W (var) that it can carry at most."""

    @property
    def max_age(self) -> float:
        """Seconds after which an unrepeated value is stale."""

    @property
    def dropped(self) -> int:
        """How much it received and dropped as damaged: groups, frames, whatever it is made of."""

    @property
    def trouble(self) -> Condition | None:
        """What is wrong while the link is up; None if nothing is.

        WRONG_KEY for example: bytes come, and no update can be made of them.
        """

    @property
    def identity(self) -> str | None:
        """The serial number of the instrument as it says it, None if it has not yet."""

    def origin(self, point: str) -> Origin | None:
        """Return what the last value of `point` was made of; None before the first."""

    def describe(self) -> str:
        """Return what is read and from where, for people."""

    async def run(self, publish: Publish) -> None:
        """Open the instrument and publish every valid frame until it fails with LinkError."""


@runtime_checkable
class Remembering(Protocol):
    """A source that must not forget over a restart: pulses, a ledger, an invocation counter.

    What it remembers is committed in the same transaction as the indexes of its meter.
    """

    def saved(self) -> str:
        """Return what to remember, as JSON that is the same while nothing changed."""

    def restore(self, text: str) -> None:
        """Go on from what `saved` returned, before `run`; raises ValueError if it is damaged."""


@dataclass
class Health:
    """How a source is: `online` is None before it was heard or lost, `frames` those that counted.

    `failures` counts how often the link was lost or could not be had, `last` is the last frame.
    `lost` says why the link is down, `reason` the same in words.
    """

    online: bool | None = None
    frames: int = 0
    failures: int = 0
    last: Instant | None = None
    lost: Condition = Condition.STARTING
    reason: str = ""

    def condition(self, trouble: Condition | None) -> Condition:
        """Return how the source is, given its own `trouble`."""
        if self.online is False:
            return self.lost
        return trouble or (Condition.ONLINE if self.online else Condition.STARTING)


async def supervise(
    source: Source,
    publish: Publish,
    first_pause: float = FIRST_PAUSE,
    health: Health | None = None,
) -> None:
    """Run `source` for ever: after a failure again, with pauses that double up to a minute.

    The loss and the return are logged once each. The pauses are short again once the source was
    heard for a minute. `health` is kept up to date.
    """
    health = health or Health()
    pause = first_pause
    since = 0.0

    def heard(update: Update, at: Instant) -> None:
        nonlocal pause, since
        if not health.online:
            _log.info("event=link_up source=%s", source.name)
            since = at.mono
        health.online = True
        health.frames += 1
        health.last = at
        if at.mono - since >= LONGEST_PAUSE:
            pause = first_pause
        publish(update, at)

    while True:
        try:
            await source.run(heard)
        except LinkError as error:
            health.lost, health.reason = error.condition, str(error)
            if health.online is not False:
                _log.warning('event=link_down source=%s reason="%s"', source.name, error)
        except Exception as error:
            health.lost, health.reason = Condition.FAILED, repr(error)
            # One source that breaks must not take the others down; its points go stale.
            if health.online is not False:
                _log.exception("event=source_failed source=%s", source.name)
        health.online = False
        health.failures += 1
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
