"""A trouble is told once, and its end once."""

import logging
import re
from dataclasses import dataclass
from typing import cast

import pytest

from submeter.errors import Condition
from submeter.sources.source import Source
from submeter.sources.troubles import Troubles
from tooling.program import CHECKOUT


@dataclass(eq=False)
class Troubled:
    name: str
    trouble: Condition | None = None


def test_each_change_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    one, other = Troubled("main.tic"), Troubled("main.dlms")
    troubles = Troubles(cast("list[Source]", [one, other]))
    for trouble in (None, None, Condition.NOISE, Condition.NOISE, Condition.NO_KEY, None, None):
        one.trouble = trouble
        troubles.look()
    assert [record.getMessage() for record in caplog.records] == [
        'event=source_trouble source=main.tic condition="noise"',
        'event=source_trouble source=main.tic condition="no key"',
        "event=source_trouble_over source=main.tic",
    ]
    assert [record.levelno for record in caplog.records] == [
        logging.WARNING,
        logging.WARNING,
        logging.INFO,
    ]


def test_the_page_of_the_ports_has_every_condition() -> None:
    page = (CHECKOUT / "docs" / "ports.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([a-z ]+) \| .+ \|$", page, re.MULTILINE)
    assert [(int(code), words) for code, words in rows] == [(c.value, c.words) for c in Condition]
