"""A simulated household as a source, for people without hardware."""

import asyncio
import dataclasses
import secrets
import time
from typing import NoReturn

from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.meter import values
from submeter.meter.reading import Quality
from submeter.sources.origin import Origin
from submeter.sources.simulated.household import POINTS, Household
from submeter.sources.simulated.settings import SimulatedSettings
from submeter.sources.source import Publish

STEP_SECONDS = 1.0


class SimulatedSource:
    """A household that lives one second a second; see `Source`.

    `second_of_day` is the time of day at which it starts, from 0.
    """

    max_age = 10.0
    largest_power = 100_000.0
    dropped = 0
    trouble = None
    dials: dict[str, Dial]

    def __init__(self, name: str, settings: SimulatedSettings, second_of_day: int) -> None:
        self.name = name
        self.expected = dict.fromkeys(POINTS, Quality.MEASURED)
        self.dials = {name: Dial() for name in POINTS if name.endswith(("_Import", "_Export"))}
        self._seed = settings.seed
        # Its registers begin at 0 with every start: they are another instrument's each time.
        self._instrument = f"simulated {secrets.token_hex(4)}"
        self._household = Household(settings.seed, second_of_day, settings.solar)

    @property
    def identity(self) -> str | None:
        """Its name, another one with each start."""
        return self._instrument

    def origin(self, point: str) -> Origin | None:
        """Return nothing: what is made up has no frame."""

    def describe(self) -> str:
        """Return which household it is."""
        return f"simulated household, seed {self._seed}"

    async def run(self, publish: Publish) -> NoReturn:
        """Publish the state of every second, and catch up with those that were missed."""
        due = time.monotonic()
        while True:
            update = values(self._household.step().numbers())
            publish(dataclasses.replace(update, instrument=self._instrument), Instant.now())
            due += STEP_SECONDS
            await asyncio.sleep(due - time.monotonic())
