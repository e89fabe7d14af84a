"""What the running program tells of a point."""

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from submeter.errors import Condition
from submeter.explain import answer
from submeter.meter.feed import Dial, Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter, values
from submeter.meter.reading import Quality, Update
from submeter.meter.setup import Setup
from submeter.pointmap import meter_map
from submeter.sources.origin import Origin
from submeter.sources.source import Attempt, Health, Publish, Source
from tooling import meters

ENERGY, POWER, VOLUME = "Active_Energy_Import", "Active_Power_Total", "Volume"
MEASURED = Quality.MEASURED
RAW = b"\nEAST\t000012345\t!\r"


class Spoken:
    """A source that says what it is told to, and is never run."""

    max_age = 10.0
    largest_power = 1e5
    dropped = 2
    trouble: Condition | None = None
    identity = "0123"
    dials: Mapping[str, Dial] = {}

    def __init__(self, name: str, *points: str) -> None:
        self.name = name
        self.expected = dict.fromkeys(points, MEASURED)

    def origin(self, point: str) -> Origin | None:
        if point not in (ENERGY, POWER):
            return None
        return Origin("maps/a.yaml:12", (("EAST", "000012345 Wh"),), RAW, meters.at(9))

    def describe(self) -> str:
        return f"spoken {self.name}"

    async def run(self, publish: Publish) -> None:
        raise NotImplementedError


class Bench:
    """The meter `main` with two sources of its energy."""

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {
            "linky": Spoken("main.linky", ENERGY, "Frequency", "Voltage_L1_N", "Current_L1"),
            "clamp": Spoken("main.clamp", ENERGY, POWER, "Reactive_Power_Total"),
        }
        feeds = [Feed(name, each.expected, each.max_age) for name, each in self.sources.items()]
        given = {point for feed in feeds for point in feed.expected}
        points = meter_map.load("standard").serving(given).points
        self.meter = Meter("main", points, feeds, Setup(configured={"Modbus_Address": 7}))
        plan = SimpleNamespace(sources=self.sources, calculated=None)
        self.served = cast("Any", {"main": SimpleNamespace(plan=plan, meter=self.meter)})
        self.health = {each: Health() for each in self.sources.values()}

    def say(self, source: str, second: float, **numbers: int | float) -> None:
        self.meter.update(values(numbers), meters.at(second), source)
        meters.commit(self.meter, meters.at(second))

    def ask(self, question: object, second: float = 10.0) -> dict[str, Any]:
        asked = cast("Mapping[str, Any]", question)
        told = answer(asked, self.served, self.health, meters.at(second))
        decoded: dict[str, Any] = json.loads(json.dumps(told, allow_nan=False))
        return decoded

    def explain(self, point: str, second: float = 10.0) -> dict[str, Any]:
        return self.ask({"ask": "explain", "meter": "main", "point": point}, second)


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    for second in (8, 9):
        numbers = {ENERGY: 12_345_000_000, "Frequency": 50.0, "Voltage_L1_N": 230.0}
        made.say("linky", second, **numbers, Current_L1=10.0)
        made.say("clamp", second, **{ENERGY: 700_000_000, POWER: 3.0, "Reactive_Power_Total": 4.0})
    return made


def test_value_quality_age_source_and_frame(bench: Bench) -> None:
    told = bench.explain(ENERGY)
    assert told["value"] == "12345.000000 kWh"
    assert (told["quality"], told["age"], told["source"]) == ("measured", 1.0, "linky")
    assert told["origin"] == {
        "where": "maps/a.yaml:12",
        "labels": [["EAST", "000012345 Wh"]],
        "raw": RAW.hex(),
        "length": len(RAW),
        "age": 1.0,
    }
    assert told["why"] == ""


def test_the_other_sources_that_could_speak(bench: Bench) -> None:
    voices = bench.explain(ENERGY)["voices"]
    assert [(each["source"], each["value"]) for each in voices] == [
        ("linky", "12345.000000 kWh"),
        ("clamp", "700.000000 kWh"),
    ]


def test_after_a_change_of_source(bench: Bench) -> None:
    bench.health[bench.sources["linky"]] = Health(False, lost=Condition.NO_DEVICE)
    bench.say("clamp", 21, **{ENERGY: 700_000_000})
    told = bench.explain(ENERGY, 22)
    assert (told["source"], told["age"]) == ("clamp", 1.0)
    conditions = [(each["condition"], each["quality"]) for each in told["voices"]]
    assert conditions == [("no device", "stale"), ("starting", "measured")]


def test_a_derived_point_has_its_rule_and_its_inputs(bench: Bench) -> None:
    told = bench.explain("Apparent_Power_Total")
    assert (told["value"], told["quality"], told["source"]) == ("5 kVA", "derived", None)
    assert told["why"] == "follows from Active_Power_Total, Reactive_Power_Total (apparent)"
    inputs = told["inputs"]
    assert [(each["point"], each["value"], each["source"]) for each in inputs] == [
        ("Active_Power_Total", "3 kW", "clamp"),
        ("Reactive_Power_Total", "4 kvar", "clamp"),
    ]
    assert inputs[0]["origin"] == {
        "where": "maps/a.yaml:12",
        "labels": [["EAST", "000012345 Wh"]],
        "raw": RAW.hex(),
        "length": len(RAW),
        "age": 1.0,
    }
    assert "origin" not in inputs[1]


