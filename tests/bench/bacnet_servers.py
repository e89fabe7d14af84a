"""The BACnet/IP servers that are compared, each in a process of its own: ours and two others.

Run as a module with the name of a server and a port, this file is that server. Each serves the
inputs of one meter under the standard map; told so, it changes them all the time.
"""

import asyncio
import importlib.util
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from submeter import event_loop
from submeter.bacnet.face import BacnetFace
from submeter.bacnet.outside import Outside, ServedMeter
from submeter.bacnet.settings import BacnetSettings, MeterInBacnet
from submeter.meter.access import Access
from submeter.meter.access_settings import AccessSettings
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter, values
from tooling.bacnet_site import STANDARD, whole_meter
from tooling.free_port import free_udp_port

from .bacnet_load import INPUTS

OURS, OURS_FAST, STOCK, RUST = "submeter", "submeter, uvloop", "bacpypes3", "rusty-bacnet"
HOST = "127.0.0.1"
OFFSET = 1000
CORES = sorted(os.sched_getaffinity(0))
CHANGING = "changing"
_MODULE = f"{__package__}.{Path(__file__).stem}"
_POWERS = tuple(f"Active_Power_{name}" for name in ("Total", "L1", "L2", "L3"))
_AT_ONCE = 5  # rounds of changes before others have their turn


def names() -> list[str]:
    """Return the servers that there are on this machine."""
    there = {OURS_FAST: "uvloop", RUST: "rusty_bacnet"}
    return [
        name
        for name in (OURS, OURS_FAST, STOCK, RUST)
        if name not in there or importlib.util.find_spec(there[name])
    ]


@dataclass(frozen=True)
class Server:
    """A server that runs at `place`."""

    place: tuple[str, int]
    pid: int

    @property
    def cpu(self) -> float:
        """The seconds that it has worked so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def server(name: str, *what: str) -> Iterator[Server]:
    """Run the server `name` on the first core; hand it over once it serves."""
    port = free_udp_port()
    command = [sys.executable, "-m", _MODULE, name, str(port), *what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        os.sched_setaffinity(process.pid, {CORES[0]})
        try:
            assert process.stdout
            if process.stdout.readline().strip() != "ready":
                sys.exit(f"the server {name} did not start")
            yield Server((HOST, port), process.pid)
        finally:
            process.kill()


def face(meters: int, port: int, made: Callable[[], Meter]) -> BacnetFace:
    """Return our face with so many meters that `made` returns, in one device."""
    served = [
        ServedMeter(
            made(), STANDARD, MeterInBacnet(instance_offset=OFFSET * n, name_prefix=f"{n}-")
        )
        for n in range(meters)
    ]
    settings = BacnetSettings(address=f"{HOST}/8", port=port, device_id=4000)
    return BacnetFace(settings, served, Outside(site="bench", audit=Audit()))


def new_meter() -> Meter:
    """Return a meter that knows its readings."""
    audit = Audit()
    return whole_meter(audit, Access(AccessSettings(), audit))


async def _submeter(port: int, changing: bool) -> None:
    meter = new_meter()
    await face(1, port, lambda: meter).start()
    turn = 0

    def change() -> None:
        nonlocal turn
        turn += 1
        numbers = {name: 10.0 + place + turn % 2 * 5 for place, name in enumerate(_POWERS)}
        meter.update(values(numbers), Instant.now())

    await _serve(change if changing else None)


async def _bacpypes3(port: int, changing: bool) -> None:
    from bacpypes3.primitivedata import ObjectIdentifier

    from .bacnet_stock import application

    app = application(f"{HOST}/8:{port}", 1)
    inputs = [
        app.get_object_id(ObjectIdentifier(("analogInput", number)))
        for number in INPUTS[: len(_POWERS)]
    ]
    turn = 0

    def change() -> None:
        nonlocal turn
        turn += 1
        for place, each in enumerate(inputs):
            each.presentValue = 10.0 + place + turn % 2 * 5

    await _serve(change if changing else None)


async def _rusty_bacnet(port: int, changing: bool) -> None:
    import rusty_bacnet

    broadcast = "127.255.255.255"
    server = rusty_bacnet.BACnetServer(
        1, "peer", interface=HOST, port=port, broadcast_address=broadcast
    )
    for number in INPUTS:
        server.add_analog_input(number, f"input {number}", units=48, present_value=12.5)
    await server.start()
    await _serve(None)


async def _serve(change: Callable[[], None] | None) -> None:
    await asyncio.sleep(0.5)
    print("ready", flush=True)
    if change is None:
        await asyncio.Event().wait()
        return
    while True:
        for _ in range(_AT_ONCE):
            change()
        await asyncio.sleep(0)


_SERVERS: dict[str, Callable[[int, bool], Awaitable[None]]] = {
    OURS: _submeter,
    OURS_FAST: _submeter,
    STOCK: _bacpypes3,
    RUST: _rusty_bacnet,
}


if __name__ == "__main__":
    own, given, *more = sys.argv[1:]
    run = _SERVERS[own](int(given), CHANGING in more)
    event_loop.run(run, fast=own == OURS_FAST)  # type: ignore[arg-type]
