"""Expressions of calculated meters: what they say, what they may not, and in which order."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.meter.expression import Expression, Term, order, parse

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,12}", fullmatch=True)


def test_a_sum_and_difference() -> None:
    made = parse("main - tenant-a  + roof.pv\t- b")
    assert made.terms == (Term(1, "main"), Term(-1, "tenant-a"), Term(1, "roof.pv"), Term(-1, "b"))
    assert str(made) == "main - tenant-a + roof.pv - b"
    assert made.names == ("main", "tenant-a", "roof.pv", "b")


def test_one_meter_alone() -> None:
    assert parse(" main ").terms == (Term(1, "main"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an expression is missing; write meters such as 'main - a - b'"),
        ("  ", "an expression is missing; write meters such as 'main - a - b'"),
        ("- a", "an expression begins with a meter that is added, not with '-'"),
        ("+ a", "an expression begins with a meter that is added, not with '+'"),
        ("-a + b", "'-a': write a space after the operator, as in 'main - a'"),
        ("main -", "a meter is missing after the last '-'"),
        ("main -a", "'-a': write spaces round the operator, as in 'main - a'"),
        ("main +a - b", "'+a': write spaces round the operator, as in 'main - a'"),
        ("main - -a", "'-a': write a space after the operator, as in 'main - a'"),
        ("main - + a", "two operators in a row: '- +'"),
        ("main a", "an operator is missing between 'main' and 'a'; write + or -"),
        ("main * a", "unknown operator '*'; there are + and -, with spaces round them"),
        ("main − a", "unknown operator '−'; there are + and -, with spaces round them"),
        ("main - (a + b)", "'(a': there are no parentheses; write each meter with its own sign"),
        ("main - a - a", "meter 'a' stands twice; name every meter once"),
        ("main - a,b", "'a,b' is no name of a meter"),
        ("main - é", "'é' is no name of a meter"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the text is compared as a whole
        parse(text)
    assert str(raised.value) == message


@given(st.lists(st.tuples(st.sampled_from([1, -1]), NAMES), min_size=1, unique_by=lambda t: t[1]))
def test_text_and_back(terms: list[tuple[int, str]]) -> None:
    first, *rest = terms
    made = Expression((Term(1, first[1]), *(Term(*each) for each in rest)))
    assert parse(str(made)) == made


@given(st.text(alphabet="ab-+ .(é", max_size=12))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    told = ""
    try:
        made = parse(text)
    except ValueError as error:
        told = str(error)
    else:
        assert str(made).split() == text.split()
    assert "\n" not in told


def test_those_that_others_are_calculated_from_come_first() -> None:
    calculated = {
        "common": parse("main - tenants"),
        "house": parse("common + tenants + pv"),
        "tenants": parse("a + b"),
    }
    assert order(calculated, ["main", "a", "b", "pv"]) == ["tenants", "common", "house"]
    assert order({}, ["main"]) == []


@pytest.mark.parametrize(
    ("calculated", "message"),
    [
        ({"c": "mian - a"}, "meter 'c' is calculated from 'mian', which is no meter; "
         "did you mean 'main'?"),
        ({"c": "main-a"}, "meter 'c' is calculated from 'main-a', which is no meter; "
         "write spaces round the operator: main - a"),
        ({"c": "main - zzz"}, "meter 'c' is calculated from 'zzz', which is no meter"),
        ({"c": "main - c"}, "meters are calculated from one another: c -> c; break the circle"),
    ],
)  # fmt: skip
def test_names_that_do_not_work_out(calculated: dict[str, str], message: str) -> None:
    expressions = {name: parse(text) for name, text in calculated.items()}
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the text is compared as a whole
        order(expressions, ["main", "a"])
    assert str(raised.value) == message


def test_a_circle_is_told_in_the_direction_of_its_use() -> None:
    calculated = {"x": parse("main - y"), "y": parse("z + main"), "z": parse("x + main")}
    with pytest.raises(ValueError, match="meters are calculated from one another") as raised:
        order(calculated, ["main"])
    names = str(raised.value).split(": ")[1].split(";")[0].split(" -> ")
    assert names[0] == names[-1]
    assert set(names) == {"x", "y", "z"}
    for user, used in itertools.pairwise(names):
        assert used in calculated[user].names
