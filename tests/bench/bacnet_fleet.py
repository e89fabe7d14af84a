"""A hundred meters on BACnet: to build and start them, what they weigh, and what an update costs.

Run as a module with the name of ours or of bacpypes3, this file measures one of them and prints
it as JSON.
"""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from submeter.meter.instant import Instant
from submeter.meter.meter import Listener, Meter
from submeter.meter.point import Point
from submeter.meter.reading import Quality, Reading
from tooling.bacnet_site import STANDARD
from tooling.free_port import free_udp_port
from tooling.program import loopback, running, write
from tooling.resources import resident

from .bacnet_servers import HOST, OURS, STOCK, face, new_meter

METERS = 100
POINTS = 53
SECONDS = 5
_MODULE = f"{__package__}.{Path(__file__).stem}"


def measure(name: str) -> dict[str, float]:
    """Return what `name` takes, measured in a process of its own."""
    command = [sys.executable, "-m", _MODULE, name]
    found: dict[str, float] = json.loads(subprocess.check_output(command, text=True))
    return found


def program_start() -> float:
    """Return the seconds from the start of the program with METERS meters to its ready line."""
    meters = "\n".join(
        f"  - {{name: meter-{n}, unit_id: {n + 1}, sources: [{{simulated: {{seed: {n}}}}}], "
        f"bacnet: {{instance_offset: {1000 * n}, name_prefix: '{n}-'}}}}"
        for n in range(METERS)
    )
    with TemporaryDirectory() as name:
        folder = Path(name)
        config = write(
            folder / "config.yaml",
            f"site: bench\nstore: {{path: {folder / 'submeter.db'}}}\nmeters:\n{meters}\n"
            f"bacnet: {{address: {loopback(1)}/8, port: {free_udp_port()}, device_id: 4000}}\n",
        )
        began = time.perf_counter()
        with running(config, folder / "log"):
            return time.perf_counter() - began


class _Told(Meter):
    """A meter whose listeners the measurement itself tells, with nothing of a meter's own work."""

    def __init__(self) -> None:
        self.__dict__ = new_meter().__dict__
        self.heard: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        self.heard.append(listener)
        listener(self.readings)


async def _ours() -> dict[str, float]:
    told = [_Told() for _ in range(METERS)]  # what a meter itself takes is not the face's
    ready = iter(told)
    before, began = resident(), time.perf_counter()
    built = face(METERS, free_udp_port(), lambda: next(ready))
    await built.start()
    took, grown = time.perf_counter() - began, resident() - before
    objects = sum(len(host.table) for host in built.hosts)
    updates = [_update(told, second) for second in range(SECONDS)]
    await built.stop()
    return {"start": took, "bytes": grown / objects, "objects": objects, "update": min(updates)}


def _update(meters: list[_Told], second: int) -> float:
    """Let each meter say POINTS new values; return the seconds that the face takes."""
    at = Instant.now()
    points = [point for point in STANDARD.points if not point.states][:POINTS]
    states = [point for point in STANDARD.points if point.states][: POINTS - len(points)]
    changed = {p.name: Reading(10.0 + second, Quality.MEASURED, at) for p in points}
    changed |= {p.name: Reading(_state(p, second), Quality.MEASURED, at) for p in states}
    began = time.perf_counter()
    for meter in meters:
        for listener in meter.heard:
            listener(changed)
    return time.perf_counter() - began


def _state(point: Point, second: int) -> int:
    return list(point.states)[second % 2]


async def _stock() -> dict[str, float]:
    from .bacnet_stock import application

    before, began = resident(), time.perf_counter()
    app = application(f"{HOST}/8:{free_udp_port()}", METERS)
    took, grown = time.perf_counter() - began, resident() - before
    await asyncio.sleep(0.5)  # it opens its sockets when it likes
    objects = list(app.iter_objects())
    inputs = [each for each in objects if str(each.objectType) == "analog-input"]
    updates = []
    for second in range(SECONDS):
        began = time.perf_counter()
        for number in range(METERS * POINTS):
            inputs[number % len(inputs)].presentValue = 10.0 + second
        updates.append(time.perf_counter() - began)
    app.close()
    return {
        "start": took,
        "bytes": grown / len(objects),
        "objects": len(objects),
        "update": min(updates),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run({OURS: _ours, STOCK: _stock}[sys.argv[1]]())))
