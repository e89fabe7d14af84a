"""The search for speed and format."""

import pytest

from submeter.errors import Condition, LinkError
from submeter.sources.dlms import line_search
from submeter.sources.dlms.line_search import FEW, FLOOD, LINES, MANY, LineSearch
from submeter.sources.port import Line


class Tuned:
    """A port of which only the settings matter."""

    def __init__(self, tunable: bool = True) -> None:
        self.tunable = tunable
        self.lines: list[Line] = []

    async def read(self) -> bytes:
        raise NotImplementedError

    async def write(self, data: bytes) -> None:
        raise NotImplementedError

    async def retune(self, line: Line) -> None:
        self.lines.append(line)

    def discard(self) -> None:
        raise NotImplementedError

    def elapsed(self) -> float:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


async def bursts(search: LineSearch, count: int, *, good: bool = False) -> list[bool]:
    tried = []
    for _ in range(count):
        search.took(100, good=good)
        assert not await search.tried(paused=False)
        tried.append(await search.tried(paused=True))
    return tried


async def test_bursts_that_nobody_understands_lead_to_the_next_line() -> None:
    port = Tuned()
    search = LineSearch(port, auto=True)
    assert await bursts(search, FEW) == [False] * (FEW - 1) + [True]
    assert port.lines == [LINES[1]]
    await bursts(search, FEW)
    await bursts(search, FEW)
    assert port.lines == [LINES[1], LINES[2], LINES[0]]


async def test_silence_is_no_reason_to_change() -> None:
    port = Tuned()
    search = LineSearch(port, auto=True)
    for _ in range(100):
        assert not await search.tried(paused=True)
    assert port.lines == []


async def test_a_line_that_was_understood_is_not_given_up_at_once() -> None:
    port = Tuned()
    search = LineSearch(port, auto=True)
    await bursts(search, 1, good=True)
    assert await bursts(search, MANY) == [False] * (MANY - 1) + [True]
    assert port.lines == [LINES[1]]


async def test_a_flood_without_a_pause_counts_too() -> None:
    port = Tuned()
    search = LineSearch(port, auto=True)
    search.took(FLOOD, good=False)
    assert await search.tried(paused=False)


@pytest.mark.parametrize(("auto", "tunable"), [(False, True), (True, False)])
async def test_without_a_choice_it_is_noise(auto: bool, tunable: bool) -> None:
    port = Tuned(tunable)
    search = LineSearch(port, auto)
    await bursts(search, MANY - 1)
    with pytest.raises(LinkError) as error:
        await bursts(search, 1)
    assert error.value.condition is Condition.NOISE
    assert port.lines == []


async def test_when_nothing_helps_it_is_noise() -> None:
    search = LineSearch(Tuned(), auto=True)
    for _ in range(2 * len(line_search.LINES)):
        await bursts(search, FEW)
    with pytest.raises(LinkError, match="baudrate"):
        await bursts(search, FEW)
