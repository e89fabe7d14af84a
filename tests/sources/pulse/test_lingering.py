"""A trouble that comes and goes is shown without flicker."""

from itertools import pairwise

from submeter.errors import Condition
from submeter.sources.pulse.lingering import CALM, Lingering

NOISE, LAYOUT = Condition.NOISE, Condition.WRONG_LAYOUT


def shown(*troubles: Condition | None, step: float = 1.0) -> list[Condition | None]:
    lingering, found = Lingering(), list[Condition | None]()
    for turn, each in enumerate(troubles):
        lingering.take(each, step * turn)
        found.append(lingering.shown)
    return found


def test_a_trouble_is_shown_and_over_at_once() -> None:
    said = (None, NOISE, NOISE, None, None)
    assert shown(*said) == list(said)


def test_one_that_returns_stays_until_there_was_none_for_a_minute() -> None:
    calm = int(CALM)
    found = shown(*[NOISE, None] * 500, *[None] * 100, NOISE)
    assert found[:3] == [NOISE, None, NOISE]
    assert set(found[2 : 999 + calm]) == {NOISE}
    assert found[999 + calm :] == [None] * (101 - calm) + [NOISE]


def test_troubles_that_take_turns_do_not_flicker_and_do_not_hide() -> None:
    found = shown(*[NOISE, LAYOUT, None] * 300)
    assert sum(one is not other for one, other in pairwise(found)) < 5
    assert set(found[5:]) <= {NOISE, LAYOUT}


def test_another_trouble_that_lasts_is_shown() -> None:
    found = shown(*[NOISE, None] * 3, *[LAYOUT] * 100)
    assert found[-1] is LAYOUT


def test_rare_ones_are_shown_each_time() -> None:
    said = [NOISE, None] * 20
    assert shown(*said, step=CALM) == said
