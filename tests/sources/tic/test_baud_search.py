"""When the baud rate of a line is doubted, and when not."""

import pytest

from submeter.errors import Condition, LinkError
from submeter.sources.port import Line
from submeter.sources.serial_port import SerialPort
from submeter.sources.tic.baud_search import BAUDRATES, DEAF, SILENCE, TRIAL, BaudSearch

AT_9600 = Line(9600, "7E1", masked=True)
OTHERS = [1200, 19200, 4800, 2400]


class Wire(SerialPort):
    """A serial port whose time is set by hand and whose baud rates are noted."""

    def __init__(self, tunable: bool = True) -> None:  # opens nothing
        self.now = 0.0
        self.tuned: list[Line] = []
        self.tunable = tunable

    @property
    def rates(self) -> list[int]:
        return [line.baudrate for line in self.tuned]

    def elapsed(self) -> float:
        return self.now

    async def retune(self, line: Line) -> None:
        self.tuned.append(line)

    def close(self) -> None:
        pass


async def listen(
    search: BaudSearch, wire: Wire, seconds: float, good: int, received: bool = True
) -> None:
    """Let bytes come for so long, ten times a second, without another valid group."""
    for _ in range(round(seconds * 10)):
        wire.now += 0.1
        await search.heard(good, received)


async def test_all_rates_are_tried_by_turns_while_nothing_is_understood() -> None:
    wire = Wire()
    await listen(BaudSearch(wire, AT_9600, auto=True), wire, 7 * TRIAL + 1, 0)
    assert wire.rates[:6] == [*OTHERS, 9600, 1200]
    assert {*OTHERS, 9600} == set(BAUDRATES)
    assert all(line.masked and line.format == "7E1" for line in wire.tuned)


async def test_a_pause_on_a_good_line_is_no_reason() -> None:
    wire = Wire()
    search = BaudSearch(wire, AT_9600, auto=True)
    await listen(search, wire, 2, 40)
    wire.now += 4 * DEAF
    await search.heard(40)
    await listen(search, wire, 1, 40)
    assert wire.rates == []
    await listen(search, wire, DEAF, 40)
    assert wire.rates == [1200]


async def test_the_rate_that_was_right_comes_again_last() -> None:
    wire = Wire()
    search = BaudSearch(wire, AT_9600, auto=True)
    await listen(search, wire, TRIAL + 0.5, 0)
    assert wire.rates == [1200]
    await listen(search, wire, 2, 40)
    assert search.line == Line(1200, "7E1", masked=True)
    await listen(search, wire, DEAF + 5 * TRIAL, 40)
    assert wire.rates[1:6] == [9600, 19200, 4800, 2400, 1200]


async def test_a_fixed_rate_stays() -> None:
    wire = Wire()
    search = BaudSearch(wire, AT_9600, auto=False)
    await listen(search, wire, SILENCE - 1, 0)
    assert wire.rates == []
    with pytest.raises(LinkError, match="no valid TIC for 60 s") as caught:
        await listen(search, wire, 2, 0)
    assert caught.value.condition is Condition.NOISE


async def test_a_port_without_a_rate_is_left_alone() -> None:
    wire = Wire(tunable=False)
    await listen(BaudSearch(wire, AT_9600, auto=True), wire, SILENCE - 1, 0)
    assert wire.rates == []


async def test_silence_is_not_noise() -> None:
    wire = Wire()
    search = BaudSearch(wire, AT_9600, auto=True)
    await listen(search, wire, 2 * DEAF, 0, received=False)
    assert not search.deaf
    with pytest.raises(LinkError, match="nothing arrives; not a byte for 60 s") as caught:
        await listen(search, wire, SILENCE, 0, received=False)
    assert caught.value.condition is Condition.SILENT


async def test_bytes_that_are_not_understood_are_noise_until_they_are() -> None:
    wire = Wire()
    search = BaudSearch(wire, AT_9600, auto=True)
    await listen(search, wire, DEAF + 1, 0)
    assert search.deaf
    await search.heard(1)
    assert not search.deaf
