"""A meter that is the sum and difference of others, as if it were an instrument of its own."""

from collections.abc import Mapping, Sequence

from submeter.meter.expression import Expression
from submeter.meter.feed import Dial, Feed
from submeter.meter.reading import Quality, Reading, Update, Value

# The index that is calculated, and what of each part counts for and against it. Apparent energies
# do not add up, and those of tariffs and quadrants are net of nothing that a part says.
_ENERGIES: tuple[tuple[str, ...], ...] = (
    ("Active_Energy_Import", "Active_Energy_Export"),
    ("Reactive_Energy_Import", "Reactive_Energy_Export"),
    ("Heat_Energy",),
    ("Cooling_Energy",),
    ("Volume",),
)
_POWERS = (
    "Active_Power_Total",
    "Reactive_Power_Total",
    "Active_Power_L1",
    "Active_Power_L2",
    "Active_Power_L3",
    "Heat_Power",
    "Volume_Flow",
)
_HEARD = (*_POWERS, *(name for pair in _ENERGIES for name in pair))
_UNKNOWN = Reading(None, Quality.STALE)


class _Mark:
    """How far one index has come, as sums of the parts in mWh (mvarh, mL).

    `zero` is the sum at which the index reads 0, `high` the highest one yet.
    """

    __slots__ = ("high", "zero")

    def __init__(self, zero: int, high: int) -> None:
        self.zero = zero
        self.high = high


class Calculated:
    """The sum and difference of other meters by `expression`; readings age after `max_age` s.

    Powers in kW (kvar) and flows are the signed sums of the parts'. An index in mWh (mvarh, mL) is
    that of their imports less their exports: it is net of what the parts feed in. The parts are
    read at different times, so that their difference jitters: the highest one yet is what counts,
    and the index never falls. A difference that is negative at the very first counts as 0 from
    there on.
    """

    def __init__(self, expression: Expression, max_age: float) -> None:
        self.expression = expression
        self.max_age = max_age
        self._text = str(expression)
        self._parts = {term.name: dict.fromkeys(_HEARD, _UNKNOWN) for term in expression.terms}
        self._terms = [(term.sign, self._parts[term.name]) for term in expression.terms]
        self._marks: dict[str, _Mark] = {}
        self._heard = False
        self._latest: Update | None = None

    def hear(self, name: str, readings: Mapping[str, Reading]) -> None:
        """Take over those readings of the part `name` that changed; KeyError if it is no part."""
        part = self._parts[name]
        for point in _HEARD:
            if point in readings:
                part[point] = readings[point]
                self._heard = True

    def update(self) -> Update | None:
        """Return what the parts come to, to be called once a tick; None if nothing.

        A value is left out while one of the parts' is not good, so that it goes stale; the parts
        age by themselves and say so. Points that
        a part is known not to have are absent. The update's instrument is the expression's text:
        another expression is another register.
        """
        if self._heard:
            self._latest = self._calculate()
            self._heard = False
        return self._latest

    def saved(self) -> dict[str, object]:
        """Return the marks of the indexes as a JSON-able dict."""
        marks = {point: [mark.zero, mark.high] for point, mark in self._marks.items()}
        return {"expression": self._text, "marks": marks}

    def restore(self, saved: Mapping[str, object]) -> None:
        """Go on from `saved`, before the first update; one of another expression is left aside.

        Raises ValueError if it is not what `saved()` returns, and changes nothing then.
        """
        if not isinstance(saved.get("expression"), str):
            raise ValueError("a calculated meter's saved state names no expression")
        marks = _marks(saved.get("marks"))
        if saved["expression"] == self._text:
            self._marks = marks

    def expected(self, parts: Sequence[Mapping[str, Quality]]) -> dict[str, Quality]:
        """Return the points there will be with their usual quality, from those of the parts.

        `parts` are in the order of the expression; a point that a part will not have is missing
        there, or ABSENT.
        """
        had = [{p: q for p, q in part.items() if q is not Quality.ABSENT} for part in parts]
        needs = {point: [part.keys() & {point} for part in had] for point in _POWERS}
        for pair in _ENERGIES:
            needs[pair[0]] = [part.keys() & set(pair) for part in had]
        found = {}
        for point in (*(pair[0] for pair in _ENERGIES), *_POWERS):
            if all(needs[point]):
                used = (
                    p[name] for p, names in zip(had, needs[point], strict=True) for name in names
                )
                found[point] = _quality(Quality.ESTIMATED in used)
        return found

    def as_feed(self, name: str, parts: Sequence[Mapping[str, Quality]], step: int = 1) -> Feed:
        """Return the feed that it is to its meter; `parts` as for `expected`.

        `step` in mWh is by how much the difference may jump when nothing flows: a step of each
        part's register, and what the parts count between two of their commits.
        """
        expected = self.expected(parts)
        dials = {pair[0]: Dial(step) for pair in _ENERGIES if pair[0] in expected}
        return Feed(name, expected, self.max_age, dials)

    def _calculate(self) -> Update | None:
        values: dict[str, Value] = {}
        absent = set()
        for point in _POWERS:
            readings = [(sign, part[point]) for sign, part in self._terms]
            if any(reading.quality is Quality.ABSENT for _, reading in readings):
                absent.add(point)
            elif (value := _sum(readings)) is not None:
                values[point] = value
        for point, *against in _ENERGIES:
            net = _net(self._terms, point, against)
            if net is None:
                absent.add(point)
            elif (value := _sum(net)) is not None:
                values[point] = Value(self._raise(point, int(value.number)), value.quality)
        if not values:
            return None
        return Update(values, frozenset(absent), instrument=self._text)

    def _raise(self, point: str, total: int) -> int:
        """Return the index of `point` with the sum `total`, never less than before."""
        mark = self._marks.get(point)
        if mark is None:
            mark = self._marks[point] = _Mark(min(0, total), total)
        mark.high = max(mark.high, total)
        return mark.high - mark.zero


_Signed = tuple[int, Reading]


def _net(
    terms: Sequence[tuple[int, Mapping[str, Reading]]], point: str, against: Sequence[str]
) -> list[_Signed] | None:
    """Return what counts for and against an index; None if a part has neither."""
    net: list[_Signed] = []
    for sign, part in terms:
        both = [(sign, part[point]), *((-sign, part[name]) for name in against)]
        had = [each for each in both if each[1].quality is not Quality.ABSENT]
        if not had:
            return None
        net += had
    return net


def _sum(readings: Sequence[_Signed]) -> Value | None:
    """Return the signed sum, None unless all of the readings are good."""
    total: int | float = 0
    estimated = False
    for sign, (value, quality, _) in readings:
        if value is None or not quality.good:
            return None
        total += sign * value
        estimated = estimated or quality is Quality.ESTIMATED
    return Value(total, _quality(estimated))


def _quality(estimated: bool) -> Quality:
    return Quality.ESTIMATED if estimated else Quality.DERIVED


def _marks(saved: object) -> dict[str, _Mark]:
    """Return the marks of a saved state; raises ValueError if they are none."""
    if not isinstance(saved, dict):
        raise ValueError("a calculated meter's saved state has no marks")
    marks = {}
    for point, pair in saved.items():
        whole = isinstance(pair, list) and [type(each) for each in pair] == [int, int]
        if (
            point not in (known for known, *_ in _ENERGIES)
            or not whole
            or pair[0] > min(0, pair[1])
        ):
            raise ValueError(f"a calculated meter's saved mark does not fit: {point}: {pair}")
        marks[point] = _Mark(*pair)
    return marks
