"""A storm of broadcasts: the device answers within its budget, and Modbus goes on."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bacnet.client import frame, read
from tooling.bacnet_requests import EVERYBODY, others, who_is
from tooling.free_port import free_port, free_udp_port
from tooling.modbus_client import Poller
from tooling.program import Program, eventually, loopback, running, write

SECONDS = 2.0
BURST, EACH_SECOND = 42, 20  # of one device on its wire
# The same question is not answered twice within a moment; these differ.
WHO_IS = [frame(who_is(low), npci=b"\x01\x00") for low in range(100)]
READ = frame(b"\x00\x05\x01\x0c" + read(0, 1, 85))
GLOBAL_WHO_IS = [frame(who_is(low), 0x0B, EVERYBODY) for low in range(100)]
STORM = [request.datagram for request in others()]


class Flood:
    """Sends packets as fast as it can from a thread, and counts the I-Am that come back.

    Half of them go to the device alone, half to everybody.
    """

    def __init__(self, packets: list[bytes], target: tuple[str, int]) -> None:
        self.sent = 0
        self.heard = 0
        self._packets = packets
        self._targets = target, ("127.255.255.255", target[1])
        self._over = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._socket.setblocking(False)
        self._socket.bind((loopback(31), 0))
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Flood":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        time.sleep(0.2)
        self._count()
        self._socket.close()

    def _run(self) -> None:
        while not self._over.is_set():
            for _ in range(100):
                packet = self._packets[self.sent // 2 % len(self._packets)]
                self._socket.sendto(packet, self._targets[self.sent % 2])
                self.sent += 1
            self._count()
            time.sleep(0.002)  # some 30 000 a second, and one core is left for the others

    def _count(self) -> None:
        while True:
            try:
                self.heard += self._socket.recv(2048)[6:8] == b"\x10\x00"
            except BlockingIOError:
                return


@contextmanager
def site(folder: Path) -> Iterator[tuple[Program, int, tuple[str, int]]]:
    """Run the program with both faces; hand over its port of Modbus and its place in BACnet."""
    modbus, place = free_port(), (loopback(30), free_udp_port())
    config = write(
        folder / "config.yaml",
        f"""
        site: Park
        store: {{path: {folder / "submeter.db"}}}
        meters:
          - name: main
            unit_id: 1
            sources: [{{simulated: {{seed: 7}}}}]
        modbus: {{tcp: {{host: 127.0.0.1, port: {modbus}}}}}
        bacnet: {{address: {place[0]}/8, port: {place[1]}, device_id: 4000}}
        """,
    )
    with running(config, folder / "log") as program:
        yield program, modbus, place


@pytest.mark.parametrize("packets", [WHO_IS + GLOBAL_WHO_IS, STORM], ids=["who", "mix"])
def test_a_storm(
    packets: list[bytes], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with site(tmp_path) as (program, modbus, place), Poller(modbus) as poller:
        eventually(lambda: poller.bit(1, 1001))
        began = time.monotonic()
        with Flood(packets, place) as flood:
            took = polls(poller, SECONDS)
        lasted = time.monotonic() - began
        assert flood.sent > 1000
        assert BURST <= flood.heard <= BURST + EACH_SECOND * lasted + 2
        assert len(took) > 20, "Modbus has stopped"
        p99 = sorted(took)[len(took) * 99 // 100] * 1000
        record_property("modbus_p99_ms", p99)
        print(f"sent {flood.sent}, I-Am {flood.heard}, Modbus p99 {p99:.1f} ms")
        assert answers(place), "BACnet reads are answered again"
        assert program.process.poll() is None
    assert "Traceback" not in program.log
    assert program.log.count("\n") < 30, program.log


def polls(poller: Poller, seconds: float) -> list[float]:
    """Return how long each poll of Modbus took meanwhile."""
    took = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        assert 200 < poller.value(1, 40021) < 260
        took.append(time.monotonic() - began)
    return took


def answers(place: tuple[str, int]) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(2.0)
        asking.sendto(READ, place)
        return asking.recv(2048)[6:7] == b"\x30"
