"""A journal with its meters, on a disk that fails as it is told to."""

import asyncio
from typing import Any

from submeter.errors import SubmeterError
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter, values
from submeter.pointmap import points
from submeter.store.journal import Journal
from submeter.store.page import AnswerRow, Page
from submeter.store.requests import Request
from submeter.store.retention import CHUNK
from submeter.store.store import Store
from tooling import meters

ENERGY, ERROR = "Active_Energy_Import", "Meter_Error"
POINTS = tuple(points.all_points().values())
BEGIN = 1_790_000_100  # a quarter of an hour
WH = 1000


def at(second: float, step: float = 0.0) -> Instant:
    return Instant(second, BEGIN + second + step)


def shown(meter: Meter) -> Any:
    return meter.readings[ENERGY].value


class Disk(Store):
    """A disk that can be full, broken or slow; it hands out a request until it is answered."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.asked: list[Request] = []
        self.pruned: list[int] = []
        self.old = 0  # samples that can be let go of
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def commit(self, page: Page) -> None:
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise self.error
        self.pages.append(page)
        answered = {row.request for row in page.answers}
        self.asked = [each for each in self.asked if each.id not in answered]

    async def requests(self) -> list[Request]:
        return list(self.asked)

    async def prune(self, before_utc: int) -> int:
        self.pruned.append(before_utc)
        gone = min(self.old, CHUNK)
        self.old -= gone
        return gone

    @property
    def answers(self) -> list[AnswerRow]:
        return [row for page in self.pages for row in page.answers]

    @property
    def indexes(self) -> list[int | None]:
        rows = [row for page in self.pages for row in page.indexes]
        return [row.total for row in rows if row.total is not None]


class Bench:
    """Meters, their journal, and instruments that show 1 Wh more each second."""

    def __init__(
        self, every: float = 10.0, names: tuple[str, ...] = ("one",), right: bool | None = True
    ) -> None:
        self.disk, self.audit = Disk(), Audit()
        self.meters: list[Meter] = [
            meters.meter(name, POINTS, [ENERGY, "Active_Power_Total"], 60.0) for name in names
        ]
        self.meter = self.meters[0]
        self.asked: list[Request] = []
        self.memory = {"key": "text"}
        self.right = right
        self.clock_asked = 0
        self.journal = Journal(
            self.disk, self.meters, self.audit, self.handle, lambda: self.memory,
            every=every, sample=60, retention=2, is_right=self.is_right,
        )  # fmt: skip

    def is_right(self) -> bool | None:
        self.clock_asked += 1
        return self.right

    def handle(self, request: Request, now: Instant) -> str:
        self.asked.append(request)
        if request.action == "wrong":
            raise SubmeterError("that cannot be")
        if request.action == "broken":
            raise KeyError("a fault of ours")
        self.audit.note("swap", "one", at=now)
        return "done"

    def ask(self, number: int, action: str = "swap", meter: str = "one") -> None:
        self.disk.asked.append(Request(number, 0, "anna", action, meter, {}))

    async def run(self, first: int, last: int, step: float = 0.0) -> None:
        for second in range(first, last):
            numbers: dict[str, Any] = {ENERGY: (100 + second) * WH, "Active_Power_Total": 3.6}
            for meter in self.meters:
                meter.update(values(numbers), at(second, step))
                meter.tick(at(second, step))
            await self.journal.second(at(second, step))

    @property
    def index(self) -> Any:
        return shown(self.meter)

    def intervals(self, meter: str = "one") -> list[tuple[int, int]]:
        found = [each for page in self.disk.pages for each in page.intervals]
        return [(each.start, each.end) for each in found if each.meter == meter]

    def events(self) -> list[str]:
        return [entry.event for page in self.disk.pages for entry in page.audits]
