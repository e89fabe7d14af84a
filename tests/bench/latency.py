"""The time from the last byte of a TIC frame to its value being readable over Modbus."""

import os
import struct
import sys
import time
import tty
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from tooling.modbus_client import Poller
from tooling.program import free_port, running, write
from tooling.tic import Linky

FRAMES = 200
APPARENT_POWER = 40011  # of the frame itself; an index waits for the frame after it


def run() -> None:
    """Print the delay of many frames, and that of a Modbus poll alone as the yardstick."""
    print(f"TIC to Modbus, {FRAMES} frames of a three-phase Linky on a pseudo-terminal")
    master, slave = os.openpty()
    tty.setraw(slave)
    port = free_port()
    with TemporaryDirectory() as folder:
        config = write(
            Path(folder) / "config.yaml",
            f"""
            site: bench
            meters:
              - name: linky
                unit_id: 1
                sources: [{{tic: {{port: {os.ttyname(slave)}, baudrate: 9600, format: 8N1}}}}]
            modbus: {{tcp: {{host: 127.0.0.1, port: {port}}}}}
            """,
        )
        with running(config, Path(folder) / "log"), Poller(port) as poller:
            delays, polls = _measure(master, poller)
    os.close(master)
    os.close(slave)
    _row("last byte to readable", delays)
    _row("one poll, for comparison", polls)
    print(f"  ratio of the medians      {median(delays) / median(polls):.1f}")


def _measure(master: int, poller: Poller) -> tuple[list[float], list[float]]:
    """Send frames with another power each; poll until each is seen. All in ms."""
    linky = Linky(seed=3)
    delays: list[float] = []
    polls: list[float] = []
    while len(delays) < FRAMES:
        frame = linky.next_frame()
        power = int(frame.split(b"SINSTS\t")[1].split(b"\t")[0]) / 1000
        expected = struct.unpack(">f", struct.pack(">f", power))[0]
        before = poller.value(1, APPARENT_POWER)
        os.write(master, bytes(map(_with_parity, frame)))
        sent = time.perf_counter()
        if before == expected:
            time.sleep(0.02)
            continue
        while poller.value(1, APPARENT_POWER) != expected:
            if time.perf_counter() - sent > 5:
                sys.exit("a frame was never seen")
        delays.append((time.perf_counter() - sent) * 1000)
        began = time.perf_counter()
        poller.value(1, APPARENT_POWER)
        polls.append((time.perf_counter() - began) * 1000)
    return delays, polls


def _with_parity(byte: int) -> int:
    """Return `byte` with an even parity bit, as 7E1 looks to a port at 8N1."""
    return byte | (byte.bit_count() & 1) << 7


def _row(name: str, found: list[float]) -> None:
    ordered = sorted(found)
    p99 = ordered[len(ordered) * 99 // 100]
    print(f"  {name:24}  p50 {median(ordered):.2f} ms  p99 {p99:.2f} ms  max {ordered[-1]:.2f} ms")
