"""Simulated boards, the real firmware at known waveforms, through the whole program."""

import math
import re
from pathlib import Path

import pytest

from bacnet.client import ACCUMULATOR
from submeter import probe_command
from tooling.instruments import EXPORT, UNKNOWN, Settings, Site, Sources
from tooling.instruments_clamps import Index, Shown
from tooling.program import eventually

STEADY, HOUSEHOLD, CURRENTS = "simulated:steady", "simulated:household", "simulated:currents"
CLAMP: Settings = {"current": 100}
REACTIVE_IMPORT, REACTIVE_EXPORT = 30109, 30113


def test_profiles(tmp_path: Path) -> None:
    loads: Sources = {
        name: [{"rp2040": {"port": STEADY, "clamp": CLAMP, "clamps": {"L1": n}, "snapshot": 1}}]
        for n, name in enumerate(("heater", "motor", "plant"), 1)
    }
    house = {"port": f"{STEADY}?uid=e66002", "clamp": CLAMP, "clamps": {"L1": 1, "L2": 2, "L3": 3}}
    four = {"port": CURRENTS, "clamp": CLAMP, "voltage": None, "snapshot": 1}
    four["clamps"] = {"L1": 4, "L2": 2, "L3": 3}
    flat = {"port": HOUSEHOLD, "clamp": CLAMP, "snapshot": 1}
    others = {"house": house, "four": four, "flat": flat}
    sources: Sources = {**loads, **{name: [{"rp2040": each}] for name, each in others.items()}}
    site = Site(tmp_path, 71, sources)
    with site.running() as program:
        # The house has a value once its board took the lags, a second later than the others.
        eventually(lambda: site.exact("house") != UNKNOWN)
        see_loads(site)
        see_house(site)
        see_four(site)
        see_flat(site)
        see_energies(site)
        shown = site.shown()
        assert all(shown[f"{name}/rp2040"].startswith("online") for name in sources), shown
        assert program.stop() == 0
    assert program.log.count("level=WARNING") == 0, program.log


def see_loads(site: Site) -> None:
    """Three single-phase meters from one board: 20 A, 10 A that lag by 60 degrees, -5 A."""
    powers = {"heater": (4.6, 0.0), "motor": (1.15, 1.99186), "plant": (-1.15, 0.0)}
    for name, (active, reactive) in powers.items():
        see, apparent = Shown(site, name), math.hypot(active, reactive)
        for phase in ("L1", "Total"):
            see.sees(f"Active_Power_{phase}", active)
            see.sees(f"Reactive_Power_{phase}", reactive, floor=0.01)
            see.sees(f"Apparent_Power_{phase}", apparent)
            see.sees(f"Power_Factor_{phase}", active / apparent)
        see.sees("Voltage_L1_N", 230, 0.001)
        see.sees("Current_L1", apparent / 0.23)
        see.sees("Frequency", 50, 0.0001)
        see.lacks("Active_Power_L2", "Current_L3", "Voltage_L2_N", "THD_Current_L2")
    eventually(lambda: Shown(site, "heater").modbus("THD_Voltage_L1") < 0.2)
    see.sees("THD_Current_L1", 0, floor=0.4)
    see.sees("Current_Harmonic_3_L1", 0, floor=0.4)


def see_house(site: Site) -> None:
    """The same board as three phases: each current stands to a voltage that is not measured."""
    see = Shown(site, "house")
    at_60 = 0.23 * complex(0.5, math.sqrt(0.75))
    powers = {"L1": 4.6 + 0j, "L2": 10 * at_60.conjugate(), "L3": 5 * at_60.conjugate()}
    for name, power in (*powers.items(), ("Total", sum(powers.values()))):
        see.sees(f"Active_Power_{name}", power.real)
        see.sees(f"Reactive_Power_{name}", power.imag, floor=0.01)
    see.sees("Apparent_Power_Total", 0.23 * 35)
    guessed = ["Active_Power_L2", "Power_Factor_L3", "Active_Power_Total", "Active_Energy_Import"]
    see.estimates(guessed)
    assert "quality: measured" in site.explained("house", "Active_Power_L1")
    assert "quality: measured" in site.explained("house", "Current_L2")
    see.lacks("Voltage_L2_N", "Voltage_L3_N", "Voltage_L1_L2", "Voltage_L2_L3", "Voltage_L3_L1")
    see.lacks("Voltage_Unbalance", "Voltage_Angle_L2", "THD_Voltage_L2")


def see_four(site: Site) -> None:
    """Four clamps: a motor, a rectifier, and one around nothing."""
    see = Shown(site, "four")
    motor, rectifier = 700 / 230 * math.hypot(1, 0.88, 0.05), math.hypot(1, 0.1, 0.7, 0.4, 0.15)
    see.sees("Current_L1", 0)
    see.sees("Current_L2", motor, 0.005)
    see.sees("Current_L3", rectifier, 0.005)
    see.sees("Apparent_Power_Total", 0.23 * (motor + rectifier), 0.005)
    see.estimates(["Apparent_Power_L2", "Apparent_Power_Total"])
    see.lacks("Active_Power_Total", "Power_Factor_L2", "Voltage_L1_N", "Reactive_Power_Total")
    assert site.exact("four") == site.exact("four", EXPORT) == UNKNOWN
    eventually(lambda: not math.isnan(see.modbus("THD_Current_L2")))
    see.sees("THD_Current_L2", 100 * 0.05 / math.hypot(1, 0.88), 0.1)
    see.sees("Current_Harmonic_3_L2", 100 * 0.05 / math.hypot(1, 0.88), 0.1)
    see.sees("Current_Harmonic_5_L2", 0, floor=0.5)
    assert math.isnan(see.modbus("THD_Current_L3")), "so little that noise looks like distortion"


def see_flat(site: Site) -> None:
    """A voltage of 2 % of the fifth harmonic, at which loads come and go."""
    see = Shown(site, "flat")
    eventually(lambda: not math.isnan(see.modbus("THD_Voltage_L1")))
    see.sees("THD_Voltage_L1", 2, 0.05)
    see.sees("Voltage_Harmonic_5_L1", 2, 0.05)
    see.sees("Voltage_Harmonic_7_L1", 0, floor=0.2)
    see.sees("Voltage_L1_N", 230, 0.02)
    see.sees("Frequency", 50, 0.001)


def see_energies(site: Site) -> None:
    """What was counted stands in the proportions of the powers, to each side."""
    taken, given = Index(site, "heater"), Index(site, "plant", "Active_Energy_Export")

    def proportional() -> bool:
        return taken.now() == pytest.approx(4 * (given.now() or 0), rel=0.002)

    eventually(lambda: site.exact("plant", EXPORT) > 0)
    eventually(proportional)
    assert site.exact("heater", EXPORT) == site.exact("plant") == 0
    assert site.exact("motor", REACTIVE_IMPORT) > 0
    assert site.exact("motor", REACTIVE_EXPORT) == 0
    assert site.exact("house", REACTIVE_EXPORT) > 0
    assert site.present("plant", ACCUMULATOR, 2) == 0, "kWh"


def test_probe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_command, "MORE_SECONDS", 0.5)
    probe_command.run(CURRENTS)
    told = dict(re.findall(r"^(\w+): +(.*)$", capsys.readouterr().out, re.MULTILINE))
    assert told["protocol"] == "RP2040 board with clamps"
    assert told["layout"] == "four clamps"
    assert told["board"] == "e660000000000001"
    assert told["firmware"] == "1.0.0"
