"""Which event loop the program runs on."""

import asyncio
import sys

import pytest

from submeter import event_loop
from submeter.errors import ConfigError


async def _note(found: list[str]) -> None:
    found.append(type(asyncio.get_running_loop()).__module__)


def test_it_is_the_loop_of_asyncio() -> None:
    found: list[str] = []
    event_loop.run(_note(found), fast=False)
    assert found[0].startswith("asyncio.")


def test_it_is_uvloop_where_it_is_wanted() -> None:
    pytest.importorskip("uvloop")
    found: list[str] = []
    event_loop.run(_note(found), fast=True)
    assert found[0].startswith("uvloop")


def test_without_uvloop_a_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with pytest.raises(ConfigError, match="uvloop is not installed"):
        event_loop.run(_note([]), fast=True)
