import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.bacnet.alarms.event_state import Change, EventState, StateMachine

N, F, O = EventState.NORMAL, EventState.FAULT, EventState.OFFNORMAL  # noqa: E741
Step = tuple[float, bool, int]
SETTLING = 30.0


def run(
    delay: float, steps: list[Step], settling: float = 0.0, before: EventState = N
) -> list[tuple[float, Change]]:
    """Feed steps (moment, alarm, reliability) as a timer would, too; return what happens when."""
    machine = StateMachine(delay, settling, before)
    seen: list[tuple[float, Change]] = []
    last: tuple[bool, int] | None = None
    for at, alarm, reliability in [*steps, (1e6, *steps[-1][1:])]:
        while last and machine.deadline is not None and machine.deadline < at:
            due = machine.deadline
            seen += [(due, change) for change in machine.take(*last, due)]
        seen += [(at, change) for change in machine.take(alarm, reliability, at)]
        last = alarm, reliability
    return seen


CASES: dict[str, tuple[float, list[Step], list[tuple[float, EventState, EventState]]]] = {
    "normal from the start": (0, [(0, False, 0)], []),
    "alarm and back": (
        0,
        [(0, False, 0), (1, True, 0), (2, False, 0)],
        [(1, N, O), (2, O, N)],
    ),
    "the same again": (0, [(0, False, 0), (1, True, 0), (2, True, 0)], [(1, N, O)]),
    "alarm lasts the delay": (
        10,
        [(0, False, 0), (1, True, 0), (30, False, 0)],
        [(11, N, O), (40, O, N)],
    ),
    "alarm is too short": (10, [(0, False, 0), (1, True, 0), (10.9, False, 0)], []),
    "alarm begins anew": (
        10,
        [(0, False, 0), (1, True, 0), (9, False, 0), (9.5, True, 0)],
        [(19.5, N, O)],
    ),
    "normal is too short": (
        5,
        [(0, False, 0), (1, True, 0), (10, False, 0), (14, True, 0)],
        [(6, N, O)],
    ),
    "fault at once": (10, [(0, False, 0), (1, False, 12)], [(1, N, F)]),
    "fault ends a delay": (
        10,
        [(0, False, 0), (1, True, 0), (5, True, 12), (6, True, 0)],
        [(5, N, F), (6, F, N), (16, N, O)],
    ),
    "fault in an alarm": (
        0,
        [(0, False, 0), (1, True, 0), (2, True, 12), (3, True, 0)],
        [(1, N, O), (2, O, F), (3, F, N), (3, N, O)],
    ),
    "fault over, value normal": (
        0,
        [(0, False, 0), (1, True, 0), (2, True, 7), (3, False, 0)],
        [(1, N, O), (2, O, F), (3, F, N)],
    ),
    "another fault": (0, [(0, False, 0), (1, False, 12), (2, False, 7)], [(1, N, F), (2, F, F)]),
    "the same fault": (0, [(0, False, 0), (1, False, 12), (2, True, 12)], [(1, N, F)]),
    "unreliable from the start": (0, [(0, False, 12), (5, True, 7), (6, False, 1)], []),
    "unreliable, then good": (0, [(0, False, 12), (5, False, 0), (6, False, 12)], [(6, N, F)]),
    "unreliable, then alarm": (0, [(0, True, 12), (5, True, 0)], [(5, N, O)]),
}


@pytest.mark.parametrize("case", CASES)
def test_transitions(case: str) -> None:
    delay, steps, expected = CASES[case]
    assert [(at, *change) for at, change in run(delay, steps)] == expected


def test_alarm_from_the_start_has_to_settle() -> None:
    assert run(0, [(0, True, 0), (2, False, 0)], SETTLING) == []
    assert run(0, [(0, True, 0)], SETTLING) == [(30, Change(N, O))]
    assert run(60, [(0, True, 0)], SETTLING) == [(60, Change(N, O))]
    # Once it was normal, or faulty, it is no start any more.
    assert run(0, [(0, False, 0), (1, True, 0)], SETTLING) == [(1, Change(N, O))]
    later = run(0, [(0, True, 0), (2, False, 0), (3, True, 0)], SETTLING)
    assert later == [(3, Change(N, O))]


def test_goes_on_from_an_earlier_run() -> None:
    unheard, well, alarm = (0, False, 7), (5, False, 0), (5, True, 0)
    assert run(0, [unheard, well], SETTLING, O) == [(5, Change(O, N))]
    assert run(8, [unheard, well], SETTLING, O) == [(13, Change(O, N))]
    assert run(0, [unheard, alarm], SETTLING, O) == []
    assert run(0, [unheard, well], SETTLING, F) == [(5, Change(F, N))]
    assert run(0, [unheard, alarm], SETTLING, F) == [(5, Change(F, N)), (35, Change(N, O))]
    assert run(0, [unheard, (5, True, 12)], SETTLING, F) == []
    assert run(0, [unheard, well, (6, False, 12)], SETTLING, O)[1:] == [(6, Change(N, F))]


def test_fault_that_was_never_good_is_no_transition() -> None:
    machine = StateMachine(0, 0)
    assert machine.state is N
    assert machine.take(True, 7, 0) == []
    assert machine.state is F
    assert machine.take(False, 0, 1) == []
    assert machine.state is N


def test_number_of_the_transition() -> None:
    assert [state.transition for state in (O, F, N)] == [0, 1, 2]


def test_transitions_of_reliability() -> None:
    told = {(a, b): Change(a, b).of_reliability for a in (N, F, O) for b in (N, F, O)}
    assert [pair for pair, flag in told.items() if not flag] == [(N, N), (N, O), (O, N), (O, O)]


STEPS = st.lists(
    st.tuples(st.floats(0.01, 20), st.booleans(), st.sampled_from([0, 0, 0, 1, 7, 12])),
    min_size=1,
    max_size=40,
)


@given(STEPS, st.sampled_from([0, 1, 7]), st.sampled_from([0, 30]), st.sampled_from([N, F, O]))
def test_what_always_holds(
    pauses: list[Step], delay: float, settling: float, before: EventState
) -> None:
    machine = StateMachine(delay, settling, before)
    state, was_good, now = before, False, 0.0
    for pause, alarm, reliability in pauses:
        now += pause
        for change in machine.take(alarm, reliability, now):
            assert change.before is state
            assert change.before is not change.after or change.after is F
            state = change.after
        was_good = was_good or reliability == 0
        # A fault before the object was ever good is no transition.
        assert machine.state is (state if was_good else F)
        assert (machine.state is F) == (reliability != 0)
        if machine.deadline is None and reliability == 0:
            assert state is (O if alarm else N)
        if machine.deadline is not None:
            assert reliability == 0
            assert now < machine.deadline <= now + max(delay, settling)
            assert machine.deadline <= now + delay or alarm