def test_which_of_several_rules_is_in_use() -> None:
    """With a current and a voltage of one phase alone, the neutral carries the phase's current."""
    feed = Feed("one", dict.fromkeys(("Voltage_L1_N", "Current_L1"), MEASURED), 10.0)
    meter = Meter("main", meter_map.load("standard").points, [feed])
    meter.update(values({"Voltage_L1_N": 230.0, "Current_L1": 4.0}), meters.at(1))
    rule = meter.derivation.rule("Current_Neutral")
    assert rule is not None
    assert rule.inputs == ("Current_L1", "Voltage_L1_N")
    assert meter.derivation.rule("Frequency") is None


def test_a_point_that_nothing_gives(bench: Bench) -> None:
    assert bench.explain("THD_Voltage_L1")["why"] == "no source of this meter gives it"
    told = bench.explain("Voltage_L1_L2")
    assert told["quality"] == "absent"
    assert "could follow from Voltage_L1_N, Voltage_L2_N, but Voltage_L2_N is absent" in told["why"]


def test_an_extension_point_that_the_meter_does_not_have(bench: Bench) -> None:
    told = bench.explain(VOLUME)
    assert (told["value"], told["quality"], told["age"]) == ("unknown", "absent", None)
    assert told["why"] == "no source of this meter gives it, and so the meter does not show it"


def test_a_point_that_was_not_given_yet() -> None:
    told = Bench().explain("Frequency")
    assert (told["quality"], told["why"]) == ("stale", "linky has not given it yet")
    assert "origin" not in told


def test_a_point_that_the_instrument_proved_not_to_have(bench: Bench) -> None:
    bench.meter.update(Update({}, frozenset({"Frequency"})), meters.at(10), "linky")
    told = bench.explain("Frequency")
    assert told["quality"] == "absent"
    assert told["why"].startswith("every source that could give it says")


def test_settings_commands_and_the_meter_s_own(bench: Bench) -> None:
    assert bench.explain("Modbus_Address")["why"] == "a setting; its value: configuration"
    assert bench.explain("CT_Primary_Rating")["why"] == "the configuration gives no value"
    assert bench.explain("Reset_Demand_Peak")["why"].startswith("a command")
    assert bench.explain("Communication_Status")["why"] == "worked out by the meter itself"


def test_an_index_from_power() -> None:
    made = Bench()
    feed = Feed("clamp", {POWER: MEASURED}, 10.0)
    meter = Meter("main", meter_map.load("standard").points, [feed])
    plan = SimpleNamespace(sources=made.sources, calculated=None)
    made.served = cast("Any", {"main": SimpleNamespace(plan=plan, meter=meter)})
    made.meter = meter
    for second in (8, 9):
        made.say("clamp", second, **{POWER: 3.0})
    told = made.explain(ENERGY)
    assert told["why"] == "counted from Active_Power_Total of clamp, which has no such register"
    (power,) = told["inputs"]
    assert (power["point"], power["value"], power["source"]) == (POWER, "3 kW", "clamp")
    assert power["origin"]["where"] == "maps/a.yaml:12"


def test_what_a_calculated_meter_says() -> None:
    made = Bench()
    plan = SimpleNamespace(
        sources={}, calculated=object(), entry=SimpleNamespace(calculated="a - b")
    )
    made.served["main"] = cast("Any", SimpleNamespace(plan=plan, meter=made.meter))
    assert made.explain(POWER)["why"] == "calculated: a - b"


def test_sources(bench: Bench) -> None:
    linky, clamp = bench.sources.values()
    bench.health[linky] = Health(True, 12, 1, meters.at(7))
    lost = Health(False, 3, 4, None, Condition.BUSY, "another program uses it")
    bench.health[clamp] = lost
    first, second = bench.ask({"ask": "sources"})["sources"]
    assert first == {
        "meter": "main",
        "source": "linky",
        "condition": "online",
        "code": 1,
        "reason": "",
        "age": 3.0,
        "frames": 12,
        "errors": 3,
        "identity": "0123",
        "description": "spoken main.linky",
    }
    assert (second["condition"], second["reason"]) == ("busy", "another program uses it")


def test_a_source_whose_link_says_nothing(bench: Bench) -> None:
    linky = bench.sources["linky"]
    attempt = Attempt(linky, meters.at(1), linky.dropped)
    bench.health[linky] = Health(False, 0, 1, None, Condition.BUSY, "busy", attempt)
    first, _ = bench.ask({"ask": "sources"}, 21)["sources"]
    assert (first["condition"], first["reason"]) == ("silent", "no valid frame for 20 s")


def test_trouble_of_a_source_that_is_heard(bench: Bench) -> None:
    linky = cast("Spoken", bench.sources["linky"])
    linky.trouble = Condition.WRONG_KEY
    bench.health[bench.sources["linky"]] = Health(True, 12, 0, Instant(7, 7))
    assert bench.ask({"ask": "sources"})["sources"][0]["condition"] == "wrong key"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ({}, "asked can be"),
        ({"ask": "weather"}, "asked can be"),
        ({"ask": "explain", "meter": 1, "point": ENERGY}, "asked can be"),
        ({"ask": "explain", "meter": "main"}, "asked can be"),
        ({"ask": "explain", "meter": "mian", "point": ENERGY}, "did you mean 'main'?"),
        ({"ask": "explain", "meter": "main", "point": "Volum"}, "did you mean 'Volume'?"),
        ({"ask": "explain", "meter": "\ud800", "point": ENERGY}, "no meter is called '\\ud800'"),
    ],
)
def test_questions_that_make_no_sense(bench: Bench, question: object, text: str) -> None:
    assert text in bench.ask(question)["error"]
