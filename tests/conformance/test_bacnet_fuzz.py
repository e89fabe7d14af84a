"""Damaged BACnet packets by the hundred thousand, with good reads in between.

Every good read is answered right, nothing is left behind, and no energy has moved.
"""

import asyncio
import gc
import logging
import socket
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from bacnet.client import read
from tooling import bacnet_fuzz, bacnet_site, tshark
from tooling.bacnet_fuzz import Damager
from tooling.bacnet_history import Samples
from tooling.bacnet_requests import PRESENT_VALUE
from tooling.bacnet_site import DEVICE_ID, OPEN, STANDARD, Site
from tooling.bacnet_talker import Talker
from tooling.fuzz import FRAMES, SEED
from tooling.program import loopback
from tooling.resources import open_files, resident
from tooling.tshark import Packet

AS_A_DEVICE, AS_A_BBMD, AS_A_ROUTER = (FRAMES * part // 100 for part in (50, 25, 25))
METER_ID = DEVICE_ID + 1
BBMD: dict[str, Any] = {"bbmd": {"peers": [], "foreign_devices": 4}}
ROUTER: dict[str, Any] = {
    "layout": "network",
    "network_number": 2001,
    "place": {"device_id": METER_ID},
}
CARRIERS, FORWARDED = (0x0A, 0x0B), 0x04
DESTINATION = 0x20  # in the control octet of an NPDU
LONGEST_ADDRESS = 6
TOGETHER = 20  # packets between two good reads
WARM = 10  # one part in so many is sent before memory is looked at
MOST_BLOCKS = 20_000  # of memory that Python has given out, more than before
LARGEST_GROWTH = 30_000_000  # bytes
MOST_LINES = 40  # of the log
JUDGED = 4000  # answers that tshark looks at
ENOUGH = 5.0  # s to wait for what must come
SUBSCRIPTIONS = 20
OVER = 5.0  # s in which what was begun is given up: segments, notifications

pytestmark = pytest.mark.timeout(120 + FRAMES // 500)


class Attacker:
    """Sends what is damaged from several addresses, and what is good from one of its own."""

    def __init__(self, site: Site, talker: Talker) -> None:
        self.answers: list[Packet] = []
        self._site = site
        self._talker = talker
        self._measured = [e for e in STANDARD.objects if e.point.group == "measurement"]
        self._sockets = [self._socket(octet) for octet in (11, 12, 13)]

    def close(self) -> None:
        for each in self._sockets:
            each.close()

    async def attack(self, damager: Damager, count: int) -> None:
        """Send `count` packets and read well after each few of them."""
        there = self._site.host, self._site.port
        for number in range(0, count, TOGETHER):
            packets = [damager.packet() for _ in range(TOGETHER)]
            try:
                for packet in packets:
                    damager.dice.choice(self._sockets).sendto(packet, there)
                await self._read(damager)
                self._drain()
            except BaseException as error:
                sent = " ".join(packet.hex() for packet in packets)
                error.add_note(f"seed {SEED}, packet {number}: {sent}")
                raise
        assert not self._site.moved

    async def _read(self, damager: Damager) -> None:
        """Read what only the instrument can move; a number of it is what was told."""
        entry = damager.dice.choice(self._measured)
        asked = read(*bacnet_site.number(entry), PRESENT_VALUE)
        answer = await self._talker.ask(12, asked, ENOUGH)
        number = bacnet_site.shown(entry, self._site.meter.readings[entry.point.name])
        if number is not None:
            tag, octets = answer[len(asked) + 4], answer[len(asked) + 5 : -1]
            assert answer[3 : 3 + len(asked)] == asked, answer.hex()
            real = tag == 0x44
            said = struct.unpack(">f", octets)[0] if real else int.from_bytes(octets)
            assert said == pytest.approx(number, rel=1e-6), entry.name

    def _drain(self) -> None:
        """Take what came back to the damaged ones: packets, each as long as it says."""
        for each in self._sockets:
            while True:
                try:
                    data, source = each.recvfrom(2048)
                except BlockingIOError:
                    break
                assert data[0] == 0x81, data.hex()
                assert int.from_bytes(data[2:4]) == len(data), data.hex()
                self.answers.append(Packet(0.0, source, each.getsockname(), data))
        del self.answers[:-JUDGED]

    def _socket(self, octet: int) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setblocking(False)
        made.bind((loopback(octet), 0))
        return made


@pytest.mark.parametrize(
    ("settings", "count"),
    [({}, AS_A_DEVICE), (BBMD, AS_A_BBMD), (ROUTER, AS_A_ROUTER)],
    ids=["device", "bbmd", "router"],
)
async def test_damaged_packets(
    settings: dict[str, Any], count: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "submeter")
    cov = {"subscriptions": SUBSCRIPTIONS, "of_one_client": SUBSCRIPTIONS}
    async with bacnet_site.served(OPEN, history=Samples(), cov=cov, **settings) as site:
        with Talker((site.host, site.port), loopback(10)) as talker:
            attacker = Attacker(site, talker)
            routed = settings is ROUTER
            await talker.find(METER_ID if routed else DEVICE_ID)
            assert bool(talker.far) is routed
            damager = Damager(SEED, bacnet_fuzz.seeds(talker.far))
            try:
                await attacker.attack(damager, count // WARM)
                before = await held(site, talker, attacker)
                await attacker.attack(damager, count - count // WARM)
                check_answers(attacker, site, tmp_path)
                await asyncio.sleep(OVER)
                check_growth(before, await held(site, talker, attacker))
            finally:
                attacker.close()
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert not errors, caplog.text[:4000]
    assert len(caplog.records) <= MOST_LINES, caplog.text[:4000]


async def held(site: Site, talker: Talker, attacker: Attacker) -> tuple[int, int, int, int]:
    """Return tasks, files, blocks and bytes, of the face alone."""
    for kept in (site.audit.take(), talker.packets, talker.notifications, attacker.answers):
        kept.clear()
    await asyncio.sleep(0)
    gc.collect()
    return len(asyncio.all_tasks()), open_files(), sys.getallocatedblocks(), resident()


def check_growth(before: tuple[int, ...], after: tuple[int, ...]) -> None:
    assert after[0] <= before[0], "tasks"
    assert after[1] == before[1], "open files"
    assert after[2] - before[2] < MOST_BLOCKS
    assert after[3] - before[3] < LARGEST_GROWTH


def check_answers(attacker: Attacker, site: Site, folder: Path) -> None:
    """Let tshark judge what was said to the damaged ones, if it is installed."""
    assert len(attacker.answers) > min(JUDGED, FRAMES // 20) // 2
    if tshark.missing() is None:
        own = [each for each in attacker.answers if _is_judged(each.data)]
        path = tshark.write_pcap(folder / "answers.pcap", own)
        for line in tshark.complaints(path, [site.port]):
            said = own[int(line.split("\t")[0]) - 1].data.hex()
            raise AssertionError(f"seed {SEED}: {line}: {said}")


def _is_judged(data: bytes) -> bool:
    """Tell whether a packet says what we say, in a form that tshark knows.

    What a BBMD forwards is what others said; and tshark knows no long addresses, while an answer
    goes to wherever a request said that it came from.
    """
    if data[1] not in CARRIERS:
        return data[1] != FORWARDED
    return not data[5] & DESTINATION or data[8] <= LONGEST_ADDRESS
