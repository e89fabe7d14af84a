"""The program on a real subnet: broadcasts, a second instance, an interface that goes and comes."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tooling import netns
from tooling.clients import SCRIPTS
from tooling.netns import (
    CABLE,
    CLIENT_HOST,
    DEVICE_HOST,
    EVERYWHERE,
    OTHER_HOST,
    SUBNET_BROADCAST,
    Space,
)
from tooling.program import CHECKOUT, COMMAND, Program, running, write

pytest.importorskip("rusty_bacnet")
obstacle = netns.obstacle()
pytestmark = pytest.mark.skipif(obstacle is not None, reason=str(obstacle))

DEVICE_ID, OTHER_ID = 4000, 4001
PORT = 47808  # a namespace has its own
FIRST_INPUT = "Active_Power_Total"
PATIENCE = 20.0  # s

Spaces = tuple[Space, Space]


@pytest.fixture(scope="module")
def spaces() -> Iterator[Spaces]:
    with netns.pair() as (device, client):
        yield device, client


@contextmanager
def program(
    space: Space, folder: Path, host: str = DEVICE_HOST, number: int = DEVICE_ID, more: str = ""
) -> Iterator[Program]:
    """Run the program at `host` within `space`; `more` are other settings of BACnet."""
    path = config(folder, f"{host}/24", number, more)
    with running(path, folder / f"log-{number}", before=space.inside) as started:
        yield started


def config(folder: Path, address: str, number: int, more: str = "") -> Path:
    return write(
        folder / f"config-{number}.yaml",
        f"""
        site: Park
        store: {{path: {folder / f"{number}.db"}}}
        meters:
          - name: main
            unit_id: 1
            sources: [{{simulated: {{seed: 7}}}}]
        bacnet: {{address: {address}, port: {PORT}, device_id: {number}{more}}}
        """,
    )


def scan(
    client: Space, broadcast: str = SUBNET_BROADCAST, target: str = DEVICE_HOST
) -> dict[str, Any]:
    """Return what a client in the other namespace finds."""
    arguments = CLIENT_HOST, str(PORT), broadcast, f"{target}:{PORT}", FIRST_INPUT
    script = str(SCRIPTS / "rusty_scan.py")
    found: dict[str, Any] = json.loads(client.run(sys.executable, script, *arguments))
    return found


ONE = {"devices": [DEVICE_ID], "has": 1, "read": FIRST_INPUT}


def test_broadcasts_find_the_device(spaces: Spaces, tmp_path: Path) -> None:
    device, client = spaces
    with program(device, tmp_path):
        assert scan(client) == ONE
        assert scan(client, EVERYWHERE) == ONE


def test_two_programs_are_two_devices(spaces: Spaces, tmp_path: Path) -> None:
    device, client = spaces
    with program(device, tmp_path), program(device, tmp_path, OTHER_HOST, OTHER_ID):
        both = {"devices": [DEVICE_ID, OTHER_ID], "has": 2, "read": FIRST_INPUT}
        assert scan(client) == both
        assert scan(client, EVERYWHERE, OTHER_HOST) == both


def test_a_second_instance_fails_loudly(spaces: Spaces, tmp_path: Path) -> None:
    device, client = spaces
    with program(device, tmp_path) as first:
        other = config(tmp_path, f"{DEVICE_HOST}/24", OTHER_ID)
        said = refused(device, other)
        assert DEVICE_HOST in said
        assert str(PORT) in said
        assert scan(client) == ONE, "the first one still has its packets"
        assert first.stop() == 0


def test_a_wrong_address_fails_loudly(spaces: Spaces, tmp_path: Path) -> None:
    device, _ = spaces
    assert "10.99.0.77" in refused(device, config(tmp_path, "10.99.0.77/24", DEVICE_ID))
    assert "bms9" in refused(device, config(tmp_path, "bms9", DEVICE_ID))


def refused(space: Space, path: Path) -> str:
    """Return the one line with which the program ends."""
    done = subprocess.run(
        [*space.inside, *COMMAND, "run", str(path)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if "event=" not in line]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_the_name_of_an_interface_is_enough(spaces: Spaces, tmp_path: Path) -> None:
    device, client = spaces
    with running(config(tmp_path, CABLE, DEVICE_ID), tmp_path / "log", before=device.inside):
        assert scan(client) == ONE


def test_an_interface_that_goes_down_and_up(spaces: Spaces, tmp_path: Path) -> None:
    device, client = spaces
    with program(device, tmp_path) as running_program:
        assert scan(client) == ONE
        device.ip(f"link set {CABLE} down")
        assert scan(client)["read"] != FIRST_INPUT
        device.ip(f"link set {CABLE} up")
        device.ip(f"route replace default dev {CABLE}")
        assert comes_back(client)
        assert running_program.process.poll() is None
        assert "Traceback" not in running_program.log


def test_an_address_that_goes_and_comes(spaces: Spaces, tmp_path: Path) -> None:
    device, client = spaces
    with program(device, tmp_path) as running_program:
        device.ip(f"addr del {DEVICE_HOST}/24 dev {CABLE}")
        assert scan(client)["read"] != FIRST_INPUT
        for host in (DEVICE_HOST, OTHER_HOST):  # the second one went with the first
            device.ip(f"addr add {host}/24 brd + dev {CABLE}")
        device.ip(f"route replace default dev {CABLE}")
        assert comes_back(client)
        assert running_program.process.poll() is None
        assert "Traceback" not in running_program.log


def comes_back(client: Space) -> bool:
    """Tell whether the device answers again within the time that it may take."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if scan(client) == ONE:
            return True
    return False


def test_a_virtual_network_is_found(spaces: Spaces, tmp_path: Path) -> None:
    """The devices behind the router answer a Who-Is for all networks, and one for this one."""
    device, client = spaces
    path = write(
        tmp_path / "network.yaml",
        f"""
        site: Park
        store: {{path: {tmp_path / "network.db"}}}
        meters:
          - name: one
            unit_id: 1
            sources: [{{simulated: {{seed: 7}}}}]
            bacnet: {{device_id: 5001}}
          - name: two
            unit_id: 2
            sources: [{{simulated: {{seed: 8}}}}]
            bacnet: {{device_id: 5002}}
        bacnet:
          address: {DEVICE_HOST}/24
          device_id: {DEVICE_ID}
          layout: network
          network_number: 2001
        """,
    )
    with running(path, tmp_path / "log", before=device.inside):
        assert scan(client)["devices"] == [DEVICE_ID, 5001, 5002]


def test_a_device_for_each_address(spaces: Spaces, tmp_path: Path) -> None:
    device, client = spaces
    path = write(
        tmp_path / "addresses.yaml",
        f"""
        site: Park
        store: {{path: {tmp_path / "addresses.db"}}}
        meters:
          - name: one
            unit_id: 1
            sources: [{{simulated: {{seed: 7}}}}]
            bacnet: {{device_id: 5001, address: {DEVICE_HOST}/24}}
          - name: two
            unit_id: 2
            sources: [{{simulated: {{seed: 8}}}}]
            bacnet: {{device_id: 5002, address: {OTHER_HOST}/24}}
        bacnet: {{layout: ip_per_meter}}
        """,
    )
    with running(path, tmp_path / "log", before=device.inside):
        assert scan(client)["devices"] == [5001, 5002]
        assert scan(client, target=OTHER_HOST)["read"] == FIRST_INPUT
