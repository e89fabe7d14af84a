"""What holds for every test."""

import logging
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A machine may be busy: an example that takes long is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


_QUICK = {
    "bacnet",
    "calibration",
    "meter",
    "modbus",
    "pki",
    "pointmap",
    "pulse_output",
    "sources",
    "store",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mix the files that wait for programs with quick ones, of which some are left for the end.

    So both the cores and the waiting are shared out, and no worker is last with a long file.
    """
    quick: dict[Path, int] = {}
    slow: dict[Path, int] = {}
    for item in items:
        among = slow if _QUICK.isdisjoint(item.path.parts) else quick
        among.setdefault(item.path, len(among))
    turns = {path: 3 * place for path, place in slow.items()}
    turns |= {path: 3 * (place // 2) + 1 + place % 2 for path, place in quick.items()}
    items.sort(key=lambda item: turns[item.path])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test once more in which compile() fell over its own feet, as CPython 3.11 may.

    Hypothesis compiles the source of what it tests to tell of it.
    """
    try:
        return (yield)
    except SystemError as error:
        if "AST constructor recursion depth mismatch" not in str(error):
            raise
        item.runtest()
        return None


@pytest.fixture(autouse=True)
def _log_ends_with_its_command() -> Iterator[None]:
    """Take away what a command in the process of a test writes its log to: that is closed then."""
    yield
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if type(handler) is logging.StreamHandler:
            root.removeHandler(handler)
            logging.getLogger("submeter").setLevel(logging.NOTSET)
