"""Meters that push DLMS through the whole program: a good day, and each bad one."""

import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from bacnet.client import ACCUMULATOR, ANALOG_INPUT
from submeter.errors import Condition
from submeter.sources.dlms.keys import Keys
from tooling.dlms_pusher import KEYS, Meter, in_blocks, in_frames, listed, paired
from tooling.instruments import EXPORT, UNKNOWN, Adapter, Site
from tooling.instruments_dlms import key_file, push, pushed_until
from tooling.program import eventually

POWER, VOLTAGE, T1 = 40001, 40021, 31301
POWER_KNOWN = 1005
MESSAGES = 20  # that prove what a meter does not have
IMPORTED = "1-0:1.8.0*255"
OTHERS = Keys(bytes(range(50, 66)), bytes(range(100, 116)))


def test_pushes(tmp_path: Path) -> None:
    keys = key_file(tmp_path)
    wanted = {
        "good": {"map": "obis-standard", "keys": keys},
        "strange": {"map": "obis-standard", "keys": keys},
        "keyless": {"map": "obis-standard"},
        "unfit": {"map": "obis-austria-positional"},
        "other": {"map": "obis-standard", "meter": "LGZ9999999999999"},
    }
    with ExitStack() as plugged:
        at = {name: plugged.enter_context(Adapter(tmp_path / name)) for name in wanted}
        entries = {
            name: [{"dlms": {"port": at[name].node, **more}}] for name, more in wanted.items()
        }
        site = Site(tmp_path, 62, entries)
        meter = Meter()
        first = in_blocks(meter.sealed(listed(meter)))
        with site.running() as program:
            see_values(site, at["good"], meter)
            see_replay(site, at["good"], meter, first)
            see_troubles(site, at)
            assert program.stop() == 0
            for key in (KEYS.encryption, KEYS.authentication or b"", OTHERS.encryption):
                assert key.hex() not in program.log.lower()


def see_values(site: Site, adapter: Adapter, meter: Meter) -> None:
    pushed_until(lambda: site.exact("good") != UNKNOWN, adapter, lambda: push(meter))
    assert site.exact("good") == 4_408_736
    assert site.exact("good", EXPORT) == 12_345
    for _ in range(MESSAGES):
        adapter.say(push(meter))
    # One of the rules for it is for meters with a sum of their own: this one has none.
    eventually(lambda: site.bit("good", POWER_KNOWN))
    assert site.number("good", POWER) == pytest.approx(2.893)
    assert site.number("good", VOLTAGE) == 231
    assert site.present("good", ACCUMULATOR, 1) == 4408
    assert site.present("good", ANALOG_INPUT, 7) == 231
    assert site.exact("good", T1) == UNKNOWN
    text = site.explained("good", "Active_Energy_Import")
    assert "label:   1.8.0 = 4408736" in text, text
    assert "obis-standard.yaml:" in text
    assert "30101, int64 in Wh, function 4" in text
    assert "device 4000, accumulator 1, good.Active_Energy_Import in kWh" in text
    assert "frame that it came from: " in text


def shows_on(site: Site, adapter: Adapter, meter: Meter) -> None:
    """Push twice: an index is believed once the next reading follows from it."""
    adapter.say(push(meter))
    adapter.say(push(meter))
    site.becomes("good", Condition.ONLINE)


def see_replay(site: Site, adapter: Adapter, meter: Meter, first: bytes) -> None:
    meter.values[IMPORTED] = (4_408_740, 0, "Wh")
    adapter.say(first)
    site.becomes("good", Condition.REPLAYED)
    shows_on(site, adapter, meter)
    eventually(lambda: site.exact("good") == 4_408_740)


def see_troubles(site: Site, at: dict[str, Adapter]) -> None:
    meter = Meter()
    for _ in range(3):
        at["strange"].say(in_frames(meter.sealed(paired(meter, scaled=True), OTHERS)))
        at["keyless"].say(push(meter))
        at["unfit"].say(in_frames(listed(meter)))
        at["other"].say(in_frames(listed(meter)))
        time.sleep(0.1)
    expected = {
        "strange": Condition.WRONG_KEY,
        "keyless": Condition.NO_KEY,
        "unfit": Condition.WRONG_LAYOUT,
        "other": Condition.OTHER_METER,
    }
    site.agrees(good=Condition.ONLINE, **expected)
    shown = site.shown()
    for name, condition in expected.items():
        assert shown[f"{name}/dlms"].startswith(f"{condition.words}; no frame yet"), shown
        assert site.exact(name) == UNKNOWN
        told = site.explained(name, "Active_Energy_Import")
        assert f"source:  dlms, {condition.words}\n" in told
        assert site.bit(name, 1001) is False
