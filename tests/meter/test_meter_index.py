"""The meter: what is visible of an index, and when; writes, exchanges, troubles, restarts."""

from collections.abc import Mapping

import pytest

from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.alarm_settings import MidCertificate, Rating
from submeter.meter.feed import Dial, Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Draft, Meter
from submeter.meter.reading import Quality, Reading, Stamp, Update, Value
from submeter.meter.setup import Saved, Setup
from submeter.meter.trouble import Reason
from submeter.pointmap import points
from tooling import meters
from tooling.meters import at, of

POINTS = tuple(points.all_points().values())
ENERGY, POWER, VOLTS = "Active_Energy_Import", "Active_Power_Total", "Voltage_L1_N"
EXPORT = "Active_Energy_Export"
ERROR, WHY = "Meter_Error", "Meter_Error_Reason"
KWH = 1_000_000
MAX_AGE = 10.0
CLI = Who("cli", "anna")


def register(setup: Setup | None = None) -> Meter:
    """Return a meter whose one source has a register and a voltage."""
    return meters.meter("main", POINTS, [ENERGY, VOLTS], MAX_AGE, setup)


def tell(made: Meter, energy: int, second: float, source: str | None = None) -> None:
    made.update(Update({ENERGY: Value(energy)}, instrument="A"), at(second), source)


def confirm(made: Meter, energy: int, second: float) -> None:
    """Send a reading twice: the one before it, and with that itself, is accepted."""
    tell(made, energy, second - 0.5)
    tell(made, energy, second)


def known(setup: Setup | None = None) -> Meter:
    """Return such a meter with 100 kWh on disk, at second 1."""
    made = register(setup)
    confirm(made, 100 * KWH, 1)
    meters.commit(made, at(1))
    made.audit.take()
    return made


def events(made: Meter) -> list[str]:
    return [entry.event for entry in made.audit.take()]


def saved(draft: Draft) -> Saved:
    """Return what a store gives back of a draft that has everything."""
    return Saved(
        states={point: state for point, (_, state) in draft.indexes.items()},
        settings={point: value for point, value in draft.settings if value is not None},
        demand=draft.demand,
    )


def test_an_index_is_visible_once_it_is_on_disk() -> None:
    made = register()
    tell(made, 100 * KWH, 0)
    tell(made, 100 * KWH, 1)
    assert of(made, ENERGY) == (None, Quality.STALE)
    draft = made.draft()
    assert draft.indexes[ENERGY][0] == 100 * KWH
    assert of(made, ENERGY) == (None, Quality.STALE), "it is only being written"
    made.commit(draft, at(2))
    assert made.readings[ENERGY] == Reading(100 * KWH, Quality.MEASURED, at(1))


def test_what_came_while_it_was_written_waits_for_the_next_commit() -> None:
    made = known()
    confirm(made, 100 * KWH + 3, 2)
    draft = made.draft()
    confirm(made, 100 * KWH + 5, 3)
    made.commit(draft, at(4))
    assert of(made, ENERGY)[0] == 100 * KWH + 3
    meters.commit(made, at(5))
    assert of(made, ENERGY)[0] == 100 * KWH + 5


def test_a_commit_that_failed_is_made_up_for() -> None:
    made = known()
    confirm(made, 100 * KWH + 3, 2)
    made.draft()
    assert made.draft().indexes == {}, "only what changed since the last draft"
    draft = made.draft(everything=True)
    assert draft.indexes[ENERGY][0] == 100 * KWH + 3
    made.commit(draft, at(4))
    assert of(made, ENERGY)[0] == 100 * KWH + 3


def test_a_commit_is_told_to_the_listeners() -> None:
    made = known()
    told: list[Mapping[str, Reading]] = []
    made.subscribe(told.append)
    confirm(made, 100 * KWH + 3, 2)
    meters.commit(made, at(2))
    assert [changed[ENERGY].value for changed in told[1:] if ENERGY in changed] == [100 * KWH + 3]


