"""The only door: who comes through, what is told, and what no sequence of writes can do."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.errors import Refusal, SubmeterError, WriteRefusedError
from submeter.meter.access import Access, Who
from submeter.meter.access_settings import AccessSettings
from submeter.meter.audit import Audit
from submeter.meter.door import MOMENT, Command, Door
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading
from submeter.meter.settings import Settings
from submeter.pointmap import points

POINTS = points.standard()
RESET, SYNC = "Reset_Demand_Peak", "Sync_Clock"
WINDOW, PRIMARY = "Demand_Interval", "CT_Primary_Rating"
OPEN = AccessSettings(networks=["192.0.2.0/24"], unlock="none")
NEAR, FAR, CLI = Who("modbus", "192.0.2.7"), Who("modbus", "198.51.100.7"), Who("cli", "root")
CONFIGURED = {PRIMARY: 200, "CT_Secondary_Rating": 5, "Modbus_Address": 1}


def at(seconds: float) -> Instant:
    return Instant(seconds, 1_700_000_000 + seconds)


class Bench:
    """A door with all that stands behind it."""

    def __init__(
        self,
        access: AccessSettings = OPEN,
        sealed: bool = False,
        names: Sequence[str] = (RESET, SYNC),
        failure: SubmeterError | None = None,
    ) -> None:
        self.audit = Audit()
        self.settings = Settings(POINTS.values(), CONFIGURED, {}, sealed)
        self.done: list[str] = []
        self.failure = failure
        commands = {name: self._command(name) for name in names}
        self.door = Door("main", self.settings, Access(access, self.audit), self.audit, commands)

    def _command(self, name: str) -> Command:
        def act(who: Who, now: Instant) -> str:
            if self.failure:
                raise self.failure
            self.done.append(name)
            return "all done"

        return act

    def write(self, point: str, value: Any, who: Who = NEAR, now: float = 0) -> Refusal | None:
        return self.write_all([(point, value)], who, now)

    def write_all(
        self, wishes: Sequence[tuple[str, Any]], who: Who = NEAR, now: float = 0
    ) -> Refusal | None:
        try:
            self.door.write_all(wishes, who, at(now))
        except WriteRefusedError as error:
            return error.reason
        return None

    def told(self) -> list[tuple[str, str]]:
        return [(entry.event, entry.detail) for entry in self.audit.take()]


def test_a_setting_is_written_and_told() -> None:
    bench = Bench()
    assert bench.write(WINDOW, 10.0) is None
    assert bench.settings.value(WINDOW) == 10
    (entry,) = bench.audit.take()
    assert entry.meter == "main"
    assert entry.who == "modbus 192.0.2.7"
    assert entry.at == 1_700_000_000
    assert (entry.event, entry.detail) == (
        "setting_changed",
        "point=Demand_Interval old=15 new=10",
    )


@pytest.mark.parametrize(
    ("point", "value", "reason"),
    [
        ("Nothing", 1, Refusal.UNKNOWN),
        ("Active_Energy_Import", 0, Refusal.READ_ONLY),
        ("Voltage_L1_N", 230, Refusal.READ_ONLY),
        ("Tamper_Alarm", 0, Refusal.READ_ONLY),
        (WINDOW, 61, Refusal.OUT_OF_RANGE),
        (RESET, 2, Refusal.OUT_OF_RANGE),
        (RESET, -1, Refusal.OUT_OF_RANGE),
        (RESET, 0.5, Refusal.OUT_OF_RANGE),
        (RESET, float("nan"), Refusal.OUT_OF_RANGE),
        (RESET, True, Refusal.OUT_OF_RANGE),
        (RESET, "1", Refusal.OUT_OF_RANGE),
        pytest.param(WINDOW, 10**5000, Refusal.OUT_OF_RANGE, id="huge"),
    ],
)
def test_what_is_refused_is_told(point: str, value: Any, reason: Refusal) -> None:
    bench = Bench()
    assert bench.write(point, value) is reason
    assert not bench.done
    ((event, detail),) = bench.told()
    assert event == "write_refused"
    assert detail.startswith(f"point={point} value=")
    assert detail.endswith(f"reason={reason}")


def test_a_sealed_setting_is_refused_to_the_operator_too() -> None:
    bench = Bench(sealed=True)
    assert bench.write(PRIMARY, 100, CLI) is Refusal.SEALED
    assert bench.settings.value(PRIMARY) == 200


def test_without_access_nothing_is_looked_at() -> None:
    bench = Bench()
    for point in (WINDOW, RESET, "Nothing", "Active_Energy_Import"):
        assert bench.write(point, 1, FAR) is Refusal.NOT_ALLOWED
    assert not bench.done


def test_the_list_alone_makes_no_index_writable() -> None:
    index = POINTS["Active_Energy_Import"].model_copy(
        update={"access": "R/W", "group": "configuration"}
    )
    audit = Audit()
    settings = Settings([index], {index.name: 5}, {})
    door = Door("main", settings, Access(OPEN, audit), audit, {})
    with pytest.raises(WriteRefusedError) as caught:
        door.write(index.name, 6, CLI, at(0))
    assert caught.value.reason is Refusal.READ_ONLY


def test_a_command_acts_once_and_is_momentary() -> None:
    bench = Bench(names=[RESET])
    idle = bench.door.readings(at(0))
    assert idle[RESET] == Reading(0, Quality.MEASURED)
    assert idle[SYNC] == Reading(None, Quality.ABSENT)
    assert bench.write(RESET, 1, now=5) is None
    assert bench.done == [RESET]
    assert bench.door.readings(at(5))[RESET][:2] == (1, Quality.MEASURED)
    assert bench.door.readings(at(5 + MOMENT / 2))[RESET].value == 1
    assert bench.door.readings(at(5 + MOMENT))[RESET].value == 0
    assert bench.door.readings(at(5 + MOMENT)) is idle or bench.door.readings(at(7)) is idle
    assert bench.told() == [("command", 'point=Reset_Demand_Peak result="all done"')]


def test_zero_does_nothing() -> None:
    bench = Bench()
    assert bench.write(RESET, 0) is None
    assert not bench.done
    assert bench.door.readings(at(0))[RESET].value == 0
    assert bench.told() == [("write_unchanged", "point=Reset_Demand_Peak value=0")]


def test_a_command_that_the_meter_has_not() -> None:
    assert Bench(names=[]).write(SYNC, 1) is Refusal.UNSUPPORTED


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (WriteRefusedError(Refusal.SEALED, "sealed"), Refusal.SEALED),
        (SubmeterError("no such thing"), Refusal.UNSUPPORTED),
    ],
)
def test_a_command_that_the_machine_refuses(failure: SubmeterError, reason: Refusal) -> None:
    bench = Bench(failure=failure)
    assert bench.write_all([(WINDOW, 5), (RESET, 1)]) is reason
    assert bench.settings.value(WINDOW) == 15
    assert bench.door.readings(at(0))[RESET].value == 0
    assert bench.told() == [("write_refused", f"point=Reset_Demand_Peak value=1 reason={reason}")]


def test_all_or_nothing() -> None:
    bench = Bench()
    wishes = [(WINDOW, 5), (RESET, 1), ("Overload_Threshold", 500)]
    assert bench.write_all(wishes) is Refusal.OUT_OF_RANGE
    assert bench.settings.value(WINDOW) == 15
    assert not bench.done
    assert bench.write_all(wishes[:2]) is None
    assert bench.settings.value(WINDOW) == 5
    assert bench.done == [RESET]


def test_a_listener_that_breaks_leaves_no_write_half_done(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    armed = False

    def breaks(_: str, __: float) -> None:
        if armed:
            raise ZeroDivisionError("a fault of ours")

    bench.settings.subscribe(breaks)
    armed = True
    assert bench.write_all([(WINDOW, 5), ("Overload_Threshold", 90), ("Pulse_Constant", 7)]) is None
    assert dict(bench.settings.unsaved()) == {
        WINDOW: 5,
        "Overload_Threshold": 90,
        "Pulse_Constant": 7,
    }
    assert [event for event, _ in bench.told()] == ["setting_changed"] * 3
    assert caplog.text.count("event=setting_not_followed") == 1


def test_a_value_that_the_first_of_a_request_makes_impossible_is_written_all_the_same() -> None:
    bench = Bench()
    taken = "Modbus_Address"
    bench.settings.object_to(
        taken, lambda _: "taken" if bench.settings.value(WINDOW) == 5 else None
    )
    assert bench.write_all([(WINDOW, 5), (taken, 9)]) is None
    assert bench.settings.value(taken) == 9


def test_a_poller_that_writes_the_same_again_and_again_is_counted() -> None:
    bench = Bench()
    for second in range(10):
        bench.write(WINDOW, 5, now=second)
    assert bench.told() == [
        ("setting_changed", "point=Demand_Interval old=15 new=5"),
        ("write_unchanged", "point=Demand_Interval value=5"),
        ("write_unchanged", "point=Demand_Interval value=5 count=8"),
    ]


def test_reset() -> None:
    bench = Bench()
    bench.write(WINDOW, 5)
    bench.told()
    with pytest.raises(WriteRefusedError):
        bench.door.reset(WINDOW, FAR, at(0))
    assert bench.settings.value(WINDOW) == 5
    bench.door.reset(WINDOW, CLI, at(1))
    assert bench.settings.value(WINDOW) == 15
    with pytest.raises(WriteRefusedError):
        bench.door.reset("Active_Energy_Import", CLI, at(1))
    assert bench.told() == [
        ("write_refused", "point=Demand_Interval value=reset reason=not-allowed"),
        ("setting_reset", "point=Demand_Interval old=5 new=15"),
        ("write_refused", "point=Active_Energy_Import value=reset reason=unknown"),
    ]


def check(bench: Bench, point: str, value: Any, who: Who = NEAR) -> Refusal | None:
    try:
        bench.door.check(point, value, who, at(0))
    except WriteRefusedError as error:
        return error.reason
    return None


def test_a_check_writes_nothing_and_tells_nothing() -> None:
    bench = Bench()
    assert check(bench, WINDOW, 5) is None
    assert check(bench, RESET, 1) is None
    assert bench.settings.value(WINDOW) == 15
    assert bench.settings.unsaved() == []
    assert bench.done == []
    assert bench.told() == []


def test_a_check_refuses_what_a_write_would() -> None:
    bench = Bench(sealed=True)
    assert check(bench, WINDOW, 61) is Refusal.OUT_OF_RANGE
    assert check(bench, WINDOW, 5, FAR) is Refusal.NOT_ALLOWED
    assert check(bench, PRIMARY, 200) is Refusal.SEALED
    assert check(bench, "Voltage_L1_N", 230) is Refusal.READ_ONLY
    assert check(bench, "Nothing", 1) is Refusal.UNKNOWN
    assert {event for event, _ in bench.told()} == {"write_refused"}


VALUES = st.one_of(st.sampled_from([0, 1, 5, 15, 100, 9600]), st.integers(), st.floats())
WISHES = st.lists(st.tuples(st.sampled_from([*POINTS, "Nothing"]), VALUES), max_size=4)
WHO = st.sampled_from([NEAR, FAR, CLI, Who("modbus", "::ffff:198.51.100.9"), Who("x", "")])


@given(
    batches=st.lists(st.tuples(WISHES, WHO, st.booleans()), max_size=12),
    closed=st.booleans(),
)
def test_no_sequence_of_writes_moves_what_is_frozen(
    batches: list[tuple[list[tuple[str, Any]], Who, bool]], closed: bool
) -> None:
    bench = Bench(AccessSettings() if closed else OPEN, sealed=True)
    for second, (wishes, who, resets) in enumerate(batches):
        before = dict(bench.settings.readings()), list(bench.done)
        refusal = bench.write_all(wishes, who, 100.0 * second)
        told = bench.told()
        after = dict(bench.settings.readings()), list(bench.done)
        if refusal:
            assert after == before
            assert [event for event, _ in told] == ["write_refused"]
        else:
            assert bool(told) == bool(wishes)
        permitted = who is CLI or (who is NEAR and not closed)
        if not permitted:
            assert after == before
            assert refusal is Refusal.NOT_ALLOWED or not wishes
        if resets:
            for point, _ in wishes:
                try:
                    bench.door.reset(point, who, at(100 * second + 1))
                except WriteRefusedError:
                    continue
                assert permitted
                assert point in bench.settings.points
        bench.told()
        for name in (PRIMARY, "CT_Secondary_Rating"):
            assert bench.settings.value(name) == CONFIGURED[name]
        assert not {"Active_Energy_Import", "Voltage_L1_N"} & bench.settings.readings().keys()
