"""A trouble is told once, and its end once it stays away."""

import logging
import re
from dataclasses import dataclass, field
from typing import cast

import pytest

from submeter.errors import Condition
from submeter.sources.source import Source
from submeter.sources.troubles import ABSENT, APART, Troubles
from tooling.program import CHECKOUT


@dataclass(eq=False)
class Troubled:
    name: str
    trouble: Condition | None = None


NOISE = 'event=source_trouble source=main.tic condition="noise"'
NO_KEY = 'event=source_trouble source=main.tic condition="no key"'
OVER = "event=source_trouble_over source=main.tic"


@dataclass
class Log:
    """The lines that a look at one source leaves; another source is always well."""

    caplog: pytest.LogCaptureFixture
    one: Troubled = field(default_factory=lambda: Troubled("main.tic"))

    def __post_init__(self) -> None:
        self.caplog.set_level(logging.INFO)
        both = [self.one, Troubled("main.dlms")]
        self.troubles = Troubles(cast("list[Source]", both))

    def after(self, *seconds: Condition | None) -> list[str]:
        """Return what is told while the source is so for a second each."""
        self.caplog.clear()
        for trouble in seconds:
            self.one.trouble = trouble
            self.troubles.look()
        return self.caplog.messages


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Log:
    return Log(caplog)


def test_a_trouble_is_told_at_once_and_its_end_when_it_stays_away(log: Log) -> None:
    assert log.after(None, None) == []
    assert log.after(Condition.NOISE) == [NOISE]
    assert log.caplog.records[0].levelno == logging.WARNING
    assert log.after(*[Condition.NOISE] * 100) == []
    assert log.after(*[None] * (ABSENT - 1)) == []
    assert log.after(None) == [OVER]
    assert log.caplog.records[0].levelno == logging.INFO
    assert log.after(*[None] * 100) == []


def test_another_trouble_is_told_once_the_first_is_a_minute_old(log: Log) -> None:
    assert log.after(Condition.NOISE) == [NOISE]
    assert log.after(*[Condition.NO_KEY] * (APART - 1)) == []
    assert log.after(Condition.NO_KEY) == [NO_KEY]


def test_a_line_that_is_bad_every_other_second_is_told_once(log: Log) -> None:
    assert log.after(*[Condition.NOISE, None] * 1000) == [NOISE]


def test_whatever_happens_there_are_two_lines_a_minute_at_most(log: Log) -> None:
    rests = [Condition.NOISE, *[None] * ABSENT] * 200
    assert len(log.after(*rests)) <= 2 * (1 + len(rests) // APART)
    turns = [Condition.NOISE, Condition.NO_KEY] * 1000
    assert len(log.after(*turns)) <= 1 + len(turns) // APART


def test_the_page_of_the_ports_has_every_condition() -> None:
    page = (CHECKOUT / "docs" / "ports.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([a-z ]+) \| .+ \|$", page, re.MULTILINE)
    assert [(int(code), words) for code, words in rows] == [(c.value, c.words) for c in Condition]
