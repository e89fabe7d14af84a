from store.pages import interval, sample
from submeter.store.backlog import MOST_SAMPLES, Backlog
from submeter.store.page import AnswerRow

DONE, LATER = AnswerRow(1, "done", True), AnswerRow(2, "later", True)


def full() -> Backlog:
    intervals = [interval(0), interval(0, "other"), interval(1)]
    answers = {1: ("main", DONE), 2: ("other", LATER)}
    return Backlog(intervals, [sample(0), sample(0, "other")], {"a": "b"}, answers)


def test_intervals_and_answers_wait_with_their_meter() -> None:
    ready, late = full().parted({"other"})
    assert ready.intervals == [interval(0), interval(1)]
    assert ready.answers == {1: ("main", DONE)}
    assert (len(ready.samples), ready.notes) == (2, {"a": "b"})
    assert late == Backlog([interval(0, "other")], answers={2: ("other", LATER)})
    assert full().parted(set()) == (full(), Backlog())


def test_nothing_is_lost_when_it_is_put_together_again() -> None:
    newer = Backlog([interval(2)], [sample(1)], {"a": "c"})
    found = full().followed_by(newer)
    assert found.intervals == [*full().intervals, interval(2)]
    assert found.notes == {"a": "c"}
    assert found.answers == full().answers


def test_the_oldest_samples_are_let_go() -> None:
    many = Backlog(samples=[sample(number) for number in range(MOST_SAMPLES)])
    found = many.followed_by(Backlog(samples=[sample(MOST_SAMPLES)])).samples
    assert (found[0], found[-1], len(found)) == (sample(1), sample(MOST_SAMPLES), MOST_SAMPLES)


def test_a_page_has_the_answers() -> None:
    assert full().page([], []).answers == [DONE, LATER]
