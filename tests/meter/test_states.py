"""States and alarms: what each follows from, when it is absent, when it is stale."""

import pytest

from submeter.meter.alarm_settings import AlarmSettings, Rating
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading
from submeter.meter.states import States

M, D, E = Quality.MEASURED, Quality.DERIVED, Quality.ESTIMATED
STALE, FAILED, ABSENT = Quality.STALE, Quality.FAILED, Quality.ABSENT
NOTHING = Reading(None, ABSENT)
COMPUTED = (
    "Phase_Loss_L1",
    "Phase_Loss_L2",
    "Phase_Loss_L3",
    "Overload_Alarm",
    "Energy_Direction",
    "Voltage_Unbalance_Alarm",
    "Current_Unbalance_Alarm",
    "Reverse_Phase_Sequence",
)
POINTS = (*COMPUTED, "Tamper_Alarm", "Pulse_Output_Active", "MID_Certification_Valid")
PROMPT = AlarmSettings.model_validate(
    {
        name: {"on_delay": 0, "off_delay": 0}
        for name in (
            "phase_loss",
            "overload",
            "voltage_unbalance",
            "current_unbalance",
            "phase_sequence",
        )
    }
)


class Stage:
    """States that are looked at once a second."""

    def __init__(self, settings: AlarmSettings = PROMPT, rating: Rating | None = None) -> None:
        self.states = States(settings, rating or Rating(), POINTS)
        self.settings = {"Overload_Threshold": 100.0, "Voltage_Unbalance_Threshold": 2.0}
        self.second = 0.0

    def look(self, **given: float | Reading) -> dict[str, Reading]:
        """Return the readings after one look; a bare number is measured at the present moment."""
        self.second += 1
        now = Instant(self.second, 1.7e9 + self.second)
        readings = dict.fromkeys(POINTS, NOTHING)
        for name, value in given.items():
            readings[name] = value if isinstance(value, Reading) else Reading(value, M, now)
        self.states.apply(readings, self.settings.get, now)
        return readings


def test_a_meter_that_measures_nothing_has_no_states() -> None:
    assert all(Stage().look()[name] == NOTHING for name in POINTS)


def test_points_that_the_meter_lacks_are_left_out() -> None:
    states = States(PROMPT, Rating(), ("Phase_Loss_L1",))
    volts = {"Voltage_L1_N": Reading(10.0, M), "Voltage_L2_N": Reading(230.0, M)}
    readings = {**volts, "Phase_Loss_L1": NOTHING}
    states.apply(readings, lambda _: None, Instant(0.0, 0.0))
    assert readings.keys() == {*volts, "Phase_Loss_L1"}
    assert readings["Phase_Loss_L1"].value == 1


@pytest.mark.parametrize("name", COMPUTED)
def test_the_instruments_own_bit_wins(name: str) -> None:
    own = Reading(0, STALE, Instant(0.5, 5.0))
    measured = {
        "Voltage_L1_N": 0.0,
        "Voltage_L2_N": 0.0,
        "Voltage_L3_N": 0.0,
        "Current_L1": 100.0,
        "Active_Power_Total": -5.0,
        "Voltage_Unbalance": 9.0,
        "Current_Unbalance": 99.0,
        "Voltage_Angle_L2": 240.0,
        "Voltage_Angle_L3": 120.0,
    }
    stage = Stage(rating=Rating(current=20))
    assert all(stage.look(**measured)[each].value == 1 for each in COMPUTED)
    assert stage.look(**measured, **{name: own})[name] is own


def test_what_no_measurement_tells_stays_absent() -> None:
    readings = Stage().look(Voltage_L1_N=230.0, Active_Power_Total=1.0)
    assert readings["Tamper_Alarm"] is NOTHING
    assert readings["Pulse_Output_Active"] is NOTHING


def test_phase_loss_of_three_phases() -> None:
    readings = Stage().look(Voltage_L1_N=231.0, Voltage_L2_N=114.9, Voltage_L3_N=0.0)
    assert [readings[f"Phase_Loss_L{n}"].value for n in (1, 2, 3)] == [0, 1, 1]
    assert readings["Phase_Loss_L1"].quality is D
    assert readings["Phase_Loss_L1"].at == Instant(1.0, 1.7e9 + 1)


