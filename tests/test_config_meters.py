"""The configuration file: what a meter has beside its first source, the store, who may write."""

from pathlib import Path

import pytest

from tooling.configs import GOOD, faults, load


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "    sources:\n      - simulated: {seed: 7}\n",
            "",
            "3:5: meter 'one' has either 'sources' or 'calculated'; write one of them",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    calculated: two",
            "3:5: meter 'one' has either 'sources' or 'calculated'; write one of them",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    priority: {Frequency: [simulatet]}",
            "5:28: no source of this meter is called 'simulatet'; did you mean 'simulated'?",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    cross_check: {sources: [simulated, meter]}",
            "5:40: no source of this meter is called 'meter'; known here: simulated",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    cross_check: {sources: [simulated, simulated]}",
            "5:18: meters.0.cross_check: source 'simulated' cannot check itself; name two sources",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    cross_check: {sources: [simulated]}",
            "5:28: meters.0.cross_check.sources: at least 2 entries should stand here, not ['sim",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    cross_check: {sources: [a, b], point: Frequency}",
            "5:43: meters.0.cross_check.point: input should be 'Active_Energy_Import', ",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    cross_check: {sources: [a, b], limit: 1.0}",
            "5:18: meters.0.cross_check: an alarm could never end: hysteresis must be below limit",
        ),
        (
            "- simulated: {seed: 7}",
            "- {name: 'a b', simulated: {seed: 7}}",
            "6:16: meters.0.sources.0.name: string should match pattern",
        ),
        (
            "- simulated: {seed: 7}",
            "- name: a",
            "6:9: meters.0.sources.0: a source has one kind with its settings below; ",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    priority: {Frequency: [simulated, simulated]}",
            "5:39: source 'simulated' stands twice here; remove one",
        ),
        # what a meter has beside its sources
        (
            "unit_id: 1",
            "unit_id: 1\n    return_after: -1",
            "5:19: meters.0.return_after: input should be greater than or equal to 0, not -1",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    initial_index: {Active_Energy_Import: -1}",
            "5:43: meters.0.initial_index.Active_Energy_Import: input should be greater than or "
            "equal to 0, not -1",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    initial_index: {Active_Energy_Import: '1'}",
            "5:43: meters.0.initial_index.Active_Energy_Import: input should be a valid number, "
            "not '1'",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    rating: {power: 0}",
            "5:21: meters.0.rating.power: input should be greater than 0, not 0",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    demand: {window: rolling}",
            "5:22: meters.0.demand.window: input should be 'sliding' or 'fixed', not 'rolling'",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    demand: {subinterval: 7}",
            "5:27: meters.0.demand.subinterval: input should be 1, 2, 3, ",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    alarms: {phase_los: {}}",
            "5:14: unknown key 'meters.0.alarms.phase_los'; did you mean 'phase_loss'?",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    alarms: {phase_loss: {below: 4}}",
            "5:34: meters.0.alarms.phase_loss.below: input should be greater than or equal to 5,",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    mid: {number: X}",
            "5:10: key 'meters.0.mid.expires' is missing; add it",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    mid: {number: X, expires: '2030-02-30'}",
            "5:31: meters.0.mid.expires: no day of the calendar; write it as YYYY-MM-DD",
        ),
        (
            "unit_id: 1",
            "unit_id: 1\n    sealed: 1",
            "5:13: meters.0.sealed: input should be a valid boolean, not 1",
        ),
        # the store and who may write
        (
            "site: Park",
            "site: Park\nstore: {commit: 0.5}",
            "2:17: store.commit: input should be greater than or equal to 1, not 0.5",
        ),
        (
            "site: Park",
            "site: Park\nstore: {sample: 5}",
            "2:17: store.sample: input should be greater than or equal to 10, not 5",
        ),
        (
            "site: Park",
            "site: Park\nstore: {retention: 0}",
            "2:20: store.retention: input should be greater than or equal to 1, not 0",
        ),
        (
            "site: Park",
            "site: Park\nstore: {file: x}",
            "2:9: unknown key 'store.file'; known here: path, commit, sample, retention",
        ),
        (
            "site: Park",
            "site: Park\naccess: {networks: [the office]}",
            "2:20: access.networks: 'the office' is no network; write it as 192.0.2.0/24",
        ),
        (
            "site: Park",
            "site: Park\naccess: {networks: [192.0.2.7/24]}",
            "2:20: access.networks: '192.0.2.7/24' has bits beyond its length; write 192.0.2.0/24",
        ),
        (
            "site: Park",
            "site: Park\naccess: {unlock: secret}",
            "2:18: access.unlock: not the hash of an unlock code, or the code itself; "
            "make one with 'submeter settings passwd'",
        ),
        (
            "site: Park",
            "site: Park\naccess: {networks: [192.0.2.0/24]}",
            "2:9: access: networks without an unlock code; add 'unlock' with the hash that "
            "'submeter settings passwd' prints, or 'unlock: none' to let them write without",
        ),
        (
            "site: Park",
            "site: Park\naccess: {networks: [0.0.0.0/0], unlock: none}",
            "2:9: access: everybody could write without a code; name smaller networks, "
            "or set 'unlock'",
        ),
        (
            "site: Park",
            "site: Park\naccess: {lease: 0}",
            "2:17: access.lease: input should be greater than or equal to 1, not 0",
        ),
        (
            "site: Park",
            "site: Park\naccess: {attempts: 0}",
            "2:20: access.attempts: input should be greater than or equal to 1, not 0",
        ),
        # calculated meters
        *(
            ("    sources:\n      - simulated: {seed: 7}\n", f"    calculated: {text}\n", expected)
            for text, expected in (
                (
                    "two -",
                    "5:17: a meter is missing after the last '-'",
                ),
                (
                    "two * 2",
                    "5:17: unknown operator '*'; there are + and -, with spaces round them",
                ),
                ("two - two", "5:17: meter 'two' stands twice; name every meter once"),
                (
                    "tow",
                    "5:17: meter 'one' is calculated from 'tow', which is no meter; "
                    "did you mean 'two'?",
                ),
                (
                    "one",
                    "5:17: meters are calculated from one another: one -> one; break the circle",
                ),
                ("''", "3:5: meter 'one' has either 'sources' or 'calculated'; write one of them"),
            )
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in GOOD
    found = faults(tmp_path, GOOD.replace(old, new, 1))
    assert any(fault.startswith(expected) for fault in found), found


def test_nothing_of_it_has_to_be_written(tmp_path: Path) -> None:
    loaded = load(tmp_path, GOOD)
    store, one = loaded.config.store, loaded.config.meters[0]
    assert (store.path, store.sample, store.retention) == ("data/submeter.db", 60, 100)
    assert loaded.store_path == tmp_path / "data" / "submeter.db"
    assert (one.calculated, one.priority, one.cross_check, one.mid) == (None, {}, None, None)
    assert (one.return_after, one.sealed, one.initial_index, one.settings) == (60, False, {}, {})
    assert (one.demand.window, one.demand.subinterval) == ("sliding", 1)
    assert loaded.config.access.networks == []


def test_a_store_elsewhere(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD, "store.path=/var/x.db").store_path == Path("/var/x.db")


def test_faults_of_calculations_are_told_together(tmp_path: Path) -> None:
    text = GOOD.replace("    sources:\n      - simulated: {seed: 7}\n", "    calculated: '-'\n")
    text = text.replace(
        "    sources:\n      - tic: {port: /dev/ttyUSB0}\n", "    calculated: one one\n"
    )
    assert faults(tmp_path, text) == [
        "5:17: an expression begins with a meter that is added, not with '-'",
        "8:17: an operator is missing between 'one' and 'one'; write + or -",
    ]


MID = "meters.{}.mid={{number: X, expires: '2034-12-31'}}"


@pytest.mark.parametrize(
    ("number", "override"),
    [
        (0, "site=simulated"),
        (1, "meters.1.sources.0.tic.port=replay:linky.tic"),
        (1, "meters.1.sources.0.tic.port=replay:linky.tic?speed=10"),
        (1, "meters.1.sources=[{tic: {port: /dev/a}}, {name: b, tic: {port: /dev/b}}]"),
        (1, "meters.1.sources=[{rp2040: {board: e66038b713000001}}]"),
        (1, "meters.1.sources=[{pulse: {board: {port: 'replay:x', input: 1}, weight: 1 Wh}}]"),
        (1, "meters.1.sources=[{pulse: {board: {port: 'simulated:pv', input: 1}, weight: 1 Wh}}]"),
    ],
)
def test_only_a_meter_of_one_instrument_has_a_certificate(
    tmp_path: Path, number: int, override: str
) -> None:
    (found,) = faults(tmp_path, GOOD, override, MID.format(number))
    assert found == (
        f"--set {MID.format(number)}: a certificate is that of one instrument: remove 'mid', or "
        f"give meter '{['one', 'two'][number]}' one source, which is neither simulated nor a "
        "recording nor clamps"
    )


def test_a_calculated_meter_has_no_certificate(tmp_path: Path) -> None:
    text = GOOD.replace(
        "    sources:\n      - simulated: {seed: 7}\n",
        "    calculated: two\n    mid: {number: X, expires: '2034-12-31'}\n",
    )
    (found,) = faults(tmp_path, text)
    assert found.startswith("6:5: a certificate is that of one instrument: ")


@pytest.mark.parametrize("port", ["/dev/ttyUSB0", "socket://192.0.2.7:10001"])
def test_an_instrument_may_have_a_certificate(tmp_path: Path, port: str) -> None:
    loaded = load(tmp_path, GOOD, f"meters.1.sources.0.tic.port={port}", MID.format(1))
    assert loaded.config.meters[1].mid


def test_two_meters_have_two_serial_addresses(tmp_path: Path) -> None:
    one, two = (f"meters.{n}.settings={{Modbus_Address: {a}}}" for n, a in ((0, 2), (1, 1)))
    (found,) = faults(tmp_path, GOOD, one)
    assert found == f"--set {one}: Modbus_Address 2 is that of meter 'two'; take another"
    assert load(tmp_path, GOOD, one, two), "changed about"
    same = two.replace("1}", "2}")
    assert len(faults(tmp_path, GOOD, one, same)) == 2


def test_two_sources_of_one_kind_have_names(tmp_path: Path) -> None:
    second = "- simulated: {seed: 7}\n      - {name: spare, simulated: {seed: 8}}"
    one = load(tmp_path, GOOD.replace("- simulated: {seed: 7}", second)).config.meters[0]
    assert [source.called for source in one.sources] == ["simulated", "spare"]
