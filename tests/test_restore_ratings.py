"""Sources are told the ratings of current transformers: at the start, and at each change."""

from pathlib import Path

import pytest

from submeter import config, plan, restore
from submeter.meter.access import Access, Who
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.pointmap import points
from submeter.sources.rp2040.source import Rp2040Source
from submeter.store.store import Store
from tooling.program import write

TEXT = """
    site: Park
    store: {path: x.db}
    meters:
      - name: one
        unit_id: 1
        settings: {CT_Primary_Rating: 100, CT_Secondary_Rating: 5}
        sources:
          - simulated: {}
          - rp2040: {port: "simulated:steady", clamp: {current: 5, around_secondary: true}}
    modbus: {tcp: {port: 1502}}
"""


async def test_ratings_are_told_at_once_and_when_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[float | None, float | None]] = []
    monkeypatch.setattr(Rp2040Source, "rate", lambda source, *ratings: told.append(ratings))
    loaded = config.load(write(tmp_path / "config.yaml", TEXT))
    store = Store.open(loaded.store_path, list(points.all_points().values()))
    audit = Audit()
    access = Access(loaded.config.access, audit)
    commands = {"Sync_Clock": lambda who, now: "asked"}
    served, _ = restore.meters(loaded, plan.make(loaded), store, audit, access, commands)
    assert set(told) == {(100, 5)}
    told.clear()
    meter = served[0].meter
    for point, number in (
        ("CT_Primary_Rating", 200), ("Demand_Interval", 10), ("CT_Secondary_Rating", 1),
    ):  # fmt: skip
        meter.write(point, number, Who("cli", "anna"), Instant.now())
    assert told == [(200, 5), (200, 1)]
    await store.close()