def test_a_single_phase_meter_has_no_phase_loss() -> None:
    readings = Stage().look(Voltage_L1_N=231.0)
    assert all(readings[f"Phase_Loss_L{n}"] == NOTHING for n in (1, 2, 3))


def test_phase_loss_has_hysteresis_and_delays() -> None:
    stage = Stage(AlarmSettings(), Rating(voltage=120))
    volts = [59, 59, 59, 65, 67, 67, 67, 67, 67, 67]
    found = [
        stage.look(Voltage_L2_N=230.0, Voltage_L1_N=float(each))["Phase_Loss_L1"].value
        for each in volts
    ]
    assert found == [0, 0, 1, 1, 1, 1, 1, 1, 1, 0]


@pytest.mark.parametrize("quality", [STALE, FAILED])
def test_a_state_is_stale_with_its_input_and_keeps_its_value(quality: Quality) -> None:
    stage = Stage()
    lost = stage.look(Voltage_L2_N=230.0, Voltage_L1_N=0.0)["Phase_Loss_L1"]
    kept = stage.look(Voltage_L2_N=230.0, Voltage_L1_N=Reading(230.0, quality, Instant(9.0, 9.0)))[
        "Phase_Loss_L1"
    ]
    assert kept == Reading(1, STALE, lost.at)
    assert stage.look(Voltage_L2_N=230.0, Voltage_L1_N=230.0)["Phase_Loss_L1"].value == 0


def test_a_state_that_was_never_known_has_no_value() -> None:
    readings = Stage().look(Voltage_L2_N=230.0, Voltage_L1_N=Reading(None, STALE))
    assert readings["Phase_Loss_L1"] == Reading(None, STALE)


def test_an_estimate_makes_an_estimate() -> None:
    readings = Stage().look(Voltage_L2_N=230.0, Voltage_L1_N=Reading(230.0, E, Instant(0.2, 7.0)))
    assert readings["Phase_Loss_L1"] == Reading(0, E, Instant(0.2, 7.0))


def test_overload_by_the_largest_current() -> None:
    stage = Stage(rating=Rating(current=50, power=1))
    overload = "Overload_Alarm"
    assert stage.look(Current_L1=50.0, Current_L2=10.0)[overload].value == 0
    assert stage.look(Current_L1=10.0, Current_L2=-50.1)[overload].value == 1
    assert stage.look(Current_L1=48.0, Current_L2=10.0)[overload].value == 1
    assert stage.look(Current_L1=47.5, Current_L2=10.0)[overload].value == 0
    stage.settings["Overload_Threshold"] = 80.0
    assert stage.look(Current_L1=41.0, Current_L2=10.0)[overload].value == 1
    assert stage.look(Current_L1=38.0, Current_L2=10.0)[overload].value == 1
    assert stage.look(Current_L1=37.5, Current_L2=10.0)[overload].value == 0
    assert stage.look(Current_L1=41.0, Current_L2=10.0)[overload].value == 1
    assert stage.look(Current_L1=41.0, Current_L2=Reading(9.0, STALE))[overload].quality is STALE


def test_overload_is_as_sure_and_as_old_as_its_inputs() -> None:
    old = Instant(0.5, 5.0)
    stage = Stage(rating=Rating(current=50))
    readings = stage.look(Current_L1=1.0, Current_L2=Reading(2.0, E, old), Current_L3=3.0)
    assert readings["Overload_Alarm"] == Reading(0, E, old)


def test_overload_by_power() -> None:
    stage = Stage(rating=Rating(power=10))
    overload = "Overload_Alarm"
    assert stage.look(Apparent_Power_Total=10.1, Active_Power_Total=3.0)[overload].value == 1
    assert stage.look(Active_Power_Total=9.0)[overload].value == 0
    assert stage.look(Active_Power_Total=-11.0)[overload].value == 1
    assert stage.look(Current_L1=99.0)[overload] == NOTHING


def test_no_overload_without_a_rating_or_a_threshold() -> None:
    assert Stage().look(Current_L1=99.0, Active_Power_Total=99.0)["Overload_Alarm"] == NOTHING
    stage = Stage(rating=Rating(current=5))
    stage.settings.clear()
    assert stage.look(Current_L1=99.0)["Overload_Alarm"] == NOTHING
    assert Stage(rating=Rating(current=5)).look(Frequency=50.0)["Overload_Alarm"] == NOTHING


