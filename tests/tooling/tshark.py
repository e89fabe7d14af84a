"""What tshark, the dissector of Wireshark, finds wrong in BACnet/IP packets that a test kept."""

import shutil
import socket
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

Place = tuple[str, int]
WARNING = 0x600000
"""The severity of an expert remark from which on a packet counts as wrong."""
_RAW_IP = 101  # the link type: packets begin with their IPv4 header
_MAGIC, _LONGEST = 0xA1B2C3D4, 65535
_PATIENCE = 60.0


class Packet(NamedTuple):
    """One datagram; `at` is the time in s."""

    at: float
    source: Place
    target: Place
    data: bytes


def missing() -> str | None:
    """Return why tshark cannot be asked, None if it can."""
    return None if shutil.which("tshark") else "tshark is not installed: apt-get install tshark"


def write_pcap(path: Path, packets: Sequence[Packet]) -> Path:
    """Write `packets` to a capture file, as if they had been seen on a wire."""
    head = struct.pack(">IHHiIII", _MAGIC, 2, 4, 0, 0, _LONGEST, _RAW_IP)
    path.write_bytes(head + b"".join(map(_record, packets)))
    return path


def complaints(path: Path, ports: Sequence[int]) -> list[str]:
    """Return a line for each packet that is malformed or draws a warning, and says why.

    `ports` are those that BACnet/IP is spoken on.
    """
    wrong = f"_ws.malformed || _ws.expert.severity >= {WARNING}"
    return _tshark(path, ports, wrong, "frame.number", "_ws.expert.message", "_ws.col.Info")


def not_bacnet(path: Path, ports: Sequence[int]) -> list[str]:
    """Return a line for each packet that tshark does not take for BACnet at all."""
    return _tshark(path, ports, "!bvlc || data", "frame.number", "_ws.col.Info")


def seen(path: Path, ports: Sequence[int], field: str) -> set[str]:
    """Return the values of a field, such as bacapp.confirmed_service, over all packets."""
    lines = _tshark(path, ports, field, field)
    return {value for line in lines for value in line.split(",")}


def _tshark(path: Path, ports: Sequence[int], only: str, *fields: str) -> list[str]:
    words = ["tshark", "-r", str(path), "-Y", only, "-T", "fields"]
    for port in ports:
        words += ["-d", f"udp.port=={port},bvlc"]
    for field in fields:
        words += ["-e", field]
    done = subprocess.run(words, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    if done.returncode:
        raise AssertionError(f"tshark ended with {done.returncode}: {done.stderr}")
    return done.stdout.splitlines()


def _record(packet: Packet) -> bytes:
    data = packet.data
    ports = packet.source[1], packet.target[1]
    udp = struct.pack(">HHHH", *ports, 8 + len(data), 0) + data  # 0: no checksum (RFC 768)
    hosts = socket.inet_aton(packet.source[0]), socket.inet_aton(packet.target[0])
    ip = struct.pack(">BBHIBBH", 0x45, 0, 20 + len(udp), 0, 64, 17, 0) + b"".join(hosts) + udp
    seconds, rest = divmod(packet.at, 1.0)
    return struct.pack(">IIII", int(seconds), int(rest * 1e6), len(ip), len(ip)) + ip
