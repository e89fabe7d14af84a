"""What must not be forgotten: pulses, the accounts of a PME-PMI, the counter of an E450."""

import os
import signal
import time
from pathlib import Path

from bacnet.client import ACCUMULATOR
from submeter.errors import Condition
from submeter.sources.tic.decoder import Mode
from tooling import board
from tooling.dlms_pusher import Meter
from tooling.instruments import UNKNOWN, Adapter, Site, Sources
from tooling.instruments_dlms import key_file, push, pushed_until
from tooling.instruments_tic import still
from tooling.program import PATIENCE, eventually
from tooling.tic_emitter import TicEmitter
from tooling.tic_pme_pmi import NIGHT, PmePmi

VOLUME, VOLUME_OBJECT = 31405, 37
HOUR, SOME = 3600, 160  # s, for 90 and 4 kWh


class Board(Adapter):
    """A board with two inputs, and what they counted since its reset."""

    boot, electricity, water = "a", 7, 3

    def tell(self) -> None:
        """Send the record of a second."""
        self.say(board.record(self.boot, self.electricity, self.water))


def test_counts_outlive_a_crash(tmp_path: Path) -> None:
    pmi = PmePmi()
    pmi.run(HOUR)
    emitter = TicEmitter(still(pmi, Mode.PME_PMI), 1200, pause=0.1, link=tmp_path / "pmi")
    e450 = Meter()
    first = push(e450)
    with Board(tmp_path / "board") as counter, emitter, Adapter(tmp_path / "e450") as pushes:
        electricity = {"board": {"port": counter.node, "input": 1}, "weight": "1000 imp/kWh"}
        water = {"board": {"port": counter.node, "input": 2}, "weight": "10 L", "point": "Volume"}
        sources: Sources = {
            "factory": [{"tic": {"port": emitter.node, "baudrate": 1200}}],
            "flat": [{"pulse": {**electricity, "initial": 1234.5}}],
            "garden": [{"pulse": water}],
            "e450": [{"dlms": {"port": pushes.node, "keys": key_file(tmp_path)}}],
        }
        site = Site(tmp_path, 63, sources)
        with site.running() as program:
            see_pulses(site, counter)
            see_accounts(site, emitter, pmi)
            pushed_until(lambda: site.exact("e450") > 0, pushes, lambda: push(e450))
            before = site.exact("factory")
            time.sleep(1.2)  # a commit
            os.kill(program.process.pid, signal.SIGKILL)
            program.process.wait(PATIENCE)
        counter.electricity += 5  # while nobody looks
        pmi.next_period()
        pmi.run(SOME)
        emitter.model = still(pmi, Mode.PME_PMI)
        with site.running() as program:
            see_pulses_again(site, counter)
            pushes.say(first)
            eventually(lambda: site.exact("factory") == before + 4000)
            site.becomes("e450", Condition.REPLAYED)
            assert site.exact("e450") == UNKNOWN, "what it said once is not said again"
            pushes.say(push(e450))
            site.becomes("e450", Condition.ONLINE)
            assert site.exact("e450") == 4_408_736
            assert program.stop() == 0


def count(site: Site, counter: Board, electricity: int, water: int) -> None:
    """See both counts on Modbus, in Wh and mL."""

    def seen() -> bool:
        counter.tell()
        time.sleep(0.1)
        return site.exact("flat") == electricity and site.exact("garden", VOLUME) == water

    eventually(seen, 6)


def see_pulses(site: Site, counter: Board) -> None:
    count(site, counter, 1_234_500, 0)
    counter.electricity += 1501
    counter.water += 123
    count(site, counter, 1_236_001, 1_230_000)
    assert site.present("flat", ACCUMULATOR, 1) == 1236
    assert site.present("garden", ACCUMULATOR, VOLUME_OBJECT) == 1
    assert site.lacks("flat", ACCUMULATOR, VOLUME_OBJECT)
    assert site.exact("flat", VOLUME) == UNKNOWN
    text = site.explained("garden", "Volume")
    assert "label:   pulses = 123 x 10 L" in text, text
    assert "31405, int64 in mL, function 4" in text
    counter.unplug()
    site.agrees(garden=Condition.NO_DEVICE, flat=Condition.NO_DEVICE)
    counter.plug()
    counter.boot, counter.electricity, counter.water = "b", 2, 1  # it had no power
    count(site, counter, 1_236_003, 1_240_000)


def see_pulses_again(site: Site, counter: Board) -> None:
    count(site, counter, 1_236_008, 1_240_000)


def see_accounts(site: Site, emitter: TicEmitter, pmi: PmePmi) -> None:
    """Each tariff counts for itself; the index is the sum of all."""
    eventually(lambda: site.exact("factory") != UNKNOWN)
    start = site.exact("factory")
    pmi.tariff = NIGHT
    emitter.model = still(pmi, Mode.PME_PMI)
    sent = emitter.sent
    eventually(lambda: emitter.sent > sent + 2)
    pmi.run(SOME)
    emitter.model = still(pmi, Mode.PME_PMI)
    eventually(lambda: site.exact("factory") == start + 4000)
    text = site.explained("factory", "Active_Energy_Import")
    assert "tic-pme-pmi.yaml:" in text
    assert "label:   EAP_s = 4" in text, text