def test_direction_keeps_its_state_within_the_dead_band() -> None:
    stage = Stage()
    powers = [0.0, -0.019, -0.021, 0.0, 0.019, 0.02, 0.0, -0.03]
    found = [stage.look(Active_Power_Total=each)["Energy_Direction"].value for each in powers]
    assert found == [0, 0, 1, 1, 1, 0, 0, 1]
    estimated = stage.look(Active_Power_Total=Reading(-1.0, E))["Energy_Direction"]
    assert estimated.quality is E


def test_voltage_unbalance() -> None:
    stage = Stage()
    alarm = "Voltage_Unbalance_Alarm"
    found = [stage.look(Voltage_Unbalance=each)[alarm].value for each in (2.0, 2.1, 1.6, 1.5)]
    assert found == [0, 1, 1, 0]
    stage.settings["Voltage_Unbalance_Threshold"] = 1.0
    assert stage.look(Voltage_Unbalance=1.5)[alarm].value == 1
    assert stage.look(Voltage_L1_N=1.5)[alarm] == NOTHING


def currents(first: float, second: float, third: float, unbalance: Reading) -> dict[str, Reading]:
    now = Instant(0.0, 0.0)
    return {
        "Current_L1": Reading(first, M, now),
        "Current_L2": Reading(second, M, now),
        "Current_L3": Reading(third, M, now),
        "Current_Unbalance": unbalance,
    }


@pytest.mark.parametrize(
    ("rating", "amperes", "expected"),
    [(None, 4.9, 0), (None, 5.1, 1), (32.0, 3.1, 0), (32.0, 3.3, 1)],
)
def test_current_unbalance_only_under_load(
    rating: float | None, amperes: float, expected: int
) -> None:
    stage = Stage(rating=Rating(current=rating))
    readings = stage.look(**currents(amperes, 0.0, 0.0, Reading(200.0, D)))
    assert readings["Current_Unbalance_Alarm"].value == expected


def test_without_load_an_unbalance_that_is_not_defined_is_none() -> None:
    stage = Stage()
    alarm = "Current_Unbalance_Alarm"
    assert stage.look(**currents(9.0, 0.0, 0.0, Reading(200.0, D)))[alarm].value == 1
    readings = stage.look(**currents(0.0, 0.0, 0.0, Reading(200.0, FAILED)))
    assert readings[alarm] == Reading(0, D, Instant(0.0, 0.0))


def test_current_unbalance_is_stale_while_the_load_is_unknown() -> None:
    stage = Stage()
    given = currents(9.0, 0.0, 0.0, Reading(200.0, M))
    given["Current_L2"] = Reading(0.0, STALE)
    assert stage.look(**given)["Current_Unbalance_Alarm"] == Reading(None, STALE)
    assert stage.look(Current_L1=5.0)["Current_Unbalance_Alarm"] == NOTHING
    given["Current_Unbalance"] = Reading(45.0, M)
    assert stage.look(**given)["Current_Unbalance_Alarm"].value == 0  # under any load


@pytest.mark.parametrize(
    ("second", "third", "expected"),
    [
        (120.0, 240.0, 0),
        (118.0, -119.0, 0),
        (240.0, 120.0, 1),
        (-121.0, 122.0, 1),
        (600.0, 480.0, 1),
        (120.0, 120.0, None),
        (0.0, 0.0, None),
        (180.0, 180.0, None),
    ],
)
def test_phase_sequence(second: float, third: float, expected: int | None) -> None:
    reading = Stage().look(Voltage_Angle_L2=second, Voltage_Angle_L3=third)[
        "Reverse_Phase_Sequence"
    ]
    assert reading.value == expected
    assert reading.quality is (STALE if expected is None else D)


def test_phase_sequence_needs_both_angles() -> None:
    stage = Stage()
    sequence = "Reverse_Phase_Sequence"
    assert stage.look(Voltage_Angle_L2=240.0)[sequence] == NOTHING
    assert stage.look(Voltage_Angle_L2=240.0, Voltage_Angle_L3=120.0)[sequence].value == 1
    stale = stage.look(Voltage_Angle_L2=120.0, Voltage_Angle_L3=Reading(240.0, STALE))[sequence]
    assert (stale.value, stale.quality) == (1, STALE)
