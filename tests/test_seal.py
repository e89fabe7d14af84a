"""The seal of a certified meter."""

from pathlib import Path

import pytest

from submeter import seal
from submeter.config import MeterEntry
from tooling.configs import GOOD, load

MID = "meters.0.mid={number: LNE-1, expires: '2034-12-31'}"


def entry(folder: Path, *overrides: str) -> MeterEntry:
    return load(folder, GOOD, *overrides).config.meters[0]


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
        "meters.0.sources.0.simulated.seed=8",
        "meters.0.sources.0.name=other",
        "meters.0.sources=[{simulated: {seed: 7}}, {name: b, simulated: {}}]",
        "meters.0.priority={Frequency: [simulated]}",
        "meters.0.initial_index={Active_Energy_Import: 5}",
        "meters.0.rating={power: 36}",
        "meters.0.sealed=true",
        "meters.0.settings={CT_Primary_Rating: 100}",
        "meters.0.settings={CT_Secondary_Rating: 5}",
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
        "meters.0.name=uno",
        "meters.0.unit_id=9",
        "meters.0.settings={Demand_Interval: 30}",
        "meters.0.demand={window: fixed}",
        "meters.0.alarms={phase_loss: {below: 60}}",
        "meters.0.bacnet={instance_offset: 1000}",
        "site=Elsewhere",
        "meters.1.name=due",
    ],
)
def test_what_moves_no_index_leaves_it_intact(tmp_path: Path, override: str) -> None:
    _, note = seal.inspect(entry(tmp_path, MID), None)
    assert seal.inspect(entry(tmp_path, MID, override), note) == (True, note)


def test_another_certificate_is_another_seal(tmp_path: Path) -> None:
    change = "meters.0.rating={power: 36}"
    _, note = seal.inspect(entry(tmp_path, MID), None)
    _, broken = seal.inspect(entry(tmp_path, MID, change), note)
    other = "meters.0.mid={number: LNE-2, expires: '2034-12-31'}"
    intact, _ = seal.inspect(entry(tmp_path, other, change), broken)
    assert intact


def test_a_longer_validity_is_the_same_certificate(tmp_path: Path) -> None:
    _, note = seal.inspect(entry(tmp_path, MID), None)
    longer = "meters.0.mid={number: LNE-1, expires: '2044-12-31'}"
    assert seal.inspect(entry(tmp_path, longer), note) == (True, note)