def test_an_index_goes_stale_and_keeps_what_is_on_disk() -> None:
    made = known()
    made.tick(at(20))
    assert made.readings[ENERGY] == Reading(100 * KWH, Quality.STALE, at(1))


def test_an_index_that_the_instrument_does_not_have_is_absent() -> None:
    made = known()
    made.update(Update({}, absent=frozenset({ENERGY})), at(2))
    assert of(made, ENERGY) == (None, Quality.ABSENT)


def test_a_reading_that_cannot_be_is_refused_counted_and_told() -> None:
    made = known()
    tell(made, 50 * KWH, 2)
    meters.commit(made, at(3))
    assert of(made, ENERGY) == (100 * KWH, Quality.MEASURED)
    assert of(made, "Index_Readings_Refused")[0] == 1
    assert of(made, ERROR)[0] == 0, "one reading is no fault of the meter"
    for second in range(4, 40, 2):
        tell(made, (50 - second) * KWH, second)
    assert events(made).count("index_refused") == 1


def test_readings_refused_for_too_long_fail_the_index() -> None:
    made = known()
    for second in range(2, 14):
        tell(made, (50 + second % 2) * KWH, second)
    assert of(made, ENERGY) == (100 * KWH, Quality.FAILED)
    assert of(made, ERROR)[0] == 1
    assert of(made, WHY)[0] == Reason.INDEX
    tell(made, 100 * KWH, 14)
    tell(made, 100 * KWH, 15)
    meters.commit(made, at(15))
    assert of(made, ENERGY) == (100 * KWH, Quality.MEASURED)
    assert of(made, ERROR)[0] == of(made, WHY)[0] == 0


def test_what_the_bound_forbids_is_refused() -> None:
    made = known(Setup(largest_power=1000))
    tell(made, 100 * KWH + KWH, 2)
    tell(made, 100 * KWH + KWH, 3)
    meters.commit(made, at(3))
    assert of(made, ENERGY)[0] == 100 * KWH


def test_an_initial_index_shows_what_a_face_showed_before() -> None:
    made = known(Setup(initial={ENERGY: 7 * KWH}))
    assert of(made, ENERGY)[0] == 7 * KWH
    confirm(made, 100 * KWH + 5, 2)
    meters.commit(made, at(2))
    assert of(made, ENERGY)[0] == 7 * KWH + 5


def test_a_register_that_rolls_over() -> None:
    span = 10**9
    feed = Feed("a", {ENERGY: Quality.MEASURED}, MAX_AGE, {ENERGY: Dial(1000, (span,))})
    made = Meter("main", POINTS, [feed])
    for second, energy in enumerate((span - 2000, span - 1000, 1000, 2000, 2000)):
        tell(made, energy, second)
    meters.commit(made, at(4))
    assert of(made, ENERGY)[0] == span + 2000
    assert "index_rolled_over" in events(made)


def test_power_alone_is_counted_and_its_gaps_are_told() -> None:
    made = meters.meter("main", POINTS, [POWER], MAX_AGE)
    for second in (0, 5, 10, 50):
        made.update(Update({POWER: Value(3.6)}), at(second))
    meters.commit(made, at(50))
    assert of(made, ENERGY) == (10_000, Quality.DERIVED)
    assert of(made, EXPORT) == (0, Quality.DERIVED)
    assert of(made, "Index_Gap_Time")[0] == 40


def test_everything_goes_on_after_a_restart() -> None:
    made = known()
    made.write("Demand_Interval", 10, CLI, at(2))
    again = Meter("main", POINTS, [Feed(meters.SOURCE, {ENERGY: Quality.MEASURED}, MAX_AGE)],
                  saved=saved(made.draft(everything=True)), start=at(3))  # fmt: skip
    assert of(again, ENERGY) == (100 * KWH, Quality.STALE)
    assert of(again, "Demand_Interval")[0] == 10
    confirm(again, 100 * KWH + 3, 4)
    meters.commit(again, at(4))
    assert of(again, ENERGY) == (100 * KWH + 3, Quality.MEASURED)


