"""The search for meters on a line."""

import asyncio

import pytest

from submeter.errors import Condition, LinkError
from submeter.sources.mbus import scan
from submeter.sources.mbus.address import Address, Secondary
from submeter.sources.mbus.link import SELECTED
from submeter.sources.mbus.timing import Timing
from tooling import mbus_records as made
from tooling.mbus_bus import Bus, BusPort, Slave

# A busy machine must not look like an endless answer.
QUICK = Timing(window=0.003, gap=0.002, pause=0.0005, byte=0.0002)
METERS = [
    Secondary("12345678", "ABB", 2, 2),
    Secondary("12345679", "KAM", 1, 7),
    Secondary("90000001", "EMU", 16, 2),
]


class Watched:
    """A progress that only goes forward, and ends with everything done."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int, int]] = []

    def __call__(self, done: int, total: int, found: int) -> None:
        if self.steps:
            assert (done, found) >= (self.steps[-1][0], self.steps[-1][2])
        self.steps.append((done, total, found))


def slaves(*primaries: int) -> list[Slave]:
    pairs = zip(primaries, METERS, strict=True)
    return [Slave(primary, meter, [made.energy(1)]) for primary, meter in pairs]


async def test_primary_addresses() -> None:
    progress = Watched()
    bus = Bus([*slaves(0, 5, 250), Slave(7, METERS[0], [b"\x04"])])
    found = await scan.primary(BusPort(bus), QUICK, progress)
    assert [(each.address.primary, each.meter) for each in found] == [
        (0, METERS[0]),
        (5, METERS[1]),
        (7, METERS[0]),  # which it is can be told although its records are malformed
        (250, METERS[2]),
    ]
    assert [each.medium for each in found] == ["electricity", "water", "electricity", "electricity"]
    assert progress.steps[-1] == (251, 251, 4)


async def test_a_collision_is_told() -> None:
    (found,) = await scan.primary(BusPort(Bus(slaves(5, 5, 5))), QUICK, Watched())
    assert found.address == Address(5)
    assert found.collision
    assert found.meter is None
    assert "several meters" in (found.problem or "")


async def test_secondary_addresses_down_to_the_last_digit() -> None:
    progress = Watched()
    found = await scan.secondary(BusPort(Bus(slaves(0, 0, 0))), QUICK, progress)
    assert [each.meter for each in found] == METERS
    assert [each.address for each in found] == [Address(SELECTED, each) for each in METERS]
    assert not any(each.collision for each in found)
    assert progress.steps[-1] == (10**8, 10**8, 3)


async def test_two_meters_with_one_number() -> None:
    twins = [Secondary("12345678", maker, 2, 2) for maker in ("ABB", "EMU")]
    bus = Bus([Slave(0, each, [made.energy(1)]) for each in twins])
    progress = Watched()
    (found,) = await scan.secondary(BusPort(bus), QUICK, progress)
    assert found.collision
    assert str(found.address) == "12345678-*-FF-FF"
    assert progress.steps[-1] == (10**8, 10**8, 1)


async def test_an_empty_line_is_done_at_once() -> None:
    bus = Bus([])
    assert await scan.secondary(BusPort(bus), QUICK, Watched()) == []
    assert bus.requests == 2


async def test_a_lost_port_ends_the_search() -> None:
    class Lost(BusPort):
        async def write(self, data: bytes) -> None:
            raise LinkError("gone", Condition.NO_DEVICE)

    for search in (scan.primary, scan.secondary):
        with pytest.raises(LinkError, match="gone"):
            await search(Lost(Bus([])), QUICK, Watched())


async def test_a_line_that_is_never_silent_ends_the_search() -> None:
    class Endless(BusPort):
        async def read(self) -> bytes:
            await asyncio.sleep(0.001)
            return b"\x55" * 1000

    for search in (scan.primary, scan.secondary):
        with pytest.raises(LinkError, match="never silent"):
            await search(Endless(Bus([])), Timing(0.02, 0.02, 0.001), Watched())


async def test_a_flood_after_each_request_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else every number there is would be tried."""
    monkeypatch.setattr(scan, "_MOST_COLLISIONS", 25)
    port = BusPort(Bus([]), spoil=lambda data: b"\x68\xff\xff\x68" * 25)
    with pytest.raises(LinkError, match="at every address"):
        await scan.secondary(port, QUICK, Watched())
    assert len(port.written) < 200
    found = await scan.primary(port, QUICK, Watched())
    assert len(found) == 251
    assert all(each.collision for each in found)
