"""BACnet reads per second: ours, bacpypes3's own application, and a Rust stack where it installs.

Run as a script with the name of a server, this file is that server.
"""

import asyncio
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from submeter.bacnet.face import BacnetFace
from submeter.bacnet.settings import BacnetSettings, ServedMeter
from submeter.meter.instant import Instant
from submeter.meter.meter import values
from submeter.pointmap import meter_map
from tooling import meters

from .bacnet_load import Kind, Result, measure

HOST = "127.0.0.1"
SERVERS = {"submeter": 47831, "bacpypes3": 47832, "rusty-bacnet": 47833}
KINDS: dict[Kind, str] = {"rp": "ReadProperty", "rpm50": "ReadPropertyMultiple(50)"}
OUTSTANDING = (1, 8)
ROUNDS = 5
SECONDS = 0.5


def run() -> None:
    """Print a row for each server and service, and ours as a ratio to each of the others."""
    names = [name for name in SERVERS if name != "rusty-bacnet" or _rust()]
    print(f"BACnet/IP, present-value of an analog input, median of {ROUNDS} alternating runs")
    os.sched_setaffinity(0, {_cores()[-1]})
    with ExitStack() as servers:
        for name in names:
            servers.enter_context(_server(name))
        print("  service                   under way  server        reads/s   p50 ms   p99 ms  bad")
        for kind in KINDS:
            for outstanding in OUTSTANDING:
                _section(kind, outstanding, names)
    os.sched_setaffinity(0, set(_all_cores))


def _section(kind: Kind, outstanding: int, names: list[str]) -> None:
    found: dict[str, list[Result]] = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name in names:
            found[name].append(measure(HOST, SERVERS[name], SECONDS, kind, outstanding, 1))
    for name, results in found.items():
        rate, p50, p99 = (
            median(getattr(result, field) for result in results)
            for field in ("per_second", "p50_ms", "p99_ms")
        )
        bad = sum(result.errors + result.lost for result in results)
        ratio = ""
        if name != "submeter":
            pairs = zip(found["submeter"], results, strict=True)
            ratio = f"  submeter/{name} {median(a.per_second / b.per_second for a, b in pairs):.2f}"
        print(
            f"  {KINDS[kind]:24}  {outstanding:9}  {name:12}  {rate:7.0f}  {p50:7.3f}  {p99:7.3f}"
            f"  {bad:3}{ratio}"
        )


def _rust() -> bool:
    return importlib.util.find_spec("rusty_bacnet") is not None


_all_cores = sorted(os.sched_getaffinity(0))


def _cores() -> list[int]:
    return _all_cores


@contextmanager
def _server(name: str) -> Iterator[None]:
    """Run the server `name` on the first core until it has served."""
    command = [sys.executable, "-m", f"{__package__}.{Path(__file__).stem}", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        os.sched_setaffinity(process.pid, {_cores()[0]})
        try:
            assert process.stdout
            if process.stdout.readline().strip() != "ready":
                sys.exit(f"the server {name} did not start")
            yield
        finally:
            process.kill()


async def _submeter() -> None:
    standard = meter_map.load("standard")
    meter = meters.meter("bench", standard.points, ["Active_Power_Total"], 3600)
    meter.update(values({"Active_Power_Total": 12.5}), Instant.now())
    settings = BacnetSettings(f"{HOST}/8", 4000, "bench", SERVERS["submeter"])
    await BacnetFace(settings, [ServedMeter(meter, standard)]).start()
    await _ready()


async def _bacpypes3() -> None:
    from bacpypes3.app import Application
    from bacpypes3.local.analog import AnalogInputObject
    from bacpypes3.local.device import DeviceObject
    from bacpypes3.local.networkport import NetworkPortObject

    Application.from_object_list(
        [
            DeviceObject(objectIdentifier=("device", 1), objectName="peer"),
            NetworkPortObject(
                f"{HOST}/8:{SERVERS['bacpypes3']}",
                objectIdentifier=("networkPort", 1),
                objectName="port",
            ),
            AnalogInputObject(
                objectIdentifier=("analogInput", 1), objectName="one", presentValue=12.5
            ),
        ]
    )
    await _ready()


async def _rusty_bacnet() -> None:
    import rusty_bacnet

    server = rusty_bacnet.BACnetServer(
        1,
        "peer",
        interface=HOST,
        port=SERVERS["rusty-bacnet"],
        broadcast_address="127.255.255.255",
    )
    server.add_analog_input(1, "one", units=48, present_value=12.5)
    await server.start()
    await _ready()


async def _ready() -> None:
    await asyncio.sleep(0.5)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(globals()["_" + sys.argv[1].replace("-", "_")]())
