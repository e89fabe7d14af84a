"""Labels that come seldom, and count while the instrument goes on speaking."""

from submeter.meter.reading import Update
from submeter.pointmap import source_map
from submeter.sources.index_guard import IndexGuard
from submeter.sources.translation.datum import Datum
from submeter.sources.translation.translator import Message, Translator

POWER = {"1.7.0": Datum("500", 500, "W"), "2.7.0": Datum("0", 0, "W")}
ENERGY = POWER | {"1.8.0": Datum("7", 7, "Wh")}


def says(made: Translator, said: dict[str, Datum], at: float, meter: str = "A") -> Update:
    update = made.translate(Message(said, b"", instrument=meter), at)
    assert update is not None
    return update


def test_what_comes_once_an_hour_counts_with_what_comes_in_between() -> None:
    made = Translator(source_map.load("obis-norway"))
    assert "Active_Energy_Import" not in says(made, POWER, 0.0).values
    says(made, ENERGY, 10.0)
    kept = says(made, POWER, 3600.0)
    assert kept.values["Active_Energy_Import"].number == 7000
    assert "Active_Energy_Import" not in says(made, POWER, 4011.0).values


def test_what_one_meter_said_is_not_kept_for_the_next() -> None:
    made = Translator(source_map.load("obis-norway"))
    says(made, ENERGY, 0.0)
    assert "Active_Energy_Import" not in says(made, POWER, 10.0, "B").values


def test_the_origin_of_what_is_kept_is_the_message_it_came_in() -> None:
    made = Translator(source_map.load("obis-norway"))
    made.translate(Message(ENERGY, b"with"), 0.0)
    made.translate(Message(POWER, b"without"), 10.0)
    energy, power = made.origin("Active_Energy_Import"), made.origin("Active_Power_Total")
    assert energy is not None
    assert power is not None
    assert (energy.raw, power.raw) == (b"with", b"without")
    assert energy.labels == (("1.8.0 (1-0:1.8.0)", "7 Wh"),)


def test_what_is_kept_is_not_asked_of_the_guard_again() -> None:
    loaded = source_map.load("obis-norway")
    made = Translator(loaded, guard=IndexGuard(loaded.largest_power))
    damaged = POWER | {"1.8.0": Datum("20", 20, "Wh")}
    for at, said in enumerate([ENERGY, ENERGY, damaged, *[POWER] * 20]):
        values = says(made, said, 10.0 * at).values
    assert values["Active_Energy_Import"].number == 7000
