"""Invocation counters."""

import pytest

from submeter.sources.dlms.counters import MOST, Counters

ONE, OTHER = b"LGZ\1\2\3\4\5", b"KFM\1\2\3\4\5"


def test_a_counter_must_grow_for_each_meter_by_itself() -> None:
    counters = Counters()
    assert counters.fresh(ONE, 0)
    counters.take(ONE, 5)
    assert not counters.fresh(ONE, 5)
    assert not counters.fresh(ONE, 4)
    assert counters.fresh(ONE, 6)
    assert counters.fresh(OTHER, 1)


def test_what_is_saved_goes_on() -> None:
    counters, again = Counters(), Counters()
    counters.take(ONE, 5)
    counters.take(OTHER, 7)
    again.restore(counters.saved())
    assert not again.fresh(OTHER, 7)
    assert again.saved() == counters.saved()


def test_the_meter_heard_longest_ago_is_forgotten() -> None:
    counters = Counters()
    for n in range(MOST):
        counters.take(bytes([n] * 8), 1)
    counters.take(bytes(8), 2)
    counters.take(ONE, 1)
    assert not counters.fresh(bytes(8), 2)
    assert counters.fresh(bytes([1] * 8), 1)
    assert len(counters.saved()) == MOST


@pytest.mark.parametrize(
    "saved", [None, [], {"a": "b"}, {"a": -1}, {"a": True}, {1: 1}, {"a": 2**32}]
)
def test_what_is_damaged_is_refused(saved: object) -> None:
    with pytest.raises(ValueError, match="counter"):
        Counters().restore(saved)
