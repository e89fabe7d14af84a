"""When the baud rate of a line is doubted, and when not."""

import pytest

from submeter.errors import LinkError
from submeter.sources.serial_port import SerialPort
from submeter.sources.tic.baud_search import BAUDRATES, DEAF, SILENCE, BaudSearch


class Line(SerialPort):
    """A serial port whose time is set by hand and whose baud rates are noted."""

    def __init__(self) -> None:
        self.now = 0.0
        self.tuned: list[int] = []

    def elapsed(self) -> float:
        return self.now

    def retune(self, baudrate: int) -> None:
        self.tuned.append(baudrate)


def listen(search: BaudSearch, line: Line, seconds: float, good: int) -> None:
    """Let bytes come for so long, ten times a second, without another valid group."""
    for _ in range(round(seconds * 10)):
        line.now += 0.1
        search.heard(good)


def test_the_rates_are_tried_by_turns_while_nothing_is_understood() -> None:
    line = Line()
    listen(BaudSearch(line, auto=True), line, 4 * DEAF + 1, 0)
    assert line.tuned[:3] == [BAUDRATES[1], BAUDRATES[0], BAUDRATES[1]]


def test_a_pause_on_a_good_line_is_no_reason() -> None:
    line = Line()
    search = BaudSearch(line, auto=True)
    listen(search, line, 2, 40)
    line.now += 4 * DEAF
    search.heard(40)
    listen(search, line, 1, 40)
    assert line.tuned == []
    listen(search, line, DEAF, 40)
    assert line.tuned == [BAUDRATES[1]]


def test_a_fixed_rate_stays() -> None:
    line = Line()
    search = BaudSearch(line, auto=False)
    listen(search, line, SILENCE - 1, 0)
    assert line.tuned == []
    with pytest.raises(LinkError, match="no valid TIC for 60 s"):
        listen(search, line, 2, 0)
