"""Two TIC outputs through the whole program, and their bad days."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from bacnet.client import ACCUMULATOR, ANALOG_INPUT, BINARY_INPUT, MULTI_STATE_VALUE
from submeter.errors import Condition
from submeter.sources.tic.decoder import Mode
from tooling.instruments import UNKNOWN, Site, Sources
from tooling.instruments_tic import Still, in_historique, number, still
from tooling.program import eventually
from tooling.tic import Historique, Linky, frame
from tooling.tic_emitter import TicEmitter

T1, T2, T3 = 31301, 31305, 31309
TARIFF, COLOUR = 31701, 31705
SUBSCRIBED_POWER, SUBSCRIBED_CURRENT = 31531, 31535
RELAY, OVERLOAD = 2011, 7
BLUE = "021600000001"


def test_two_outputs(tmp_path: Path) -> None:
    linky, blue = Linky(phases=1), Historique(contract="TEMPO", phases=3, subscribed=0)
    nodes = tmp_path / "one", tmp_path / "two"
    sources: Sources = {
        "linky": [{"tic": {"port": str(nodes[0])}}],
        "blue": [{"tic": {"port": str(nodes[1]), "baudrate": 1200, "meter": BLUE}}],
    }
    one = TicEmitter(still(linky), pause=0.1, link=nodes[0])
    two = TicEmitter(still(blue, Mode.HISTORIQUE), 1200, pause=0.1, link=nodes[1])
    with ExitStack() as stack, two:
        with one:
            site = Site(tmp_path, 61, sources)
            program = stack.enter_context(site.running())
            eventually(lambda: site.exact("linky") > 0 and site.exact("blue") > 0)
            see_linky(site, linky)
            # The supplier sets it to historique mode while we listen.
            one.model, one.baudrate = in_historique(linky), 1200
            see_blue(site, blue)
            overload(site, two, blue)
            see_replaced(site, two, blue)
            see_another_mode(site, linky)
        site.agrees(linky=Condition.NO_DEVICE, blue=Condition.ONLINE)
        assert site.shown()["linky/tic"].startswith("no device (")
        with TicEmitter(in_historique(linky), 1200, pause=0.1, link=nodes[0]):
            site.becomes("linky", Condition.ONLINE)
            assert site.exact("linky") == number(linky, "EAST")
            assert program.stop() == 0


def see_replaced(site: Site, emitter: TicEmitter, blue: Historique) -> None:
    """Another meter speaks than the one that the configuration names."""
    emitter.model = still(Historique(seed=2, contract="TEMPO"), Mode.HISTORIQUE)
    site.becomes("blue", Condition.OTHER_METER)
    assert "blue/tic: other meter; last frame" in site.command("show", "--once")
    assert site.exact("blue") in (energy(blue), UNKNOWN)
    emitter.model = still(blue, Mode.HISTORIQUE)
    site.becomes("blue", Condition.ONLINE)


def see_another_mode(site: Site, linky: Linky) -> None:
    eventually(lambda: site.number("linky", SUBSCRIBED_CURRENT) == 30)
    assert site.exact("linky") == number(linky, "EAST")
    assert site.exact("linky", T2) == number(linky, "EASF02")
    site.becomes("linky", Condition.ONLINE)
    eventually(lambda: "label:   HCHP = " in site.explained("linky", "Active_Energy_Import_T2"))


def see_linky(site: Site, linky: Linky) -> None:
    assert site.exact("linky") == number(linky, "EAST")
    assert site.exact("linky", T1) == number(linky, "EASF01")
    assert site.exact("linky", T2) == number(linky, "EASF02")
    assert site.number("linky", SUBSCRIBED_POWER) == number(linky, "PREF")
    assert site.number("linky", TARIFF) == number(linky, "NTARF")
    assert site.bit("linky", RELAY) == number(linky, "RELAIS")
    assert site.present("linky", ACCUMULATOR, 11) == number(linky, "EASF01") // 1000
    assert site.present("linky", MULTI_STATE_VALUE, 101) == number(linky, "NTARF")
    assert site.present("linky", BINARY_INPUT, 101) == number(linky, "RELAIS")
    text = site.command("explain", "linky", "Active_Energy_Import_T1")
    assert f"label:   EASF01 = {number(linky, 'EASF01')}" in text.replace(" 00", " "), text
    assert "tic-standard.yaml:" in text
    assert "31301, int64 in Wh, function 4" in text
    assert "device 4000, accumulator 11, linky.Active_Energy_Import_T1 in kWh" in text
    assert b"\nEASF01\t".hex(" ") in " ".join(
        line[8:55].strip() for line in text.splitlines() if line[:2] == "  "
    )


def see_blue(site: Site, blue: Historique) -> None:
    assert site.exact("blue") == energy(blue)
    assert site.exact("blue", T3) == number(blue, "BBRHCJW")
    assert site.number("blue", COLOUR) == 1
    assert site.present("blue", MULTI_STATE_VALUE, 103) == 2, "states count from 1 there"
    assert site.present("blue", ANALOG_INPUT, 213) == pytest.approx(number(blue, "BBRHCJW") / 1000)


def energy(blue: Historique) -> int:
    labels = ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")
    return sum(number(blue, f"BBR{each}") for each in labels)


def overload(site: Site, emitter: TicEmitter, blue: Historique) -> None:
    """Short frames carry currents alone."""
    before = site.exact("blue")
    emitter.model = Still(frame(Mode.HISTORIQUE, blue.short_groups()))
    eventually(lambda: site.bit("blue", OVERLOAD))
    assert site.exact("blue") == before
    site.becomes("blue", Condition.ONLINE)
