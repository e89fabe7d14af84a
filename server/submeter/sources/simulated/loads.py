"""The loads of a household: what each draws, second by second.

A load's course is an endless iterator of whole W, one for each second from `start` on (in seconds
since midnight). It depends on nothing but its arguments, so the same seed gives the same course.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, repeat
from random import Random

DAY = 86400
_HOUR = 3600
_MINUTE = 60

Course = Iterator[int]


@dataclass(frozen=True, slots=True)
class Load:
    """One load: the phase (0 to 2) it hangs on, and what it draws.

    `reactive` is var for 1000 W, positive for a coil; `distortion` the THD of its current in %.
    """

    phase: int
    reactive: int
    distortion: int
    course: Course


def household(seed: int, start: int, solar: int = 0) -> list[Load]:
    """Return the loads of a three-phase house; `solar` is the peak W of a roof on phase 0."""

    def random(name: str) -> Random:
        return Random(f"{seed} {name}")  # a load's own, so that adding one leaves the others alone

    return [
        Load(0, -300, 40, _steady(random("standby"), 85)),
        Load(0, 550, 12, _thermostat(random("fridge"), 95, on=15, off=35)),
        Load(0, -250, 30, _lighting(random("lighting"), start)),
        Load(0, 250, 15, _washing(random("washing"), start)),
        Load(0, 10, 4, _roof(random("roof"), start, solar)),
        Load(1, -300, 40, _steady(random("television"), 45)),
        Load(1, 550, 12, _thermostat(random("freezer"), 110, on=20, off=45)),
        Load(1, 60, 20, _cooking(random("cooking"), start)),
        Load(2, 350, 25, _steady(random("pump"), 30)),
        Load(2, 350, 25, _thermostat(random("heating"), 1450, on=18, off=12)),
        Load(2, 0, 3, _water_heater(random("water"), start)),
    ]


def _steady(random: Random, watts: int) -> Course:
    """Draw about the same all day."""
    while True:
        yield watts + random.randint(-watts // 20, watts // 20)


def _thermostat(random: Random, watts: int, on: int, off: int) -> Course:
    """Switch on and off for about so many minutes, from anywhere in the cycle."""
    yield from repeat(0, random.randrange(off * _MINUTE))
    while True:
        for _ in range(_about(random, on * _MINUTE)):
            yield _about(random, watts, 20)
        yield from repeat(0, _about(random, off * _MINUTE))


def _lighting(random: Random, start: int) -> Course:
    """Light up one lamp after the other in the evening, a few of them in the morning."""
    lamps = [
        (random.randint(6 * _HOUR, 7 * _HOUR), random.randint(8 * _HOUR, 9 * _HOUR), 60),
        *(
            (random.randint(18 * _HOUR, 20 * _HOUR), random.randint(22 * _HOUR, DAY - 1), 40)
            for _ in range(5)
        ),
    ]
    for second in count(start):
        time = second % DAY
        yield sum(watts for dusk, night, watts in lamps if dusk <= time < night)


def _cooking(random: Random, start: int) -> Course:
    """Cook at 7, 12 and 19 o'clock, more or less: full power, then what the thermostat takes."""
    meals = [
        (7 * _HOUR + random.randrange(1800), 6 * _MINUTE, 1800),
        (12 * _HOUR + random.randrange(1800), 35 * _MINUTE, 2200),
        (19 * _HOUR + random.randrange(1800), 50 * _MINUTE, 2600),
    ]
    for second in count(start):
        time = second % DAY
        yield sum(
            _about(random, watts, 50)
            for begin, length, watts in meals
            if begin <= time < begin + length and (time < begin + 300 or time % 90 < 50)
        )


def _washing(random: Random, start: int) -> Course:
    """Run one programme of 70 minutes a day: heat the water, turn the drum, spin."""
    begin = random.randint(9 * _HOUR, 20 * _HOUR)
    for second in count(start):
        minute = (second % DAY - begin) // _MINUTE
        if 3 <= minute < 18:
            yield _about(random, 2000, 100)
        elif 18 <= minute < 60:
            yield _about(random, 180, 6) if second % 20 < 14 else 8
        elif 60 <= minute < 70:
            yield _about(random, 420, 8)
        else:
            yield 4 if 0 <= minute < 3 else 0


def _water_heater(random: Random, start: int) -> Course:
    """Heat with 2200 W from 22:30, when the night tariff starts, for about three hours."""
    begin = 22 * _HOUR + 30 * _MINUTE
    length = random.randint(150, 220) * _MINUTE
    for second in count(start):
        yield _about(random, 2200, 200) if (second - begin) % DAY < length else 0


def _roof(random: Random, start: int, peak: int) -> Course:
    """Feed in from 7:30 to 17:30, `peak` W at half past twelve of a clear day; clouds pass."""
    half_day = 5 * _HOUR
    cloud = 80
    for second in count(start):
        from_noon = second % DAY - (12 * _HOUR + 30 * _MINUTE)
        cloud = max(30, min(100, cloud + random.randint(-1, 1)))
        yield -max(0, peak * cloud * (half_day**2 - from_noon**2) // (100 * half_day**2))


def _about(random: Random, number: int, part: int = 10) -> int:
    """Return `number`, give or take one `part`th."""
    return number + random.randint(-number // part, number // part)
