"""The command-line tools of bacnet-stack, where they are found on PATH, on a network of their own.

Each is skipped by its name otherwise. `bacepics` comes closest to a public checker of conformance.
"""

import shutil
import subprocess
from collections.abc import Iterator

import pytest

from submeter.pointmap import meter_map
from tooling import netns
from tooling.netns import CABLE, CLIENT_HOST, DEVICE_HOST, Space
from tooling.program import running, write

obstacle = netns.obstacle()
pytestmark = pytest.mark.skipif(obstacle is not None, reason=str(obstacle))

DEVICE_ID = 4000
PATIENCE = 60.0  # s; some tools wait a while for more answers
DEMAND_INTERVAL = "1 3 85"
REAL, NULL = 4, 0


def needs(tool: str) -> pytest.MarkDecorator:
    """Skip a test by the name of the tool that is not there."""
    return pytest.mark.skipif(not shutil.which(tool), reason=f"{tool} is not on PATH")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    """The namespace of the tools, beside that of a program that may be written to."""
    folder = tmp_path_factory.mktemp("tools")
    config = write(
        folder / "config.yaml",
        f"""
        site: Park
        store: {{path: {folder / "submeter.db"}}}
        access: {{networks: [{CLIENT_HOST}/32], unlock: none}}
        meters:
          - name: main
            unit_id: 1
            sources: [{{simulated: {{seed: 7}}}}]
        bacnet: {{address: {DEVICE_HOST}/24, device_id: {DEVICE_ID}}}
        """,
    )
    with (
        netns.pair() as (device, outside),
        running(config, folder / "log", before=device.inside) as program,
    ):
        yield outside
        assert "Traceback" not in program.log


def say(client: Space, words: str, status: int = 0) -> str:
    """Return what a tool says."""
    done = subprocess.run(
        [*client.inside, "env", f"BACNET_IFACE={CABLE}", *words.split()],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == status, said
    return said


@needs("bacwi")
def test_bacwi(client: Space) -> None:
    assert str(DEVICE_ID) in say(client, "bacwi -1")


@needs("bacwh")
def test_bacwh(client: Space) -> None:
    assert "Frequency" in say(client, "bacwh Frequency")


@needs("bacrp")
def test_bacrp(client: Space) -> None:
    assert "Active_Power_Total" in say(client, f"bacrp {DEVICE_ID} 0 1 77")
    assert "15.0" in say(client, f"bacrp {DEVICE_ID} {DEMAND_INTERVAL}")


@needs("bacrpm")
def test_bacrpm(client: Space) -> None:
    said = say(client, f"bacrpm {DEVICE_ID} 0 1 all")
    assert "Active_Power_Total" in said
    assert "kilowatts" in said


@needs("bacwp")
def test_bacwp(client: Space) -> None:
    assert "denied" in say(client, f"bacwp {DEVICE_ID} 0 1 85 8 -1 {REAL} 5.0", 1)
    say(client, f"bacwp {DEVICE_ID} {DEMAND_INTERVAL} 8 -1 {REAL} 30.0")
    say(client, f"bacwp {DEVICE_ID} {DEMAND_INTERVAL} 8 -1 {NULL} 0")


@needs("bacscov")
def test_bacscov(client: Space) -> None:
    said = say(client, f"bacscov {DEVICE_ID} 0 1 1 unconfirmed 5")
    assert "present-value" in said


@needs("bacwir")
def test_bacwir(client: Space) -> None:
    """There is no router: nobody answers, and the tool does not mind."""
    say(client, "bacwir -1")


@needs("bacrr")
def test_bacrr(client: Space) -> None:
    say(client, f"bacrr {DEVICE_ID} 20 1 131 1 1 5")


@needs("bacepics")
def test_bacepics(client: Space) -> None:
    said = say(client, f"bacepics -v {DEVICE_ID}")
    for entry in meter_map.load("standard").objects:
        assert entry.name in said
    for complaint in ("abort", "reject", "error"):
        assert complaint not in said.lower(), complaint
