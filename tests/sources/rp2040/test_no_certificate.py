"""A meter with clamps is never a certified one."""

from pathlib import Path

import pytest

from submeter import config, plan, restore
from submeter.errors import ConfigError
from submeter.meter.access import Access
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.meter import values
from submeter.meter.reading import Quality
from submeter.pointmap import points
from submeter.store.store import Store
from tooling.program import write

TEXT = """
    site: Park
    store: {path: x.db}
    meters:
      - name: one
        unit_id: 1
        sources:
          - rp2040: {port: "simulated:steady", clamp: {current: 100}}
    modbus: {tcp: {port: 1502}}
"""
MID = "meters.0.mid={number: LNE-1, expires: '2134-12-31'}"


def test_a_certificate_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "config.yaml", TEXT)
    with pytest.raises(ConfigError) as caught:
        config.load(path, [MID])
    (fault,) = caught.value.faults
    assert fault.startswith(f"--set {MID}: a certificate is that of one instrument: remove 'mid'")
    assert fault.endswith("neither simulated nor a recording nor clamps")


async def test_the_certificate_is_not_valid(tmp_path: Path) -> None:
    """Not even while the index is that of the one source, unchanged."""
    loaded = config.load(write(tmp_path / "config.yaml", TEXT))
    planned, audit = plan.make(loaded), Audit()
    store = Store.open(loaded.store_path, list(points.all_points().values()))
    access = Access(loaded.config.access, audit)
    commands = {"Sync_Clock": lambda who, now: "asked"}
    served, _ = restore.meters(loaded, planned, store, audit, access, commands)
    meter, now = served[0].meter, Instant(1.0, 1_790_000_000.0)
    assert meter.readings["MID_Certification_Valid"].value == 0
    meter.update(values({"Active_Energy_Import": 5_000_000}), now, "rp2040")
    meter.tick(now)
    reading = meter.readings["MID_Certification_Valid"]
    assert (reading.value, reading.quality) == (0, Quality.DERIVED)
    await store.close()
