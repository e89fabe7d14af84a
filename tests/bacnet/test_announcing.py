import asyncio
from functools import partial

import pytest

from submeter.bacnet import announcing
from submeter.bacnet.announcing import AT_ONCE, Announcing


def of(count: int, said: list[int]) -> Announcing:
    return Announcing([partial(said.append, number) for number in range(count)])


async def test_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "PAUSE", 0.02)
    said: list[int] = []
    of(240, said)()
    assert said == list(range(AT_ONCE))
    await asyncio.sleep(0.025)
    assert len(said) == 2 * AT_ONCE
    async with asyncio.timeout(5):
        while len(said) < 240:
            await asyncio.sleep(0.005)
    assert said == list(range(240))


async def test_once_more_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "PAUSE", 0.01)
    said: list[int] = []
    many = of(AT_ONCE + 1, said)
    many()
    many()
    async with asyncio.timeout(5):
        while len(said) < 2 * AT_ONCE + 1:
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)
    assert said == [*range(AT_ONCE), *range(AT_ONCE + 1)]


async def test_closed_leaves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "PAUSE", 0.005)
    said: list[int] = []
    many = of(AT_ONCE * 2, said)
    many()
    many.close()
    many.close()
    await asyncio.sleep(0.03)
    assert len(said) == AT_ONCE
