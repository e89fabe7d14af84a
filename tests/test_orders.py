"""What the command line may ask of the running program."""

import math
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from submeter import orders
from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.setup import Setup
from submeter.pointmap import points
from submeter.store.requests import Request
from submeter.store.store import Store
from tooling import meters

ENERGY = "Active_Energy_Import"
KWH = 1_000_000
NO_ENERGIES: list[object] = [True, 5.0, math.nan, math.inf, "0", -1, 10**15, [], {}]
POINTS = tuple(points.all_points().values())


def at(second: float) -> Instant:
    return Instant(second, 1_700_000_000 + second)


def made(sealed: bool = False) -> Meter:
    meter = meters.meter("main", POINTS, [ENERGY, "Frequency"], 60.0, Setup(sealed=sealed))
    meters.know(meter, {ENERGY: 100 * KWH}, at(10))
    meter.audit.take()
    return meter


def obey(meter: Meter, action: str, argument: Any, name: str = "main", **more: set[str]) -> str:
    request = Request(7, 1_700_000_000, "anna", action, name, argument)
    return orders.obey(request, {"main": meter}, at(20), **more)


def refusal(meter: Meter, action: str, argument: Any, name: str = "main") -> Refusal:
    with pytest.raises(WriteRefusedError) as caught:
        obey(meter, action, argument, name)
    return caught.value.reason


def test_set_and_reset() -> None:
    meter = made()
    told = obey(meter, "set", {"point": "Demand_Interval", "value": 10})
    assert told == "main: Demand_Interval is 10 now"
    assert meter.readings["Demand_Interval"].value == 10
    (entry,) = meter.audit.take()
    assert (entry.event, entry.who) == ("setting_changed", "cli anna")
    assert obey(meter, "reset", {"point": None}) == "main: Demand_Interval as configured again"
    assert meter.readings["Demand_Interval"].value == 15
    assert obey(meter, "reset", {"point": None}) == "main: nothing as configured again"


def test_a_command() -> None:
    meter = made()
    assert obey(meter, "command", {"point": "Reset_Demand_Peak"}) == (
        "main: Reset_Demand_Peak was given"
    )
    assert meter.readings["Reset_Demand_Peak"].value == 1
    (entry,) = meter.audit.take()
    assert (entry.event, entry.who) == ("command", "cli anna")


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        ("Sync_Clock", Refusal.UNSUPPORTED),
        ("Demand_Interval", Refusal.UNKNOWN),
        (ENERGY, Refusal.READ_ONLY),
        ("Nothing", Refusal.UNKNOWN),
    ],
)
def test_what_is_no_command_here(point: str, reason: Refusal) -> None:
    meter = made()
    assert refusal(meter, "command", {"point": point}) is reason
    assert meter.settings.value("Demand_Interval") == 15


def test_a_calculated_meter_is_not_swapped() -> None:
    argument = {"point": ENERGY, "source": None, "old": 100 * KWH + 5_000, "new": 0}
    with pytest.raises(WriteRefusedError, match="main is calculated from other meters") as caught:
        obey(made(), "swap", argument, calculated={"main"})
    assert caught.value.reason is Refusal.UNSUPPORTED
    assert "booked" in obey(made(), "swap", argument, calculated={"other"})
    assert "is 10 now" in obey(
        made(), "set", {"point": "Demand_Interval", "value": 10}, calculated={"main"}
    )


def test_swap() -> None:
    meter = made()
    argument = {"point": ENERGY, "source": None, "old": 100 * KWH + 5_000, "new": 0}
    assert obey(meter, "swap", argument) == f"main: booked; {ENERGY} goes on from 100.005 kWh"
    (entry,) = meter.audit.take()
    assert (entry.event, entry.who, entry.at) == ("swap", "cli anna", 1_700_000_020)
    assert entry.detail == f"point={ENERGY} source=source old=100005000 new=0"
    assert meter.readings[ENERGY].value == 100 * KWH, "until it is on disk"
    meters.commit(meter, at(21))
    assert meter.readings[ENERGY].value == 100 * KWH + 5_000


@pytest.mark.parametrize(
    ("point", "old"), [("Frequency", 1), (ENERGY, 99 * KWH), (ENERGY, 10**6 * KWH)]
)
def test_a_swap_that_cannot_be_is_refused_and_told(point: str, old: int) -> None:
    meter = made()
    argument = {"point": point, "source": "source", "old": old, "new": 0}
    assert refusal(meter, "swap", argument) is Refusal.OUT_OF_RANGE
    assert [entry.event for entry in meter.audit.take()] == ["swap_refused"]
    meters.commit(meter, at(21))
    assert meter.readings[ENERGY].value == 100 * KWH


