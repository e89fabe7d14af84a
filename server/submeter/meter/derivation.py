"""Derives the points of one meter from those that its sources give, at every update."""

import functools
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from submeter.meter.derived import RULES, Formula, Rule
from submeter.meter.instant import Instant
from submeter.meter.point import Point
from submeter.meter.reading import Quality, Reading

Pick = Callable[[Any], tuple[Any, ...]]

_ABSENT = Reading(None, Quality.ABSENT)


class Derivation:
    """Applies the rules to a meter with `points`, of which its sources give those in `given`."""

    __slots__ = ("_derivable", "_inputs", "_origins", "_pick", "_plan", "_qualities", "_results",
                 "_watched")  # fmt: skip

    def __init__(self, points: Iterable[Point], given: frozenset[str]) -> None:
        names = {point.name for point in points}
        used = {name for rule in RULES for name in (*rule.inputs, *rule.without)}
        self._derivable = frozenset({rule.point for rule in RULES} & names - given)
        self._watched = tuple(sorted(used & given & names))
        self._pick = _picker(self._watched)
        self._inputs: tuple[Reading, ...] | None = None
        self._qualities: list[Quality] = []
        # The quality that each watched point has while it is known; None before it ever was.
        self._origins: list[Quality | None] = [None] * len(self._watched)
        self._plan = _NOTHING
        self._results = dict.fromkeys(self._derivable, _ABSENT)

    def apply(self, readings: dict[str, Reading], origin: Mapping[str, Quality]) -> None:
        """Put the reading of every point that follows from the given ones into `readings`.

        `origin` is the quality that a given point will have, for those that were never known. A
        point that no rule fits is absent; one whose inputs are not all good is stale and keeps its
        value; one whose formula has no result has failed. A result is as old as its oldest input.
        """
        inputs = self._pick(readings)
        if inputs != self._inputs:
            qualities = [reading[1] for reading in inputs]
            if self._inputs is None or qualities != self._qualities:
                self._choose(qualities, origin)
            self._inputs = inputs
            self._work_out(inputs)
        readings.update(self._results)

    def rule(self, point: str) -> Rule | None:
        """Return the rule that gives `point` now; None where it is given, or absent."""
        return self._plan.rules.get(point)

    def _choose(self, qualities: list[Quality], origin: Mapping[str, Quality]) -> None:
        """Find the rules that hold while the given points have these qualities."""
        self._qualities = qualities
        self._origins = [
            quality if quality.good else before
            for quality, before in zip(qualities, self._origins, strict=True)
        ]
        origins = tuple(
            known or origin.get(name)
            for name, known in zip(self._watched, self._origins, strict=True)
        )
        self._plan = _plan(self._derivable, self._watched, tuple(qualities), origins)
        self._results |= dict.fromkeys(self._plan.absent, _ABSENT)

    def _work_out(self, inputs: tuple[Reading, ...]) -> None:
        """Apply the plan in its order; the values that it takes stand in one list."""
        plan, results = self._plan, self._results
        values = [reading[0] for reading in inputs]
        times = [reading[2] for reading in inputs]
        moments = plan.timed(times)
        common = moments[0] if moments and moments.count(moments[0]) == len(moments) else None
        failed: set[int] = set()
        at = common
        for point, pick, slots, formula, quality in plan.steps:
            if failed and not failed.isdisjoint(slots):
                number, quality = None, Quality.STALE
                at = results[point].at
            else:
                number = formula(*pick(values))
                at = common or _oldest(pick(times))
                if number is None:
                    quality = Quality.FAILED
            if number is None:
                failed.add(len(values))
                results[point] = Reading(results[point].value, quality, at)
            else:
                results[point] = Reading(number, quality, at)
            values.append(number)
            times.append(at)
        for point in plan.stale:
            kept = results[point]
            results[point] = Reading(kept.value, Quality.STALE, kept.at)


class _Step(NamedTuple):
    """One formula: it takes the values in `slots`, and its own goes to the end of the list."""

    point: str
    pick: Pick
    slots: tuple[int, ...]
    formula: Formula
    quality: Quality


class _Plan(NamedTuple):
    """What can be worked out, in order, from watched points of certain qualities.

    `timed` picks the times of the watched points that the steps use. `rules` has the rule of each
    point that is not absent.
    """

    steps: tuple[_Step, ...]
    stale: tuple[str, ...]
    absent: tuple[str, ...]
    timed: Pick
    rules: Mapping[str, Rule]


class _Known(NamedTuple):
    """A point that is not absent: its quality now, that while it is known, its place."""

    now: Quality
    origin: Quality | None
    slot: int


# Meters with the same sources share their plans; there are as many as combinations of qualities.
@functools.lru_cache(maxsize=1024)
def _plan(
    derivable: frozenset[str],
    watched: tuple[str, ...],
    qualities: tuple[Quality, ...],
    origins: tuple[Quality | None, ...],
) -> _Plan:
    columns = zip(watched, qualities, origins, strict=True)
    known = {
        name: _Known(quality, origin, slot)
        for slot, (name, quality, origin) in enumerate(columns)
        if quality is not Quality.ABSENT
    }
    steps: list[_Step] = []
    stale: list[str] = []
    rules: dict[str, Rule] = {}
    for rule in RULES:
        if rule.point not in derivable or rule.point in known or not _holds(rule, known, derivable):
            continue
        rules[rule.point] = rule
        inputs = [known[name] for name in rule.inputs]
        guessed = any(each.origin is Quality.ESTIMATED for each in inputs)
        quality = Quality.ESTIMATED if guessed else rule.quality
        if all(each.now.good for each in inputs):
            slots = tuple(each.slot for each in inputs)
            known[rule.point] = _Known(quality, quality, len(watched) + len(steps))
            steps.append(_Step(rule.point, _picker(slots), slots, rule.formula, quality))
        else:
            known[rule.point] = _Known(Quality.STALE, quality, -1)
            stale.append(rule.point)
    used = {slot for step in steps for slot in step.slots if slot < len(watched)}
    absent = tuple(sorted(derivable - known.keys()))
    return _Plan(tuple(steps), tuple(stale), absent, _picker(tuple(sorted(used))), rules)


def _holds(rule: Rule, known: Mapping[str, _Known], derivable: frozenset[str]) -> bool:
    """Tell whether the meter has the inputs of `rule` in the way that it demands."""
    if known.keys() & set(rule.without):
        return False
    for name in rule.inputs:
        if name not in known:
            return False
        origin = known[name].origin
        # What a source derives is a mean over time; what the rules derive is of the moment.
        averaged = rule.live and name not in derivable and origin is Quality.DERIVED
        if averaged or (rule.exact and origin is Quality.ESTIMATED):
            return False
    return True


def _picker(keys: tuple[Any, ...]) -> Pick:
    """Return what takes `keys` out of a list or dictionary, as a tuple however many they are."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda container: tuple(container[key] for key in keys)


def _oldest(times: Iterable[Instant | None]) -> Instant | None:
    return min((at for at in times if at), default=None)


_NOTHING = _Plan((), (), (), _picker(()), {})