@pytest.mark.parametrize("state", ["", "null", "{}", '{"total": "x"}'])
def test_a_damaged_state_is_refused(state: str) -> None:
    feed = Feed("a", {ENERGY: Quality.MEASURED}, MAX_AGE)
    with pytest.raises(ValueError, match=ENERGY):
        Meter("main", POINTS, [feed], saved=Saved({ENERGY: state}))


def test_a_damaged_demand_is_refused() -> None:
    feed = Feed("a", {ENERGY: Quality.MEASURED}, MAX_AGE)
    with pytest.raises(ValueError, match=r"."):
        Meter("main", POINTS, [feed], saved=Saved(demand="{"))


# exchange, writes, commands


def test_an_exchange_books_the_last_reading_and_begins_with_the_first() -> None:
    made = known()
    made.swap(ENERGY, None, 100 * KWH + 20, 5 * KWH, CLI, at(2))
    assert of(made, ENERGY)[0] == 100 * KWH, "until it is on disk"
    for second in (3, 4):
        made.update(Update({ENERGY: Value(5 * KWH + 1)}, instrument="B"), at(second))
    meters.commit(made, at(4))
    assert of(made, ENERGY)[0] == 100 * KWH + 21
    assert events(made) == ["swap"]


def test_a_sealed_meter_is_not_exchanged() -> None:
    made = known(Setup(sealed=True))
    with pytest.raises(WriteRefusedError) as caught:
        made.swap(ENERGY, None, None, 0, CLI, at(2))
    assert caught.value.reason is Refusal.SEALED
    assert events(made) == ["swap_refused"]


def test_a_setting_has_its_effect_at_once() -> None:
    made = known()
    told: list[str] = []
    made.subscribe(lambda changed: told.extend(changed))
    told.clear()
    made.write("Demand_Interval", 10, CLI, at(2))
    assert told == ["Demand_Interval"]
    assert made.draft().settings == [("Demand_Interval", 10)]
    assert made.reset_settings(None, CLI, at(3)) == ["Demand_Interval"]
    assert of(made, "Demand_Interval")[0] == 15


@pytest.mark.parametrize("point", [ENERGY, VOLTS, "Tamper_Alarm", "Nothing"])
def test_nothing_else_can_be_written(point: str) -> None:
    made = known()
    before = dict(made.readings)
    with pytest.raises(WriteRefusedError):
        made.write(point, 1, CLI, at(1.2))
    meters.commit(made, at(1.2))
    assert {n: r[:2] for n, r in made.readings.items()} == {n: r[:2] for n, r in before.items()}


def test_nobody_writes_by_default() -> None:
    made = known()
    with pytest.raises(WriteRefusedError) as caught:
        made.write("Demand_Interval", 10, Who("modbus", "192.0.2.7"), at(2))
    assert caught.value.reason is Refusal.NOT_ALLOWED


def test_a_command_is_momentary() -> None:
    asked: list[Who] = []

    def sync(who: Who, now: Instant) -> str:
        asked.append(who)
        return "asked"

    made = known(Setup(commands={"Sync_Clock": sync}))
    made.write("Sync_Clock", 1, CLI, at(2))
    assert asked == [CLI]
    assert of(made, "Sync_Clock")[0] == 1
    made.tick(at(4))
    assert of(made, "Sync_Clock")[0] == 0


# several sources, states, troubles


def test_a_second_source_takes_over_and_no_index_falls() -> None:
    feeds = [Feed(name, {ENERGY: Quality.MEASURED}, MAX_AGE) for name in ("a", "b")]
    made = Meter("main", POINTS, feeds)
    for second in (0, 1):
        tell(made, 100 * KWH, second, "a")
        tell(made, 40 * KWH, second, "b")
    meters.commit(made, at(1))
    assert of(made, ENERGY) == (100 * KWH, Quality.MEASURED)
    for second in range(2, 15):
        tell(made, 40 * KWH + second, second, "b")
    meters.commit(made, at(15))
    value, quality = of(made, ENERGY)
    assert 100 * KWH <= value <= 100 * KWH + 14
    assert quality is Quality.MEASURED
    assert "source_switched" in events(made)


