"""BAC0 finds the device by broadcast and makes its list of points, in a network of its own.

It is built on bacpypes3, which knows of no other network than that of a real interface.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from submeter.pointmap import meter_map
from tooling import client_environment, clients, netns
from tooling.netns import CLIENT_HOST, DEVICE_HOST
from tooling.program import running, write

obstacle = netns.obstacle()
pytestmark = [
    client_environment.INSTALLING,
    pytest.mark.skipif(obstacle is not None, reason=str(obstacle)),
]

BAC0 = ("BAC0==2026.7.25", "bacpypes3==0.0.110")
DEVICE_ID, NOBODY = 4000, 999
KILOWATTS = 48
SHOWN = ("analog-input", "analog-output", "binary-input", "binary-output", "multi-state-value")


async def test_bac0_lists_every_point(tmp_path: Path) -> None:
    found = await talk(client_environment.python(*BAC0), tmp_path)
    assert found["devices"] == [[DEVICE_ID, NOBODY]]
    assert found["name"] == "Active_Power_Total"
    assert found["several"][0] == "Active_Power_Total"
    assert found["several"][2] == KILOWATTS
    served = meter_map.load("standard").serving(())
    wanted = {e.name for e in served.objects if e.object in SHOWN}
    assert not wanted - set(found["points"])
    assert 200 < found["values"]["Voltage_L1_N"] < 260
    assert found["values"]["Demand_Interval"] == 15.0
    assert found["units"]["Voltage_L1_N"] == "volts"


async def talk(client: list[str], folder: Path) -> Any:
    """Return what the client's script found of the program."""
    path = write(
        folder / "config.yaml",
        f"""
        site: Park
        store: {{path: {folder / "submeter.db"}}}
        meters:
          - name: main
            unit_id: 1
            sources: [{{simulated: {{seed: 7}}}}]
        bacnet: {{address: {DEVICE_HOST}/24, device_id: {DEVICE_ID}}}
        """,
    )
    with netns.pair() as (device, outside):
        words = [*outside.inside, *client, str(clients.SCRIPTS / "bac0_points.py")]
        arguments = f"{CLIENT_HOST}/24", DEVICE_HOST, str(DEVICE_ID), "Voltage_L1_N,Demand_Interval"
        with running(path, folder / "log", before=device.inside):
            status, output, complaint = await clients.spoken([*words, *arguments])
    assert status == 0, complaint
    return json.loads(output.strip().splitlines()[-1])