def test_a_sealed_meter_is_not_swapped() -> None:
    meter = made(sealed=True)
    argument = {"point": ENERGY, "source": None, "old": None, "new": 0}
    assert refusal(meter, "swap", argument) is Refusal.SEALED
    assert [entry.event for entry in meter.audit.take()] == ["swap_refused"]


def test_what_the_meter_refuses_is_refused() -> None:
    argument = {"point": ENERGY, "value": 0}
    assert refusal(made(), "set", argument) is Refusal.READ_ONLY
    assert refusal(made(), "reset", {"point": ENERGY}) is Refusal.UNKNOWN, "it is no setting"


@pytest.mark.parametrize(("action", "name"), [("set", "nobody"), ("erase", "main")])
def test_what_is_not_here(action: str, name: str) -> None:
    argument = {"point": "Demand_Interval", "value": 10}
    assert refusal(made(), action, argument, name) is Refusal.UNKNOWN


@pytest.mark.parametrize(
    ("action", "argument"),
    [
        ("set", None),
        ("set", {}),
        ("set", []),
        ("set", {"point": ["Demand_Interval"], "value": 1}),
        ("set", {"point": "Demand_Interval"}),
        ("reset", "Demand_Interval"),
        ("reset", {"point": ["Demand_Interval"]}),
        ("swap", {"point": ENERGY}),
        ("swap", {"point": ENERGY, "source": "nobody", "old": None, "new": 0}),
        ("swap", {"point": ENERGY, "source": None, "old": "1", "new": 0}),
        ("swap", {"point": None, "source": None, "old": None, "new": 0}),
        ("swap", {"point": ENERGY, "source": ["source"], "old": None, "new": 0}),
        *(
            ("swap", {"point": ENERGY, "source": None, "old": 100 * KWH, "new": 0, key: value})
            for key in ("old", "new")
            for value in NO_ENERGIES
        ),
        ("swap", [[[[[[]]]]]]),
        ("set", {"point": "Demand_Interval", "value": True}),
        ("set", {"point": "Demand_Interval", "value": math.nan}),
        ("set", {"point": "Demand_Interval", "value": "10"}),
        ("set", {"point": "Demand_Interval", "value": [10]}),
        ("command", {"point": None}),
        ("command", {}),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(action: str, argument: Any) -> None:
    """Anybody who may write the store's file may put anything there."""
    meter = made()
    refusal(meter, action, argument)
    meters.know(meter, {ENERGY: 100 * KWH}, at(30))
    assert meter.readings[ENERGY].value == 100 * KWH


def test_a_message_says_what_makes_no_sense() -> None:
    with pytest.raises(WriteRefusedError) as caught:
        obey(made(), "swap", {"point": ENERGY, "source": None, "old": 0.5})
    assert str(caught.value) == (
        "request 7 makes no sense: swap {'old': 0.5, 'point': 'Active_Energy_Import', "
        "'source': None}: 'old' is no whole number of millionths below 1000000000000000"
    )


def test_our_own_faults_are_not_laid_at_the_door_of_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a fault of ours")

    meter = made()
    monkeypatch.setattr(meter, "write", broken)
    with pytest.raises(KeyError, match="a fault of ours"):
        obey(meter, "set", {"point": "Demand_Interval", "value": 10})


@pytest.mark.parametrize("argument", ["{", "", "null", "[" * 100_000, 7, b"\xff"], ids=range(6))
async def test_a_row_that_nobody_can_read_keeps_no_other_from_its_turn(
    tmp_path: Path, argument: Any
) -> None:
    store = Store.open(tmp_path / "x.db", POINTS)
    good = '{"point": "Demand_Interval", "value": 10}'
    connection = sqlite3.connect(tmp_path / "x.db")
    for each in (argument, good):
        connection.execute(
            "INSERT INTO request (at, who, action, meter, argument) VALUES (1, 'x', 'set', ?, ?)",
            ("main", each),
        )
    connection.commit()
    connection.close()
    first, second = await store.requests()
    meter = made()
    with pytest.raises(WriteRefusedError, match="makes no sense"):
        orders.obey(first, {"main": meter}, at(20))
    assert orders.obey(second, {"main": meter}, at(20)) == "main: Demand_Interval is 10 now"
    await store.close()