def test_a_computed_alarm() -> None:
    made = meters.meter("main", POINTS, ["Current_L1"], MAX_AGE, Setup(rating=Rating(current=10)))
    for second in range(0, 30, 2):
        made.update(Update({"Current_L1": Value(12.0)}), at(second))
    assert of(made, "Overload_Alarm") == (1, Quality.DERIVED)
    made.write("Overload_Threshold", 120, CLI, at(30))
    for second in range(30, 60, 2):
        made.update(Update({"Current_L1": Value(11.0)}), at(second))
    assert of(made, "Overload_Alarm") == (0, Quality.DERIVED)


def test_the_instrument_s_own_alarm_wins() -> None:
    made = meters.meter("main", POINTS, ["Current_L1", "Overload_Alarm"], MAX_AGE,
                        Setup(rating=Rating(current=10)))  # fmt: skip
    for second in range(0, 30, 2):
        made.update(Update({"Current_L1": Value(12.0), "Overload_Alarm": Value(0)}), at(second))
    assert of(made, "Overload_Alarm") == (0, Quality.MEASURED)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (Reason.CLOCK, ["meter_error", "meter_error_over"]),
        (Reason.INTERNAL, ["meter_error", "meter_error_over"]),
        (Reason.STORE, []),  # it befalls every meter, and is told by the store
    ],
)
def test_a_trouble_is_shown_and_told_once(reason: Reason, told: list[str]) -> None:
    made = known()
    for second in (2, 3):
        made.trouble(reason, "what is wrong", at(second))
    assert (of(made, ERROR)[0], of(made, WHY)[0]) == (1, reason)
    made.trouble(reason, None, at(4))
    assert (of(made, ERROR)[0], of(made, WHY)[0]) == (0, 0)
    assert events(made) == told


def test_the_gravest_trouble_is_the_reason() -> None:
    made = known()
    made.trouble(Reason.INTERNAL, "a bug", at(2))
    made.trouble(Reason.STORE, "the disk is full", at(2))
    assert of(made, WHY)[0] == Reason.STORE
    made.trouble(Reason.STORE, None, at(3))
    assert (of(made, ERROR)[0], of(made, WHY)[0]) == (1, Reason.INTERNAL)


def test_a_certificate_holds_while_the_register_is_passed_on_unchanged() -> None:
    certificate = MidCertificate(number="X", expires="2034-12-31")
    name = "MID_Certification_Valid"
    assert of(known(Setup(certificate=certificate)), name)[0] == 1
    assert of(known(Setup()), name)[0] == 0
    assert of(known(Setup(certificate=certificate, intact=False)), name)[0] == 0
    assert of(known(Setup(certificate=certificate, initial={ENERGY: 7})), name)[0] == 0


def test_the_instrument_s_time_is_kept() -> None:
    made = known()
    assert made.instrument_time(at(1)) is None
    stamp = Stamp(1_700_000_000, "H231114231320")
    made.update(Update({ENERGY: Value(100 * KWH)}, clock=stamp), at(2))
    tell(made, 100 * KWH, 3)
    assert made.instrument_time(at(3)) == stamp
    assert made.instrument_time(at(2 + MAX_AGE)) == stamp
    assert made.instrument_time(at(2.1 + MAX_AGE)) is None, "a silent instrument has no time"


def test_a_face_that_breaks_keeps_no_other_from_hearing(caplog: pytest.LogCaptureFixture) -> None:
    made = known()
    sound = True
    told: list[str] = []

    def face(changed: object) -> None:
        if not sound:
            raise RuntimeError("a bug")

    made.subscribe(face)
    made.subscribe(lambda changed: told.extend(changed))
    sound = False
    for second in range(2, 6):
        told.clear()
        tell(made, 100 * KWH + second, second)
        meters.commit(made, at(second))
        assert ENERGY in told or second == 2, "as every change is"
    assert caplog.text.count("event=listener_failed") == 1
    assert (of(made, ERROR)[0], of(made, WHY)[0]) == (1, Reason.INTERNAL)
