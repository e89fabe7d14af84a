"""Meters that are asked: two with optical heads, a PZEM, and five on one M-Bus line."""

from pathlib import Path

import pytest

from bacnet.client import ACCUMULATOR, ANALOG_INPUT
from submeter.errors import Condition
from tooling.clients import spoken
from tooling.dlms_meter import DlmsMeter
from tooling.iec_meter import IecMeter
from tooling.instruments import UNKNOWN, Settings, Site, Sources
from tooling.instruments_mbus import ELECTRICITY, HEAT, ONE, WATER, slaves
from tooling.mbus_bus import Bus, in_thread, over_pty
from tooling.program import COMMAND, eventually
from tooling.pty_meter import PtyMeter
from tooling.pzem import Pzem, on_a_pty

POWER, VOLTAGE = 40001, 40021
POWER_KNOWN = 1005
HEAT_ENERGY, VOLUME, FLOW = 31397, 31405, 31537
HEAT_OBJECT, VOLUME_OBJECT, FLOW_OBJECT = 35, 37, 319


def test_asked(tmp_path: Path) -> None:
    text, behind = IecMeter(), DlmsMeter()
    head = PtyMeter(lambda data: head.say(behind.answer(data)))
    with (
        text.port,
        head,
        on_a_pty(Pzem(), Pzem(unit=2, energy=77)) as line,
        in_thread(Bus(slaves())) as number,
    ):
        optical = {"period": 5, "timezone": "Europe/Zurich"}
        e350 = {"port": text.port.node, "map": "e350-text", "pause": 0.2}
        pzem = {"port": line, "map": "pzem-004t", "period": 1, "timeout": 0.3}
        sources: Sources = {
            "e350": [{"optical": {**optical, **e350, "mode": "text"}}],
            "e650": [{"optical": {**optical, "port": head.node, "mode": "hdlc"}}],
            "old": [{"modbus": {**pzem, "unit": 1}}],
            "missing": [{"modbus": {**pzem, "unit": 3}}],
            **on_the_bus(f"socket://127.0.0.1:{number}"),
        }
        site = Site(tmp_path, 65, sources)
        with site.running() as program:
            see_modbus(site)
            see_mbus(site)
            see_collision(site)
            see_dlms(site)
            see_text(site)
            assert program.stop() == 0
    assert [speed for _, speed in text.heard[:2]] == [300, 300], "it changes once it is told to"


def on_the_bus(port: str) -> Sources:
    wanted: dict[str, Settings] = {
        "flat": {"address": 5, "map": "mbus-electricity"},
        "water": {"address": str(WATER), "map": "mbus-water"},
        "heat": {"address": 7, "map": "mbus-heat"},
        "twins": {"address": 9, "map": "mbus-electricity"},
        "swapped": {"address": 5, "map": "mbus-electricity", "meter": str(ONE)},
    }
    rest = {"port": port, "period": 1, "timeout": 0.1, "retries": 0, "baudrate": 38400}
    return {name: [{"mbus": {**rest, **own}}] for name, own in wanted.items()}


def see_text(site: Site) -> None:
    eventually(lambda: site.exact("e350") != UNKNOWN)
    assert site.exact("e350") == 1_234_567
    assert site.bit("e350", POWER_KNOWN)
    assert site.number("e350", VOLTAGE) == 229
    assert site.number("e350", POWER) == pytest.approx(-0.512)
    assert site.present("e350", ANALOG_INPUT, 1) == pytest.approx(-0.512)
    told = site.explained("e350", "Voltage_L1_N")
    assert "229 V" in told, told
    assert "e350-text.yaml:" in told


def see_dlms(site: Site) -> None:
    eventually(lambda: site.exact("e650") != UNKNOWN)
    assert site.exact("e650") == 4_408_736
    assert site.number("e650", POWER) == pytest.approx(2.893)
    assert site.present("e650", ANALOG_INPUT, 7) == pytest.approx(234.5)
    told = site.explained("e650", "Voltage_L1_N")
    assert "label:   32.7.0 = 2345e-1 V" in told, told
    assert "40021, float32 in V, function 3" in told


def see_modbus(site: Site) -> None:
    eventually(lambda: site.exact("old") != UNKNOWN)
    assert site.exact("old") == 123_456
    assert site.present("old", ACCUMULATOR, 1) == 123
    assert site.present("old", ANALOG_INPUT, 7) == pytest.approx(230.1)
    told = site.explained("old", "Voltage_L1_N")
    assert "pzem-004t.yaml" in told, told
    site.becomes("missing", Condition.SILENT)
    assert site.lacks("old", ACCUMULATOR, 11)


def see_mbus(site: Site) -> None:
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
    assert "label:   volume = 1234567 x 1/1000 m3" in text, text
    assert "mbus-water.yaml:" in text
    assert "31405, int64 in mL, function 4" in text
    assert "device 4000, accumulator 5037, water.Volume in m3" in text


def see_collision(site: Site) -> None:
    wrong = {"twins": Condition.COLLISION, "swapped": Condition.OTHER_METER}
    site.agrees(flat=Condition.ONLINE, **wrong)
    shown = site.shown()
    assert shown["twins/mbus"].startswith("collision"), shown
    assert shown["swapped/mbus"].startswith("other meter"), shown
    assert site.exact("twins") == UNKNOWN
    assert site.exact("swapped") == UNKNOWN


async def test_a_scan() -> None:
    async with over_pty(Bus(slaves()[:3])) as node:
        words = [*COMMAND, "probe", "--mbus", "--secondary", "--baudrate", "38400", str(node)]
        status, output, complaint = await spoken(words)
    assert status == 0, complaint
    for meter in (ELECTRICITY, WATER, HEAT):
        assert str(meter) in output, output
