"""The seal of a certified meter."""

from pathlib import Path

import pytest

from submeter import seal
from submeter.config import MeterEntry
from submeter.pointmap import folders
from submeter.sources.tic.settings import TicSettings
from tooling.configs import GOOD, load

MID = "meters.1.mid={number: LNE-1, expires: '2034-12-31'}"
OWN = "meters.1.sources.0.tic.maps={standard: mine}"


def entry(folder: Path, *overrides: str) -> MeterEntry:
    return load(folder, GOOD, *overrides).config.meters[1]


def own_map(folder: Path, old: str = "", new: str = "") -> tuple[Path]:
    """Write a map of the user's own, ours with `new` in the place of `old`; return its folder."""
    text = folders.find("sources", "tic-standard").read_text()
    assert old in text
    path = folder / "sources" / "mine.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace(old, new, 1) if old else text)
    return (folder,)


def test_a_meter_without_a_certificate_has_no_seal(tmp_path: Path) -> None:
    assert seal.inspect(entry(tmp_path), None) == (False, None)
    assert seal.inspect(entry(tmp_path), '{"certificate": "LNE-1"}') == (False, None)


def test_the_seal_is_set_when_a_certificate_is_first_named(tmp_path: Path) -> None:
    intact, note = seal.inspect(entry(tmp_path, MID), None)
    assert intact
    assert note
    assert seal.inspect(entry(tmp_path, MID), note) == (True, note), "and the next start keeps it"


@pytest.mark.parametrize(
    "override",
    [
        "meters.1.initial_index={Active_Energy_Import: 5}",
        "meters.1.rating={power: 36}",
        "meters.1.sealed=true",
        "meters.1.settings={CT_Primary_Rating: 100}",
        "meters.1.settings={CT_Secondary_Rating: 5}",
    ],
)
def test_what_moves_an_index_breaks_it_for_good(tmp_path: Path, override: str) -> None:
    _, note = seal.inspect(entry(tmp_path, MID), None)
    broken, after = seal.inspect(entry(tmp_path, MID, override), note)
    assert not broken
    undone, still = seal.inspect(entry(tmp_path, MID), after)
    assert not undone, "what is changed back was changed all the same"
    assert still == after


@pytest.mark.parametrize(
    "override",
    [
        "meters.1.name=uno",
        "meters.1.unit_id=9",
        "meters.1.settings={Demand_Interval: 30}",
        "meters.1.demand={window: fixed}",
        "meters.1.alarms={phase_loss: {below: 60}}",
        "meters.1.bacnet={instance_offset: 1000}",
        "site=Elsewhere",
        "meters.0.name=uno",
        "meters.1.priority={Active_Energy_Import: [tic]}",
        "meters.1.rating={current: 60}",
        "meters.1.sealed=false",
        "meters.1.sources.0.name=other",
        "meters.1.sources.0.tic.port=socket://192.0.2.7:10001",
        "meters.1.sources.0.tic.baudrate=9600",
        "meters.1.sources.0.tic.format=8N1",
        "meters.1.sources.0.tic.maps={historique: tic-historique}",
        "meters.1.sources.0.tic.options=[daily_peak]",
    ],
)
def test_what_moves_no_index_leaves_it_intact(tmp_path: Path, override: str) -> None:
    _, note = seal.inspect(entry(tmp_path, MID), None)
    assert seal.inspect(entry(tmp_path, MID, override), note) == (True, note)


def test_another_certificate_is_another_seal(tmp_path: Path) -> None:
    change = "meters.1.rating={power: 36}"
    _, note = seal.inspect(entry(tmp_path, MID), None)
    _, broken = seal.inspect(entry(tmp_path, MID, change), note)
    other = "meters.1.mid={number: LNE-2, expires: '2034-12-31'}"
    intact, _ = seal.inspect(entry(tmp_path, other, change), broken)
    assert intact


def test_a_longer_validity_is_the_same_certificate(tmp_path: Path) -> None:
    _, note = seal.inspect(entry(tmp_path, MID), None)
    longer = "meters.1.mid={number: LNE-1, expires: '2044-12-31'}"
    assert seal.inspect(entry(tmp_path, longer), note) == (True, note)


