"""What holds for every test."""

import logging
from collections.abc import Iterator

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
    """Begin with the tests of whole programs: the last files are to be short for every worker."""
    items.sort(key=lambda item: not _QUICK.isdisjoint(item.path.parts))


@pytest.fixture(autouse=True)
def _log_ends_with_its_command() -> Iterator[None]:
    """Take away what a command in the process of a test writes its log to: that is closed then."""
    yield
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if type(handler) is logging.StreamHandler:
            root.removeHandler(handler)
            logging.getLogger("submeter").setLevel(logging.NOTSET)
