"""What `submeter check` says of clamps that cannot be so: one line, at its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from submeter import config, plan
from submeter.errors import ConfigError
from tooling.instruments import Settings

PORT = "simulated:steady"
SAME: Settings = {"port": PORT, "clamp": {"current": 50}}
BOARDS = {phase: {"port": f"{PORT}?uid=e660{n}"} for n, phase in enumerate(("L1", "L2", "L3"))}


def document(*sources: Settings) -> dict[str, Any]:
    """Return a configuration with a meter for each source."""
    meters = [
        {
            "name": f"meter-{number}",
            "unit_id": number,
            "bacnet": {"instance_offset": 1000 * number, "name_prefix": f"{number}."},
            "sources": [{"rp2040": source}],
        }
        for number, source in enumerate(sources, 1)
    ]
    return {"site": "Park", "meters": meters, "modbus": {"tcp": {"host": "127.0.0.1"}}}


def refused(folder: Path, content: dict[str, Any]) -> str:
    """Return the one line that says what is wrong."""
    path = folder / "config.yaml"
    path.write_text(json.dumps(content, indent=1))
    with pytest.raises(ConfigError) as caught:
        plan.make(config.load(path))
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(f"{path}:")
    return line


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clamp": {}}, "the rating of the clamps is missing: give it here as 'clamp: {current:"),
        ({"clmp": {}}, "unknown key 'meters.0.sources.0.rp2040.clmp'; did you mean 'clamp'?"),
        ({"clamp": {"current": 5, "volts": 3}}, "clamp.volts: input should be less than or equal"),
        ({"clamp": {"around_secondary": True}}, "a secondary has 'current', its own rating in A"),
        ({"clamp": {"current": 5, "around_secondary": True}}, "CT_Primary_Rating is missing in"),
        ({"clamps": {"L1": 4}}, "clamp 4 of L1 does not exist; 1 to 3"),
        ({"clamps": {"L1": 5}, "voltage": None}, "clamp 5 of L1 does not exist; 1 to 4"),
        ({"clamps": {"L1": 1, "L2": 1}}, "a clamp is around one conductor: each number once"),
        ({"clamps": {"N": 1}}, "'clamps' has at least one of L1, L2 and L3"),
        ({"clamps": {"L4": 1}}, "input should be 'L1', 'L2', 'L3' or 'N', not 'L4'"),
        ({"frequency": 55}, "input should be 50 or 60, not 55"),
        ({"boards": BOARDS}, "'boards' stands alone: remove 'board', 'port' and 'clamps'"),
        ({"port": "COM3"}, "rfc2217://host:port, replay:FILE, board:UID or simulated:PROFILE"),
        ({"board": 5044340310815419}, "the number of a board is a text: put it in quotes"),
        ({"port": "simulated:steadi"}, "is no simulated board; write simulated:household"),
        ({"port": "/dev/ttyACM77"}, "there is no /dev/ttyACM77; plug the adapter in"),
        ({"port": None, "board": "e6603"}, "no board e6603 at any USB port; plug it in, or see"),
        ({"port": None}, "'board' is missing, the unique number that `submeter probe PORT` tells"),
    ],
)
def test_one_meter(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    source = {key: value for key, value in {**SAME, **change}.items() if value or key != "port"}
    assert message in refused(tmp_path, document(source))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clamps": {"L1": 2, "L2": 1}}, "another meter has clamp 1 of the board at another phase"),
        ({"voltage": None}, "another meter has the board with a voltage, and this one without"),
        ({"frequency": 60}, "another meter of the board is for another frequency of the mains"),
        ({"board": "e6601"}, "is that of a board without a number for another meter; name the"),
    ],
)
def test_two_meters_of_one_board(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    assert message in refused(tmp_path, document(SAME, {**SAME, **change}))


def test_a_board_is_of_one_phase(tmp_path: Path) -> None:
    two = {"boards": {**BOARDS, "L3": BOARDS["L1"]}, "clamp": {"current": 50}}
    message = "each of the 'boards' is another one: each has its own voltage"
    assert message in refused(tmp_path, document(two))


def test_the_port_of_a_board_is_for_boards(tmp_path: Path) -> None:
    content = document(SAME, SAME)
    content["meters"][1]["sources"] = [{"tic": {"port": PORT}}]
    message = f"{PORT} feeds meter 'meter-1' already; name another port"
    assert message in refused(tmp_path, content)
