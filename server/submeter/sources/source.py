"""What a source is, and how it is kept running."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from submeter.errors import Condition, LinkError
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Update
from submeter.sources.origin import Origin

Publish = Callable[[Update, Instant], None]

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
PATIENCE = 15.0
"""Seconds for the first frame; no port takes so long to be opened or to be refused."""

_SLOW = 60.0  # s; who is asked, in turn with others, may well be heard later than PATIENCE
_NUMBER = re.compile(r"\d+(\.\d+)?")

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


@runtime_checkable
class Rated(Protocol):
    """A source whose values go by the ratings of current transformers."""

    def rate(self, primary: float | None, secondary: float | None) -> None:
        """Go by these ratings in A from now on; None: the meter has no such setting."""


@dataclass
class Health:
    """How a source is: `online` is None before it was heard or lost, `frames` those that counted.

    `failures` counts how often the link was lost or could not be had, `last` is the last frame.
    `lost` says why the link is down, `reason` the same in words. `attempt` is what is being tried
    to hear the source, None while nothing is, or once it was heard.
    """

    online: bool | None = None
    frames: int = 0
    failures: int = 0
    last: Instant | None = None
    lost: Condition = Condition.STARTING
    reason: str = ""
    attempt: "Attempt | None" = None

    def condition(self, trouble: Condition | None, now: Instant | None = None) -> Condition:
        """Return how the source is, given its own `trouble`."""
        if self.online:
            return trouble or Condition.ONLINE
        if self.attempt and self.attempt.vain(now or Instant.now()):
            return trouble or self.attempt.heard
        if self.online is False:
            return self.lost
        return trouble or Condition.STARTING

    def why(self, now: Instant | None = None) -> str:
        """Return in words why the source is not heard, empty if it is or was not yet."""
        if self.online:
            return ""
        now = now or Instant.now()
        if self.attempt and self.attempt.vain(now):
            return f"no valid frame for {now.mono - self.attempt.since.mono:.0f} s"
        return self.reason if self.online is False else ""


@dataclass(frozen=True)
class Attempt:
    """A link that was opened, or is being opened, and has said nothing valid yet."""

    source: Source
    since: Instant
    dropped: int

    def vain(self, now: Instant) -> bool:
        """Tell whether it lasts longer than a source that is well may take."""
        patience = PATIENCE if self.source.max_age <= _SLOW else self.source.max_age
        return now.mono - self.since.mono >= patience

    @property
    def heard(self) -> Condition:
        """What came instead of frames: nothing, or what was dropped as damaged."""
        noisy = self.source.dropped > self.dropped
        return Condition.NOISE if noisy else Condition.SILENT


@dataclass
class _Told:
    """What the log was told of a link that is down: each change once."""

    source: str
    condition: Condition | None = None
    kinds: set[str] = field(default_factory=set)

    def up(self) -> None:
        """Forget it, and tell that the link is up."""
        self.condition = None
        self.kinds.clear()
        _log.info("event=link_up source=%s", self.source)

    def down(self, condition: Condition, reason: str, fault: Exception | None = None) -> None:
        """Tell why the link is down, unless that was told; `fault` is one of this program."""
        kind = type(fault).__name__ if fault else _NUMBER.sub("", reason)
        if condition is self.condition and kind in self.kinds:
            return
        first = self.condition is None
        self.condition = condition
        self.kinds.add(kind)
        if fault:
            _log.error("event=source_failed source=%s", self.source, exc_info=fault)
        elif first:
            _log.warning('event=link_down source=%s reason="%s"', self.source, reason)
        else:
            _log.warning('event=link_still_down source=%s reason="%s"', self.source, reason)


async def supervise(
    source: Source,
    publish: Publish,
    first_pause: float = FIRST_PAUSE,
    health: Health | None = None,
) -> None:
    """Run `source` for ever: after a failure again, with pauses that double up to a minute.

    The loss and the return are logged once each, and another reason while it is lost. The pauses
    are short again once the source was heard for a minute. `health` is kept up to date.
    """
    health = health or Health()
    told = _Told(source.name)
    pause = first_pause
    since = 0.0

    def heard(update: Update, at: Instant) -> None:
        nonlocal pause, since
        if not health.online:
            told.up()
            since = at.mono
        health.online, health.attempt = True, None
        health.frames += 1
        health.last = at
        if at.mono - since >= LONGEST_PAUSE:
            pause = first_pause
        publish(update, at)

    while True:
        try:
            health.attempt = Attempt(source, Instant.now(), source.dropped)
            await source.run(heard)
        except LinkError as error:
            health.lost, health.reason = error.condition, str(error)
            told.down(health.lost, health.reason)
        except Exception as error:
            # One source that breaks must not take the others down; its points go stale.
            health.lost, health.reason = Condition.FAILED, repr(error)
            told.down(health.lost, health.reason, error)
        health.online, health.attempt = False, None
        health.failures += 1
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
