"""Meters as the store remembers them, from one run of the program to the next."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from submeter import config, plan, restore
from submeter.errors import StoreError, WriteRefusedError
from submeter.meter.access import Access, Who
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter, values
from submeter.meter.reading import Quality, Update, Value
from submeter.pointmap import points
from submeter.store.journal import Journal
from submeter.store.page import IndexRow, Page
from submeter.store.store import Store
from tooling.program import write

ENERGY = "Active_Energy_Import"
KWH = 1_000_000
TEXT = """
    site: Park
    store: {path: x.db}
    meters:
      - name: one
        unit_id: 1
        sources: [{simulated: {seed: 7}}]
      - name: net
        unit_id: 2
        calculated: one
    modbus: {tcp: {port: 1502}}
"""
MID = (
    "meters.0.mid={number: LNE-1, expires: '2134-12-31'}",
    # Called as the tests call it, and never opened.
    "meters.0.sources=[{name: simulated, tic: {port: 'socket://127.0.0.1:9'}}]",
)


class Run:
    """One run of the program, without faces and sources."""

    def __init__(self, folder: Path, *overrides: str) -> None:
        path = write(folder / "config.yaml", TEXT)
        loaded = config.load(path, overrides)
        self.planned = plan.make(loaded)
        self.audit = Audit()
        self.store = Store.open(loaded.store_path, list(points.all_points().values()))
        commands = {"Sync_Clock": lambda who, now: "asked"}
        access = Access(loaded.config.access, self.audit)
        self.served, self.notes = restore.meters(
            loaded, self.planned, self.store, self.audit, access, commands
        )
        self.told = self.audit.take()
        self.journal = Journal(
            self.store,
            [each.meter for each in self.served],
            self.audit,
            lambda request, now: "",
            lambda: restore.memory(self.planned),
            every=1,
            sample=60,
            retention=1,
        )
        for key, text in self.notes.items():
            self.journal.note(key, text)

    @property
    def one(self) -> Meter:
        return self.served[0].meter

    @property
    def net(self) -> Meter:
        return self.served[1].meter

    def events(self) -> list[str]:
        return [entry.event for entry in self.told]

    async def know(self, energy: int) -> None:
        """Let meter one be told an index so that it is served, and the other follow."""
        for _ in range(2):
            numbers = {ENERGY: Value(energy), "Active_Energy_Export": Value(0)}
            self.one.update(Update(numbers, instrument="A"), Instant.now(), "simulated")
        await self.journal.commit(Instant.now())
        calculated = self.served[1].plan.calculated
        assert calculated
        for _ in range(2):
            update = calculated.update()
            assert update
            self.net.update(update, Instant.now())
        await self.journal.commit(Instant.now())

    async def stop(self) -> None:
        await self.journal.close()
        await self.store.close()


async def test_the_first_start(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert run.one.readings[ENERGY].value is None
    (entry,) = run.told
    assert entry.event == "started"
    assert "after=nothing" in entry.detail
    await run.stop()


async def test_an_index_is_there_again_at_once_and_stale(tmp_path: Path) -> None:
    run = Run(tmp_path)
    await run.know(100 * KWH)
    assert run.one.readings[ENERGY][:2] == (100 * KWH, Quality.MEASURED)
    await run.stop()
    again = Run(tmp_path)
    assert again.one.readings[ENERGY][:2] == (100 * KWH, Quality.STALE)
    await again.know(100 * KWH + 5)
    assert again.one.readings[ENERGY][:2] == (100 * KWH + 5, Quality.MEASURED)
    await again.stop()


async def test_a_calculated_meter_goes_on_too(tmp_path: Path) -> None:
    run = Run(tmp_path)
    await run.know(100 * KWH)
    await run.know(100 * KWH + 7)
    before = run.net.readings[ENERGY].value
    await run.stop()
    again = Run(tmp_path)
    assert again.net.readings[ENERGY][:2] == (before, Quality.STALE)
    await again.know(100 * KWH + 10)
    assert again.net.readings[ENERGY][:2] == (100 * KWH + 10, Quality.DERIVED)
    await again.stop()


async def test_a_setting_is_kept_until_it_is_reset(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.one.write("Demand_Interval", 10, Who("cli", "anna"), Instant.now())
    await run.stop()
    again = Run(tmp_path, "meters.0.settings={Demand_Interval: 30}")
    assert again.one.settings.value("Demand_Interval") == 10
    assert again.net.settings.value("Demand_Interval") == 15
    again.one.reset_settings(None, Who("cli", "anna"), Instant.now())
    await again.stop()
    third = Run(tmp_path, "meters.0.settings={Demand_Interval: 30}")
    assert third.one.settings.value("Demand_Interval") == 30
    await third.stop()


async def test_a_peak_is_kept(tmp_path: Path) -> None:
    run = Run(tmp_path)
    now = Instant.now()
    for second in range(-1800, 0, 5):
        numbers = {ENERGY: Value(100 * KWH + second * 6 * KWH // 3600)}
        at = Instant(now.mono + second, now.utc + second)
        run.one.update(Update(numbers, instrument="A"), at, "simulated")
    await run.journal.commit(Instant.now())
    peak = run.one.readings["Demand_Peak_Current"].value
    assert peak == pytest.approx(6, abs=0.01)
    await run.stop()
    again = Run(tmp_path)
    assert again.one.readings["Demand_Peak_Current"].value == peak
    assert again.net.readings["Demand_Peak_Current"].value is None
    await again.stop()


async def test_a_stop_is_told_from_a_crash(tmp_path: Path) -> None:
    run = Run(tmp_path)
    await run.stop()
    stopped = Run(tmp_path)
    assert "after=stop" in stopped.told[0].detail
    await stopped.journal.commit(Instant.now())
    await stopped.store.close()  # without the journal's last words
    crashed = Run(tmp_path)
    assert "after=crash" in crashed.told[0].detail
    await crashed.stop()


async def test_a_changed_configuration_is_told_once(tmp_path: Path) -> None:
    run = Run(tmp_path)
    await run.stop()
    changed = Run(tmp_path, "meters.0.rating.power=36", "site=Elsewhere")
    assert changed.events() == ["started", "configuration_changed"]
    assert "meters.0.rating.power, site" in changed.told[1].detail
    await changed.stop()
    again = Run(tmp_path, "meters.0.rating.power=36", "site=Elsewhere")
    assert again.events() == ["started"]
    await again.stop()


async def test_a_broken_seal_is_told_and_stays_broken(tmp_path: Path) -> None:
    run = Run(tmp_path, *MID)
    assert run.events() == ["started", "seal"]
    await run.know(100 * KWH)
    assert run.one.readings["MID_Certification_Valid"].value == 1
    await run.stop()
    changed = Run(tmp_path, *MID, "meters.0.rating.power=36")
    assert changed.events() == ["started", "configuration_changed", "seal_broken"]
    await changed.know(100 * KWH)
    assert changed.one.readings["MID_Certification_Valid"].value == 0
    await changed.stop()
    back = Run(tmp_path, *MID)
    await back.know(100 * KWH)
    assert back.one.readings["MID_Certification_Valid"].value == 0
    await back.stop()


async def test_a_meter_that_comes_back_goes_on_where_it_was(tmp_path: Path) -> None:
    run = Run(tmp_path)
    await run.know(100 * KWH)
    await run.stop()
    renamed = Run(tmp_path, "meters.0.name=other", "meters.1.calculated=other")
    assert renamed.one.readings[ENERGY].value is None
    await renamed.stop()
    back = Run(tmp_path)
    assert back.one.readings[ENERGY].value == 100 * KWH
    await back.stop()


@pytest.mark.parametrize("state", ["", "{", "[]", "{}", '{"total": -1}'])
async def test_what_makes_no_sense_stops_the_start(tmp_path: Path, state: str) -> None:
    """Else an index would begin anew, and could fall."""
    run = Run(tmp_path)
    await run.know(100 * KWH)
    await run.store.commit(Page(indexes=[IndexRow("one", ENERGY, 100 * KWH, state)]))
    await run.store.close()
    with pytest.raises(StoreError, match=rf"x\.db: what it holds of meter 'one'.*{ENERGY}"):
        Run(tmp_path)


@pytest.mark.parametrize("marks", ["", "[]", "{}", '{"expression": "one", "marks": {"X": 1}}'])
async def test_damaged_marks_of_a_calculated_meter_stop_the_start(
    tmp_path: Path, marks: str
) -> None:
    run = Run(tmp_path)
    await run.know(100 * KWH)
    await run.store.commit(Page(notes={"calculated:net": marks or "{"}))
    await run.store.close()
    with pytest.raises(StoreError, match="meter 'net'"):
        Run(tmp_path)


async def test_a_note_that_is_nested_without_end_stops_the_start(tmp_path: Path) -> None:
    run = Run(tmp_path)
    await run.know(100 * KWH)
    await run.store.commit(Page(notes={"calculated:net": "[" * 100_000}))
    await run.store.close()
    with pytest.raises(StoreError, match="meter 'net' makes no sense"):
        Run(tmp_path)


async def test_a_store_that_cannot_be_written_raises_the_error_of_every_meter(
    tmp_path: Path,
) -> None:
    (tmp_path / "x.db").write_bytes(b"no database at all, but long enough to be one" * 100)
    run = Run(tmp_path)
    for each in run.served:
        assert each.meter.readings["Meter_Error"].value == 1
        assert each.meter.readings["Meter_Error_Reason"].value == 1
    await run.store.close()


async def test_two_meters_never_get_one_address(tmp_path: Path) -> None:
    run = Run(tmp_path)
    with pytest.raises(WriteRefusedError, match="is that of meter 'net'; take another"):
        run.one.write("Modbus_Address", 2, Who("cli", "anna"), Instant.now())
    run.one.write("Modbus_Address", 9, Who("cli", "anna"), Instant.now())
    run.net.write("Modbus_Address", 1, Who("cli", "anna"), Instant.now())
    with pytest.raises(WriteRefusedError, match="is that of meter 'net'; take another"):
        run.one.reset_settings("Modbus_Address", Who("cli", "anna"), Instant.now())
    await run.stop()


async def test_a_stored_address_that_another_meter_was_given_is_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = Run(tmp_path)
    run.one.write("Modbus_Address", 5, Who("cli", "anna"), Instant.now())
    await run.stop()
    again = Run(tmp_path, "meters.1.unit_id=5")
    assert again.one.settings.value("Modbus_Address") == 1
    assert again.net.settings.value("Modbus_Address") == 5
    assert again.one.settings.ignored == {"Modbus_Address": "5 is that of meter 'net'"}
    assert 'event=setting_ignored meter=one point=Modbus_Address reason="5 is that' in caplog.text
    await again.stop()
    back = Run(tmp_path)
    assert back.one.settings.value("Modbus_Address") == 5, "it was kept"
    await back.stop()


async def test_a_fault_that_is_not_the_stores_is_not_laid_at_its_door(tmp_path: Path) -> None:
    run = Run(tmp_path)
    await run.stop()
    each, *others = run.planned
    wrong = replace(each, setup=replace(each.setup, priority={"Tamper_Alarm": ["simulated"]}))
    loaded = config.load(tmp_path / "config.yaml")
    store = Store.open(loaded.store_path, list(points.all_points().values()))
    audit = Audit()
    access = Access(loaded.config.access, audit)
    with pytest.raises(ValueError, match="no source of this meter gives it"):
        restore.meters(loaded, [wrong, *others], store, audit, access, {})
    await store.close()


async def test_the_memory_is_that_of_calculated_meters(tmp_path: Path) -> None:
    run = Run(tmp_path)
    await run.know(100 * KWH)
    (key,) = kept = restore.memory(run.planned)
    assert key == "calculated:net"
    assert json.loads(kept[key])["expression"] == "one"
    assert run.store.notes()[key] == kept[key]
    await run.stop()


async def test_commands_reach_the_meters(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.one.update(values({"Frequency": 50.0}), Instant.now())
    run.one.write("Sync_Clock", 1, Who("cli", "anna"), Instant.now())
    assert run.one.readings["Sync_Clock"].value == 1
    await run.stop()


async def test_an_index_that_was_changed_in_the_file_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = Run(tmp_path)
    await run.know(100 * KWH)
    await run.stop()
    with closing(sqlite3.connect(run.store.path)) as connection:
        connection.execute('UPDATE "index" SET total = total + 1000 WHERE meter = ?', ("one",))
        connection.commit()
    again = Run(tmp_path)
    assert again.events().count("index_altered") == 2  # import and export
    assert "event=index_altered meter=one" in caplog.text
    await again.know(100 * KWH + 1000)
    await again.stop()
    last = Run(tmp_path)
    assert last.events().count("index_altered") == 1, "what was counted on is signed anew"
    await last.stop()
