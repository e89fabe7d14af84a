"""Meters of one M-Bus line that feed several submeters, and two that answer at one address."""

from pathlib import Path

import pytest

from bacnet.client import ACCUMULATOR, ANALOG_INPUT
from submeter.errors import Condition
from submeter.sources.mbus.address import Secondary
from tooling import mbus_records as made
from tooling.clients import spoken
from tooling.instruments import UNKNOWN, Site
from tooling.mbus_bus import Bus, Slave, in_thread, over_pty
from tooling.program import COMMAND, eventually

ELECTRICITY = Secondary("12345678", "ABB", 2, 2)
WATER = Secondary("20000001", "KAM", 1, 7)
HEAT = Secondary("30000001", "SIE", 1, 4)
ONE, TWO = Secondary("40000001", "ABB", 2, 2), Secondary("40000002", "ABB", 2, 2)
POWER, HEAT_ENERGY, VOLUME, FLOW = 40001, 31397, 31405, 31537
HEAT_OBJECT, VOLUME_OBJECT, FLOW_OBJECT = 35, 37, 319


def slaves() -> list[Slave]:
    power = made.dib(made.INTEGERS[4]) + made.vib(0x2B) + made.integer(2893, 4)
    litres = made.dib(made.INTEGERS[4]) + made.vib(0x13) + made.integer(1_234_567, 4)
    flow = made.dib(made.INTEGERS[4]) + made.vib(0x3B) + made.integer(1250, 4)
    kilowatthours = made.dib(made.INTEGERS[4]) + made.vib(0x06) + made.integer(98_765, 4)
    return [
        Slave(5, ELECTRICITY, [made.energy(4_408_736) + power]),
        Slave(6, WATER, [litres, flow]),
        Slave(7, HEAT, [kilowatthours]),
        Slave(9, ONE, [made.energy(1)]),
        Slave(9, TWO, [made.energy(2_000_002)]),
    ]


def test_one_line(tmp_path: Path) -> None:
    bus = Bus(slaves())
    with in_thread(bus) as number:
        wanted = {
            "flat": {"address": 5, "map": "mbus-electricity"},
            "water": {"address": str(WATER), "map": "mbus-water"},
            "heat": {"address": 7, "map": "mbus-heat"},
            "twins": {"address": 9, "map": "mbus-electricity"},
            "swapped": {"address": 5, "map": "mbus-electricity", "meter": str(ONE)},
        }
        port = f"socket://127.0.0.1:{number}"
        rest = {"port": port, "period": 1, "timeout": 0.1, "retries": 0, "baudrate": 38400}
        site = Site(
            tmp_path, 64, {name: [{"mbus": {**rest, **own}}] for name, own in wanted.items()}
        )
        with site.running() as program:
            see_values(site)
            see_troubles(site)
            see_silence(site, bus)
            assert program.stop() == 0


def see_values(site: Site) -> None:
    eventually(lambda: UNKNOWN not in (site.exact("flat"), site.exact("water", VOLUME)))
    eventually(lambda: site.exact("heat", HEAT_ENERGY) != UNKNOWN)
    assert site.exact("flat") == 4_408_736
    assert site.number("flat", POWER) == pytest.approx(2.893)
    assert site.exact("water", VOLUME) == 1_234_567_000
    assert site.number("water", FLOW) == pytest.approx(1.25)
    assert site.exact("heat", HEAT_ENERGY) == 98_765_000
    assert site.present("flat", ACCUMULATOR, 1) == 4408
    assert site.present("water", ACCUMULATOR, VOLUME_OBJECT) == 1234
    assert site.present("water", ANALOG_INPUT, FLOW_OBJECT) == pytest.approx(1.25)
    assert site.present("heat", ACCUMULATOR, HEAT_OBJECT) == 98_765
    assert site.lacks("flat", ACCUMULATOR, VOLUME_OBJECT)
    assert site.lacks("water", ACCUMULATOR, HEAT_OBJECT)
    assert site.exact("flat", VOLUME) == UNKNOWN
    text = site.explained("water", "Volume")
    assert "label:   volume = 1234567" in text, text
    assert "mbus-water.yaml:" in text
    assert "31405, int64 in mL, function 4" in text
    assert "device 4000, accumulator 1037, water.Volume in m3" in text


def see_troubles(site: Site) -> None:
    site.becomes("twins", Condition.COLLISION)
    site.becomes("swapped", Condition.OTHER_METER)
    shown = site.shown()
    assert shown["twins/mbus"].startswith("collision"), shown
    assert shown["swapped/mbus"].startswith("other meter"), shown
    assert site.exact("twins") == UNKNOWN
    assert site.exact("swapped") == UNKNOWN
    assert site.condition("flat") is Condition.ONLINE


def see_silence(site: Site, bus: Bus) -> None:
    bus.silent = True
    site.becomes("heat", Condition.SILENT)
    assert site.exact("heat", HEAT_ENERGY) in (98_765_000, UNKNOWN)
    bus.silent = False
    site.becomes("heat", Condition.ONLINE)


async def test_a_scan() -> None:
    async with over_pty(Bus(slaves()[:3])) as node:
        words = [*COMMAND, "probe", "--mbus", "--secondary", "--baudrate", "38400", str(node)]
        status, output, complaint = await spoken(words)
    assert status == 0, complaint
    for meter in (ELECTRICITY, WATER, HEAT):
        assert str(meter) in output, output
