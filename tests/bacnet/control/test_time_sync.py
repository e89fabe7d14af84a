import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from bacnet.stage import PEER
from submeter.bacnet import clock, encoding
from submeter.bacnet.answer import Rejected
from submeter.bacnet.control import time_sync
from submeter.bacnet.control.time_sync import TimeSync
from submeter.bacnet.peer import Peer
from submeter.meter.audit import Audit

LOCAL, UTC_TIME = 6, 9
NETWORKS = ["192.0.2.0/24"]
NOON = encoding.date(2026, 7, 1, 3) + encoding.time(12, 0, 0, 50)
NOON_UTC = datetime(2026, 7, 1, 12, 0, 0, 500_000, UTC).timestamp()


@pytest.fixture
def paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Clock:
    """A clock that takes any time, and says so in words."""

    def __init__(self, say: Callable[[float], str] = lambda utc: "set") -> None:
        self.say = say
        self.times: list[float] = []
        self.audit = Audit()
        self.sync = TimeSync(NETWORKS, self.set, self.audit)

    def set(self, utc: float) -> str:
        self.times.append(utc)
        return self.say(utc)

    async def tell(self, service: int, body: bytes, peer: Peer = PEER) -> None:
        """Send the time and wait until it is taken over."""
        self.sync.unconfirmed[service](body, peer, True)
        while self.sync._task:
            await asyncio.sleep(0.005)

    @property
    def audited(self) -> list[str]:
        return [f"{each.event} {each.who} {each.detail}" for each in self.audit.take()]


def slowly(utc: float) -> str:
    time.sleep(0.05)
    return "set"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_sync, "PAUSE", 0.0)


async def test_utc() -> None:
    made = Clock()
    await made.tell(UTC_TIME, NOON)
    assert made.times == [NOON_UTC]
    assert made.audited == ["clock_set bacnet 192.0.2.9 result=set"]


@pytest.mark.usefixtures("paris")
async def test_local_time() -> None:
    made = Clock()
    await made.tell(LOCAL, NOON)
    assert made.times == [NOON_UTC - 7200]


@pytest.mark.usefixtures("paris")
@pytest.mark.parametrize("summer", [True, False])
async def test_an_hour_that_there_is_twice(monkeypatch: pytest.MonkeyPatch, summer: bool) -> None:
    half_past_two = datetime(2026, 10, 25, 0 if summer else 1, 30, tzinfo=UTC).timestamp()
    monkeypatch.setattr(clock, "now", lambda: half_past_two + 300)
    made = Clock()
    await made.tell(LOCAL, encoding.date(2026, 10, 25, 7) + encoding.time(2, 30, 0))
    assert made.times == [half_past_two]


async def test_the_day_of_the_week_does_not_matter() -> None:
    made = Clock()
    await made.tell(UTC_TIME, encoding.date(2026, 7, 1, 255) + NOON[5:])
    assert made.times == [NOON_UTC]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        NOON[:-1],
        NOON + b"\x00",
        NOON[5:] + NOON[:5],
        b"\x00" * 10,
        encoding.UNSPECIFIED_DATE + NOON[5:],
        NOON[:5] + encoding.UNSPECIFIED_TIME,
        encoding.date(2019, 7, 1, 3) + NOON[5:],
        encoding.date(2101, 7, 1, 3) + NOON[5:],
        encoding.date(2026, 2, 29, 3) + NOON[5:],
        encoding.date(2026, 13, 1, 3) + NOON[5:],
        encoding.date(2026, 7, 32, 3) + NOON[5:],
        NOON[:5] + encoding.time(24, 0, 0),
        NOON[:5] + encoding.time(12, 60, 0),
        NOON[:5] + encoding.time(12, 0, 60),
        NOON[:5] + encoding.time(12, 0, 0, 100),
    ],
)
@pytest.mark.parametrize("service", [LOCAL, UTC_TIME])
async def test_what_is_no_time(service: int, body: bytes) -> None:
    made = Clock()
    with pytest.raises(Rejected):
        made.sync.unconfirmed[service](body, PEER, True)
    assert made.times == []


async def test_who_is_not_allowed(caplog: pytest.LogCaptureFixture) -> None:
    made = Clock()
    for number in range(100):
        for _ in range(2):
            await made.tell(UTC_TIME, NOON, Peer((f"10.0.0.{number}", 47808)))
    assert made.times == []
    assert made.audited == []
    assert len(caplog.records) == time_sync.MOST_TOLD


@pytest.mark.parametrize(
    ("place", "via", "allowed"),
    [
        ("192.0.2.9", None, True),
        ("192.0.2.9", "192.0.2.1", True),
        ("192.0.2.9", "198.51.100.1", False),
        ("198.51.100.9", "192.0.2.1", False),
    ],
)
async def test_what_a_bbmd_passes_on(place: str, via: str | None, allowed: bool) -> None:
    """The origin in it is what its sender wrote there."""
    made = Clock()
    await made.tell(
        UTC_TIME, NOON, Peer((place, 47808), via=(via, 47808) if via is not None else None)
    )
    assert len(made.times) == allowed


async def test_one_at_a_time_and_not_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_sync, "PAUSE", 0.2)
    made = Clock(slowly)
    for _ in range(3):
        made.sync.unconfirmed[UTC_TIME](NOON, PEER, True)
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    await made.tell(UTC_TIME, NOON)
    assert len(made.times) == 1
    await asyncio.sleep(0.15)
    await made.tell(UTC_TIME, NOON)
    assert len(made.times) == 2


async def test_the_same_result_is_audited_once() -> None:
    results = ["left alone", "left alone", "set", "left alone"]
    made = Clock(lambda utc: results.pop(0))
    told = []
    for _ in range(4):
        await made.tell(UTC_TIME, NOON)
        told.append([each.split("result=")[1] for each in made.audited])
    assert told == [['"left alone"'], [], ["set"], ['"left alone"']]


async def test_closing_while_the_clock_is_set() -> None:
    made = Clock(slowly)
    made.sync.unconfirmed[UTC_TIME](NOON, PEER, True)
    await asyncio.sleep(0.01)
    made.sync.close()
    await asyncio.sleep(0.1)
    assert made.audited == []


async def test_what_is_served() -> None:
    audit = Audit()
    assert set(TimeSync(NETWORKS, str, audit).unconfirmed) == {LOCAL, UTC_TIME}
    assert TimeSync([], str, audit).unconfirmed == {}
    assert TimeSync(NETWORKS, None, audit).unconfirmed == {}