@pytest.mark.parametrize(
    ("old", "new", "intact"),
    [
        ("", "", True),
        ("Active_Energy_Import: [{label: EAST}]", "Active_Energy_Import: [{label: EAIT}]", False),
        ("Active_Energy_Export: [{label: EAIT}]", "Active_Energy_Export: [{label: EAST}]", False),
        ("EAST: {digits: [9], unit: Wh}", "EAST: {digits: [9], unit: kWh}", False),
        ("largest_power: 50000", "largest_power: 60000", False),
        ("identity: ADSC", "identity: PRM", False),
        ("  Energy_Direction: [{label: STGE, bit: 9}]\n", "", True),
        ("max_age: 20", "max_age: 30", True),
        ("# TIC has no watts", "# There are no watts", True),
    ],
)
def test_an_edited_map_breaks_it_if_it_makes_another_index(
    tmp_path: Path, old: str, new: str, intact: bool
) -> None:
    meter = entry(tmp_path, MID, OWN)
    _, note = seal.inspect(meter, None, own_map(tmp_path / "a"))
    assert seal.inspect(meter, note, own_map(tmp_path / "b", old, new))[0] is intact


def test_a_map_is_its_content_whatever_its_name(tmp_path: Path) -> None:
    _, note = seal.inspect(entry(tmp_path, MID), None)
    meter = entry(tmp_path, MID, OWN)
    assert seal.inspect(meter, note, own_map(tmp_path / "a")) == (True, note)


def test_a_key_of_a_later_version_breaks_no_seal(
    tmp_path: Path,
) -> None:
    class Later(TicSettings):
        patience: int = 3

    meter = entry(tmp_path, MID)
    _, note = seal.inspect(meter, None)
    (source,) = meter.sources

    def later(patience: int) -> MeterEntry:
        changed = source.model_copy(update={"tic": Later(port="/dev/ttyUSB0", patience=patience)})
        return meter.model_copy(update={"sources": [changed]})

    assert seal.inspect(later(3), note) == (True, note)
    assert not seal.inspect(later(4), note)[0], "nobody knows yet what that does"


OBIS = """\
title: made up
document: none
max_age: 60
identity: serial
objects:
  serial: {obis: 0-0:96.1.0, text: true}
  in: {obis: 1.8.0, unit: Wh}
  out: {obis: 2.8.0, unit: Wh}
options: {turned: what flows out is counted}
points:
  Active_Energy_Import: [{label: out, option: turned}, {label: in}]
  Active_Energy_Import_T1: [{label: in}]
  Voltage_L1_N: [{label: in, unit: V}]
"""
PUSH = "meters.1.sources=[{dlms: {port: 'socket://192.0.2.7:1', map: mine}}]"


def obis_map(folder: Path, text: str = OBIS) -> tuple[Path]:
    path = folder / "sources" / "mine.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return (folder,)


def test_an_option_that_turns_an_index_breaks_the_seal_of_any_kind_of_source(
    tmp_path: Path,
) -> None:
    own = obis_map(tmp_path)
    _, note = seal.inspect(entry(tmp_path, MID, PUSH), None, own)
    option = "meters.1.sources.0.dlms.options=[turned]"
    intact, _ = seal.inspect(entry(tmp_path, MID, PUSH, option), note, own)
    assert not intact


def test_a_tariff_index_is_sealed_too_and_a_new_one_breaks_nothing(tmp_path: Path) -> None:
    own = obis_map(tmp_path)
    _, note = seal.inspect(entry(tmp_path, MID, PUSH), None, own)
    more = OBIS.replace("  Voltage", "  Active_Energy_Import_T2: [{label: out}]\n  Voltage")
    own = obis_map(tmp_path / "second", more)
    intact, note = seal.inspect(entry(tmp_path, MID, PUSH), note, own)
    assert intact
    own = obis_map(tmp_path / "third", more.replace("T1: [{label: in}]", "T1: [{label: out}]"))
    intact, _ = seal.inspect(entry(tmp_path, MID, PUSH), note, own)
    assert not intact


def test_a_later_version_breaks_no_seal(tmp_path: Path) -> None:
    """A certified Linky was sealed with this digest once: it stands in stores."""
    digest = "8065b15d82507f4f674f145fc654d01136487f5d5270a31920298544d9943542"
    assert seal.fingerprint(entry(tmp_path)).whole == digest


@pytest.mark.parametrize("key", ["timezone=Europe/Paris", "check_counter=false", "baudrate=9600"])
def test_how_a_meter_is_heard_moves_no_index(tmp_path: Path, key: str) -> None:
    own = obis_map(tmp_path)
    _, note = seal.inspect(entry(tmp_path, MID, PUSH), None, own)
    intact, _ = seal.inspect(
        entry(tmp_path, MID, PUSH, f"meters.1.sources.0.dlms.{key}"), note, own
    )
    assert intact


def test_another_address_is_another_register(tmp_path: Path) -> None:
    line = "meters.1.sources=[{mbus: {port: 'socket://192.0.2.7:1', map: mbus-heat, address: %d}}]"
    _, note = seal.inspect(entry(tmp_path, MID, line % 5), None)
    assert seal.inspect(entry(tmp_path, MID, line % 5), note)[0]
    assert not seal.inspect(entry(tmp_path, MID, line % 6), note)[0]
