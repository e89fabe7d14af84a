"""Pages as a meter would write them, and disks that fail."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from submeter.meter.audit import Entry
from submeter.meter.interval import LENGTH, Interval, Spread
from submeter.pointmap import points
from submeter.store.page import IndexRow, Page, SampleRow
from submeter.store.store import Store

POINTS = list(points.standard().values())
INDEXES = [each.name for each in POINTS if each.kind == "index"]
ENERGY = INDEXES[0]
BEGIN = 1_790_000_100  # UTC s, a quarter of an hour
WITHOUT_ENERGY: tuple[None, None] = (None, None)


def opened(path: Path) -> Store:
    """Open a store that has to be well."""
    store = Store.open(path, POINTS)
    assert store.trouble is None
    return store


def trouble(store: Store) -> str | None:
    """Return the trouble of a store as it is now."""
    return store.trouble


def interval(number: int, meter: str = "main") -> Interval:
    """Return the interval `number` of a meter that counts 1 Wh in each."""
    start = BEGIN + number * LENGTH
    energy = (1000 * number, 1000 * number + 1000)
    return Interval(
        meter=meter,
        start=start,
        end=start + LENGTH,
        indexes={name: energy if name == ENERGY else WITHOUT_ENERGY for name in INDEXES},
        power=Spread(0.0, 0.004, 3.5),
        voltages=(Spread(229.1, 230.2, 231.3), None, None),
        quality="measured",
        covered=LENGTH,
        recovered=False,
        stepped=False,
    )


def index(total: int, meter: str = "main") -> IndexRow:
    return IndexRow(meter, ENERGY, total, f'{{"seen":{total}}}')


def entry(number: int) -> Entry:
    return Entry(BEGIN + number, "write", "main", "modbus 192.0.2.7", f"point=X value={number}")


def evidence(number: int, meter: str = "main") -> Page:
    """Return the page that closes the interval `number`, with an audit entry."""
    closed = interval(number, meter)
    return Page(
        indexes=[index(1000 * number + 1000, meter)], intervals=[closed], audits=[entry(number)]
    )


def sample(number: int, meter: str = "main") -> SampleRow:
    return SampleRow(BEGIN + 60 * number, meter, {ENERGY: number, "Frequency": 50.5}, None)


async def filled(path: Path, count: int) -> None:
    """Make a store with `count` intervals of two meters and as many audit entries."""
    store = opened(path)
    for number in range(count):
        await store.commit(evidence(number))
        await store.commit(evidence(number, "other"))
    await store.close()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a disk of `size` at `folder`, or skip the test where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk takes root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, how: str) -> None:
    """Make the disk at `folder` read-only (`ro`) or writable again (`rw`)."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)
