"""What several messages in a row say."""

from submeter.sources.translation.steady import Steady


def test_a_row_ends_with_whatever_else_is_said() -> None:
    made = Steady()
    said = ["a", "a", "b", "a", "a", "a"]
    assert [made.times("x", each) for each in said] == [1, 2, 1, 1, 2, 3]


def test_names_are_apart_and_bounded() -> None:
    made = Steady()
    made.times("x", None)
    assert made.times("y", None) == 1
    assert made.times("x", None) == 2
    for number in range(made.MOST):
        made.times(str(number), 0)
    assert made.times("x", None) == 1
