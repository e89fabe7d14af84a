import asyncio

import pytest

from submeter.modbus.turns import Turns


class Guests:
    """Clients that want a turn and keep it until they are sent away."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.inside: list[str] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, *names: str) -> None:
        """Have clients come: the address of `a1` is `a`."""
        for name in names:
            self._tasks[name] = asyncio.create_task(self._stay(name))
        await self.settle()

    async def go(self, *names: str) -> None:
        for name in names:
            self._tasks.pop(name).cancel()
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def _stay(self, name: str) -> None:
        async with self.turns.turn(name[0]):
            self.inside.append(name)
            try:
                await asyncio.Event().wait()
            finally:
                self.inside.remove(name)


async def test_one_address_has_so_many_and_no_more() -> None:
    guests = Guests(Turns(most=5, per_peer=2))
    await guests.come("a1", "a2", "a3", "a4", "b1")
    assert guests.inside == ["a1", "a2", "b1"]
    await guests.go("a1")
    assert guests.inside == ["a2", "b1", "a3"]


async def test_there_are_so_many_in_all_and_addresses_take_turns() -> None:
    guests = Guests(Turns(most=2, per_peer=2))
    await guests.come("a1", "a2", "a3", "a4", "a5", "b1", "c1")
    assert guests.inside == ["a1", "a2"]
    await guests.go("a1")
    assert guests.inside == ["a2", "a3"]
    await guests.go("a2")
    await guests.go("a3")
    assert guests.inside == ["b1", "c1"]
    await guests.go("b1")
    assert guests.inside == ["c1", "a4"]


async def test_who_waits_and_goes_away_holds_up_nobody() -> None:
    guests = Guests(Turns(most=1, per_peer=1))
    await guests.come("a1", "a2", "a3", "b1")
    await guests.go("a2", "b1")
    assert guests.inside == ["a1"]
    await guests.go("a1")
    assert guests.inside == ["a3"]


async def test_who_goes_away_as_its_turn_comes_passes_it_on() -> None:
    guests = Guests(Turns(most=1, per_peer=1))
    await guests.come("a1", "a2", "a3")
    await guests.go("a1", "a2")
    assert guests.inside == ["a3"]
    guests.turns._share_out()
    await guests.go("a3")
    await guests.come("b1")
    assert guests.inside == ["b1"]


async def test_nothing_is_kept_of_who_is_gone() -> None:
    guests = Guests(Turns(most=2, per_peer=1))
    names = [f"{letter}{number}" for letter in "abcdef" for number in range(3)]
    await guests.come(*names)
    await guests.go(*names)
    assert not guests.inside
    assert not guests.turns._busy
    assert not guests.turns._waiting


async def test_a_turn_that_fails_is_over() -> None:
    turns = Turns(most=1, per_peer=1)
    with pytest.raises(OSError, match="no"):
        async with turns.turn("a"):
            raise OSError("no")
    async with turns.turn("a"):
        pass
