"""Which meters a calculated meter adds and subtracts."""

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_SIGNS = {"+": 1, "-": -1}


class Term(NamedTuple):
    """One meter of an expression; `sign` is 1 where it is added, -1 where it is subtracted."""

    sign: int
    name: str


@dataclass(frozen=True, slots=True)
class Expression:
    """A sum and difference of meters; the first one is added. `str` gives its text."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        first, *rest = self.terms
        return first.name + "".join(f" {'+' if s > 0 else '-'} {name}" for s, name in rest)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the meters, in their order."""
        return tuple(term.name for term in self.terms)


def parse(text: str) -> Expression:
    """Return the expression of a text such as `main - tenant-a - tenant-b`.

    Meters' names and the operators + and - take turns, with spaces between them, since a name may
    contain a '-'. There are no parentheses, no sign before the first name, and no name twice.
    Raises ValueError with one line that says what would be right.
    """
    words = text.split()
    if not words:
        raise ValueError("an expression is missing; write meters such as 'main - a - b'")
    terms: list[Term] = []
    for place, word in enumerate(words):
        if place % 2 == 0:
            terms.append(Term(_sign(words, place), _name(words, place)))
        elif word not in _SIGNS:
            raise ValueError(_no_operator(words[place - 1], word))
    if len(words) % 2 == 0:
        raise ValueError(f"a meter is missing after the last '{words[-1]}'")
    names = [term.name for term in terms]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"meter '{twice}' stands twice; name every meter once")
    return Expression(tuple(terms))


def order(calculated: Mapping[str, Expression], plain: Collection[str]) -> list[str]:
    """Return the names of `calculated`, each after those that it is calculated from.

    `plain` are the meters that sources feed. Raises ValueError for a name that is neither, and for
    meters that are calculated from one another.
    """
    known = {*calculated, *plain}
    for name, expression in calculated.items():
        for part in expression.names:
            if part not in known:
                raise ValueError(_unknown(name, part, known))
    graph = {name: expression.names for name, expression in calculated.items()}
    try:
        return [name for name in TopologicalSorter(graph).static_order() if name in calculated]
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        message = f"meters are calculated from one another: {circle}; break the circle"
        raise ValueError(message) from None


def _sign(words: list[str], place: int) -> int:
    return _SIGNS[words[place - 1]] if place else 1


def _name(words: list[str], place: int) -> str:
    word = words[place]
    if _NAME.fullmatch(word):
        return word
    if word in _SIGNS and not place:
        raise ValueError(f"an expression begins with a meter that is added, not with '{word}'")
    if word in _SIGNS:
        raise ValueError(f"two operators in a row: '{words[place - 1]} {word}'")
    if "(" in word or ")" in word:
        raise ValueError(f"'{word}': there are no parentheses; write each meter with its own sign")
    if word[0] in _SIGNS:
        raise ValueError(f"'{word}': write a space after the operator, as in 'main - a'")
    raise ValueError(f"'{word}' is no name of a meter")


def _no_operator(before: str, word: str) -> str:
    if word[0] in _SIGNS:
        return f"'{word}': write spaces round the operator, as in 'main - a'"
    if _NAME.fullmatch(word):
        return f"an operator is missing between '{before}' and '{word}'; write + or -"
    return f"unknown operator '{word}'; there are + and -, with spaces round them"


def _unknown(name: str, part: str, known: Collection[str]) -> str:
    message = f"meter '{name}' is calculated from '{part}', which is no meter"
    pieces = part.split("-")
    if len(pieces) > 1 and all(piece in known for piece in pieces):
        return f"{message}; write spaces round the operator: {' - '.join(pieces)}"
    near = difflib.get_close_matches(part, sorted(known), 1)
    return f"{message}; did you mean '{near[0]}'?" if near else message
