"""Boards of a configuration: whose they are, and whether their ports are free."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from submeter import busy_ports, config, plan
from submeter.errors import ConfigError
from submeter.sources.board import found
from tooling.pty_pair import pty_pair

UID = "e66038b713952a2f"
CLAMP = {"clamp": {"current": 50}}


@contextmanager
def boards(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """Give two nodes, of which the first is the board UID."""
    (folder / "by-id").mkdir()
    monkeypatch.setattr(found, "BY_ID", folder / "by-id")
    monkeypatch.setattr(found, "TERMINALS", folder / "tty")
    with pty_pair() as (near, far):
        (folder / "by-id" / f"usb-MicroPython_{UID.upper()}-if00").symlink_to(near)
        yield near, far


def made(folder: Path, *sources: dict[str, Any]) -> config.Loaded:
    """Return a configuration with a meter for each source."""
    meters = [
        {"name": f"m{number}", "unit_id": number, "sources": [source]}
        for number, source in enumerate(sources, 1)
    ]
    content = {"site": "Park", "modbus": {"tcp": {}}, "meters": meters}
    path = folder / "config.yaml"
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return config.load(path)


def clamps(**keys: Any) -> dict[str, Any]:
    return {"rp2040": {**CLAMP, **keys}}


def refused(loaded: config.Loaded) -> str:
    with pytest.raises(ConfigError) as caught:
        plan.make(loaded)
    (fault,) = caught.value.faults
    return fault


def test_one_board_by_two_names_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with boards(tmp_path, monkeypatch) as (near, far):
        same = [clamps(board=UID), clamps(board=UID.upper(), port=near, clamps={"L1": 2})]
        one, two = plan.make(made(tmp_path, *same))
        assert one.sources["rp2040"]._ears[""].board is two.sources["rp2040"]._ears[""].board  # type: ignore[attr-defined]
        nameless = made(tmp_path, clamps(board=UID), clamps(port=near))
        told = f"{near} is that of board {UID} for another meter; name the same 'board'"
        assert refused(nameless).endswith(told)
        taken = made(tmp_path, {"tic": {"port": near}}, clamps(board=UID))
        assert refused(taken).endswith(f"board:{UID} feeds meter 'm1' already; name another port")
        three = {"L1": {"board": UID}, "L2": {"port": far}, "L3": {"port": near}}
        alone = {**three, "L3": {"port": near, "board": UID}}
        assert "name the same 'board'" in refused(made(tmp_path, clamps(boards=three)))
        assert "each of the 'boards' is another one" in _unread(tmp_path, clamps(boards=alone))


def _unread(folder: Path, source: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        made(folder, source)
    return str(caught.value)


def test_two_phases_have_two_boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with boards(tmp_path, monkeypatch) as (near, far):
        (tmp_path / "link").symlink_to(near)
        ports = {"L1": near, "L2": far, "L3": str(tmp_path / "link")}
        three = {phase: {"port": port} for phase, port in ports.items()}
        told = "this board is that of another phase already; name another"
        assert refused(made(tmp_path, clamps(boards=three))).endswith(told)


def test_boards_that_another_program_has_stop_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse = {"pulse": {"board": {"port": f"board:{UID.upper()}", "input": 1}, "weight": "1 Wh"}}
    with boards(tmp_path, monkeypatch) as (near, far):
        three = {"L1": {"board": UID.upper()}, "L2": {"port": far}, "L3": {"port": "socket://a:1"}}
        cases = [
            (clamps(board=UID.upper()), 1),
            (clamps(board=UID, port=near), 1),
            (clamps(boards=three), 2),
            (clamps(port=f"board:{UID}"), 1),
            (pulse, 1),
            (clamps(port="simulated:steady"), 0),
        ]
        for source, busy in cases:
            loaded = made(tmp_path, source)
            busy_ports.prove(loaded)
            held = [os.open(each, os.O_RDWR | os.O_NOCTTY) for each in (near, far)]
            for each in held:
                fcntl.flock(each, fcntl.LOCK_EX)
            faults: tuple[str, ...] = ()
            try:
                busy_ports.prove(loaded)
            except ConfigError as error:
                faults = tuple(error.faults)
            for each in held:
                os.close(each)
            assert len(faults) == busy, source
            assert all("another program" in fault for fault in faults)


DISAGREE = [
    ({"voltage": {"mains": 110, "volts": 0.5}, "clamps": {"L1": 2}},
     "another meter of the board has 0.75 V of 230 V; make both the same"),
    ({"voltage_at": "L2", "clamps": {"L1": 2}},
     "another meter has the voltage of the board at L1; make both agree"),
    ({"voltage_at": "L2", "clamps": {"L2": 2, "L3": 3}},
     "another meter has the voltage of the board at L1; make both agree"),
    ({"clamp": {"current": 100}},
     "another meter has clamp 1 of the board at 50 A for each V, and this one at 100 A; make both"),
    ({"order": [3, 0, 1, 2], "clamps": {"L1": 2}}, "meter of the board has another 'order'"),
    ({"pins": [2], "clamps": {"L1": 2}}, "meter of the board has another 'pins'"),
]  # fmt: skip
FIRST = {"port": "simulated:steady", "order": [0, 1, 2, 3], "pins": [2, 4]}


@pytest.mark.parametrize(("keys", "told"), DISAGREE)
def test_meters_of_a_board_agree(tmp_path: Path, keys: dict[str, Any], told: str) -> None:
    other = clamps(**{"port": "simulated:steady", **keys})
    fault = refused(made(tmp_path, clamps(**FIRST), other))
    assert told in fault
    key = next(iter(keys))
    if key in ("voltage", "voltage_at", "clamp"):
        text = (tmp_path / "config.yaml").read_text().splitlines()
        line = int(fault.split(":")[1])
        assert f'"{key}"' in text[line - 1]


def test_the_phase_of_a_single_load_is_a_name(tmp_path: Path) -> None:
    port = {"port": "simulated:steady"}
    same = [
        clamps(**FIRST),
        clamps(**port, voltage_at="L2", clamps={"L2": 2}),
        clamps(**port, clamps={"L1": 3}, clamp={"current": 20}),
    ]
    assert len(plan.make(made(tmp_path, *same))) == 3
    phases = clamps(**port, voltage_at="L1", clamps={"L1": 1, "L3": 3})
    assert "at L2; make both agree" in refused(made(tmp_path, *same[:2], phases))
    assert "at L1; make both agree" in refused(made(tmp_path, phases, same[1]))


def test_one_rating_may_be_written_in_two_ways(tmp_path: Path) -> None:
    loaded = made(tmp_path, clamps(port="simulated:steady"))
    data = loaded.document.data
    second = {"name": "m2", "unit_id": 2, "sources": [{"rp2040": {"port": "simulated:steady"}}]}
    for rating, agrees in ((50, True), (60, False)):
        both = [*data["meters"], {**second, "settings": {"CT_Primary_Rating": rating}}]
        loaded.path.write_text(json.dumps({**data, "meters": both}, indent=1), encoding="utf-8")
        if agrees:
            assert len(plan.make(config.load(loaded.path))) == 2
        else:
            assert "at 50 A for each V, and this one at 60 A" in refused(config.load(loaded.path))
