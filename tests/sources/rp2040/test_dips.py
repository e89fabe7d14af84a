"""Dips and swells, and how much of them the log is told."""

from typing import Any

import pytest

from submeter.sources.rp2040 import dips, identity
from submeter.sources.rp2040.dips import Swing, SwingLog
from tooling.clamp_records import IdealBoard

WHO = identity.read(IdealBoard().identity())
DIP = {"b": "a", "q": 1, "t": 5, "f": 6000, "k": "dip", "v": 16 * 500**2, "r": 1, "d": 4096 * 300}


def test_a_dip_is_its_worst_cycle_and_its_length() -> None:
    assert dips.swing(WHO, DIP) == Swing("dip", 500.0, 0.05)
    assert dips.swing(WHO, {**DIP, "k": "swell"}) == Swing("swell", 500.0, 0.05)


@pytest.mark.parametrize(
    "keys",
    [{"k": "lost"}, {"k": 1}, {"k": None}, {"v": None}, {"v": -1}, {"v": 1 << 40}, {"d": "1"},
     {"d": 1 << 60}],
)  # fmt: skip
def test_nothing_else_is_one(keys: dict[str, Any]) -> None:
    assert dips.swing(WHO, {**DIP, **keys}) is None


def test_a_storm_is_a_line_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    log = SwingLog("house")
    for second in range(600):
        log.settle(second)
        log.tell(Swing("dip", 500, 0.0503), 123.456, second)
    log.settle(700)
    log.settle(701)
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == "event=voltage_dip source=house volts=123.5 ms=50"
    assert told[1] == "event=voltage_unsteady source=house more=59"
    assert len(told) == 11
    more = sum(int(each.rpartition("=")[2]) for each in told[1:])
    assert more + 1 == 600


def test_a_lone_swell_is_told_at_once_each_time(caplog: pytest.LogCaptureFixture) -> None:
    log = SwingLog("house")
    for second in (0, 61, 200):
        log.settle(second)
        log.tell(Swing("swell", 900, 0.1), 260, second)
    told = [record.getMessage() for record in caplog.records]
    assert told == ["event=voltage_swell source=house volts=260.0 ms=100"] * 3
