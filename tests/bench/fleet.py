"""Meters as the program has them, with instruments that say something new each second.

Time is made up, so that hours pass in seconds; the store keeps its pages in memory.
"""

import math
from collections.abc import Sequence
from unittest.mock import patch

from submeter.meter.audit import Audit
from submeter.meter.feed import Dial, Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter, values
from submeter.meter.reading import Quality, Update
from submeter.meter.setup import Setup
from submeter.modbus.image import Image
from submeter.pointmap import meter_map
from submeter.store.journal import Journal
from submeter.store.page import Page
from submeter.store.requests import Request
from submeter.store.store import Store

BEGIN = 1_790_000_100  # UTC s, a quarter of an hour
WARM_UP = 20  # s before that, after which every index is committed
MAP = meter_map.load("standard").serving(())
POINTS = MAP.points
NAME = "meter-{:04}"
_PHASES = ("L1", "L2", "L3")
_INDEXES = tuple(point.name for point in POINTS if point.kind == "index")
_LARGEST_POWER = 36_000.0  # W
_DIAL = Dial(1000, (10**12,))  # nine digits of Wh
_EARLY = 0.7  # s
_HOUSES = 8  # that differ; meters beyond them share their updates


class Kept(Store):
    """A store that keeps the pages it is given, and nothing else."""

    def __init__(self) -> None:
        self.pages: list[Page] = []

    async def commit(self, page: Page) -> None:
        self.pages.append(page)

    async def requests(self) -> list[Request]:
        return []

    async def prune(self, before_utc: int) -> int:
        return 0


class Fleet:
    """`count` meters fed with `names`, committed every `every` s, with a Modbus image each or not.

    It is run up to BEGIN.
    """

    def __init__(
        self, count: int, names: Sequence[str], every: float, sample: int, images: bool = False
    ) -> None:
        self._names = tuple(names)
        expected = dict.fromkeys(names, Quality.MEASURED)
        feed = Feed("source", expected, 10.0, dict.fromkeys(_INDEXES, _DIAL))
        start = _instant(-WARM_UP)
        audit = Audit()
        self.meters = [
            Meter(
                NAME.format(number),
                POINTS,
                [feed],
                Setup(largest_power=_LARGEST_POWER),
                audit=audit,
                start=start,
            )
            for number in range(count)
        ]
        if images:
            for meter in self.meters:
                meter.subscribe(Image(MAP).apply)
        self._store = Kept()
        self._journal = Journal(
            self._store,
            self.meters,
            audit,
            lambda request, now: "",
            dict,
            every=every,
            sample=sample,
            retention=1,
        )

    @property
    def pages(self) -> list[Page]:
        """What was committed so far."""
        return self._store.pages

    async def warm_up(self) -> None:
        """Run up to BEGIN, and forget the pages of it."""
        for second in range(-WARM_UP, 0):
            await self.second(second, self.updates(second))
        self.pages.clear()

    def updates(self, second: int) -> list[Update]:
        """Return what the instruments say at `second` from BEGIN."""
        return [_update(self._names, second, house) for house in range(_HOUSES)]

    async def second(self, second: int, updates: Sequence[Update]) -> None:
        """Let the instruments say `updates`, then tick, and commit if it is time: as app.py does.

        Every other one speaks so long before the tick that its meter has to be looked at again.
        Seconds may be left out in between.
        """
        self.say(second, updates)
        self.tick(second)
        at = _instant(second)
        with patch.object(Instant, "now", lambda: at):
            # The public `run` would take the time that it stands for.
            await self._journal.second(at)

    def say(self, second: int, updates: Sequence[Update], part: int = 0, parts: int = 1) -> None:
        """Let the instruments of one of `parts` of the meters say `updates`."""
        spoken = (_instant(second - _EARLY), _instant(second))
        for number in range(part, len(self.meters), parts):
            self.meters[number].update(updates[number % _HOUSES], spoken[number % 2])

    def tick(self, second: int, part: slice = slice(None)) -> None:
        """Let every meter, or those of a `part`, look at the time."""
        at = _instant(second)
        for meter in self.meters[part]:
            meter.tick(at)


def everything() -> tuple[str, ...]:
    """Return what a three-phase instrument can give: every quantity and index but the demand."""
    measured = [p.name for p in POINTS if p.group == "measurement" and "Demand" not in p.name]
    return (*measured, "Voltage_Angle_L2", "Voltage_Angle_L3")


def phases(indexes: int = len(_INDEXES)) -> tuple[str, ...]:
    """Return what an instrument gives that leaves all but `indexes` to be derived."""
    names = ("Voltage_{}_N", "Current_{}", "Active_Power_{}", "Power_Factor_{}")
    derived_from = (name.format(phase) for name in names for phase in _PHASES)
    return (*_INDEXES[:indexes], "Frequency", *derived_from)


def _instant(second: float) -> Instant:
    # Real times have a fraction, which takes its place in what is saved.
    return Instant(10_000.123457 + second, BEGIN + second + 0.123457)


def _update(names: Sequence[str], second: int, house: int) -> Update:
    numbers = _numbers(second, house)
    return values({name: numbers[name] for name in names})


def _numbers(second: int, house: int) -> dict[str, int | float]:
    """Return what an instrument measures at `second`; no value is that of the second before."""
    beat = [math.sin(second + 2.1 * n + house / 7) for n in range(3)]
    volts = [230 + 2 * each for each in beat]
    factors = [0.93 + each / 50 for each in beat]
    watts = [3000 + 800 * each for each in beat]
    amperes = [p / (u * pf) for p, u, pf in zip(watts, volts, factors, strict=True)]
    reactive = sum(p * math.tan(math.acos(pf)) for p, pf in zip(watts, factors, strict=True))
    active = sum(watts)
    apparent = math.hypot(active, reactive)
    numbers: dict[str, int | float] = {
        "Active_Power_Total": active / 1000,
        "Reactive_Power_Total": reactive / 1000,
        "Apparent_Power_Total": apparent / 1000,
        "Power_Factor_Total": active / apparent,
        "Current_Neutral": 3 + beat[0],
        "Frequency": 50 + beat[0] / 50,
        "THD_Voltage_L1": 2 + beat[0] / 5,
        "THD_Current_L1": 9 + beat[0],
        "Voltage_Angle_L2": 120 + beat[1],
        "Voltage_Angle_L3": 240 + beat[2],
    }
    for rank, name in enumerate(_INDEXES):  # between 1 and 3 Wh (varh) a second
        numbers[name] = 1000 * (123_456_789 - 20_000 * rank + (3 - rank // 2) * second)
    for n, phase in enumerate(_PHASES):
        numbers[f"Voltage_{phase}_N"] = volts[n]
        numbers[f"Current_{phase}"] = amperes[n]
        numbers[f"Active_Power_{phase}"] = watts[n] / 1000
        numbers[f"Power_Factor_{phase}"] = factors[n]
        numbers[f"Voltage_{phase}_{_PHASES[(n + 1) % 3]}"] = 399 + beat[n]
    return numbers
