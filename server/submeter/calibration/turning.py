"""What an angle between a clamp and its voltage says of how it was put up."""

from collections.abc import Mapping
from typing import NamedTuple

PHASES = ("L1", "L2", "L3")
MOST = 15.0  # degrees that clamp and transformer are off by themselves


class Turning(NamedTuple):
    """The angle in degrees that comes of how it was put up, and the `rest` that is its own.

    `follows` is by how many thirds of a period its conductor follows the one that it is said to be
    around.
    """

    turn: int
    reversed: bool
    follows: int
    rest: float

    @property
    def clear(self) -> bool:
        """Whether the rest is as small as that of any clamp."""
        return abs(self.rest) <= MOST


class Placed(NamedTuple):
    """A clamp with its number and the conductor that it is said to be around.

    `meter` is whose it is, where there are several.
    """

    number: int
    conductor: str
    meter: str = ""

    def __str__(self) -> str:
        of_meter = f" of {self.meter}" if self.meter else ""
        return f"clamp {self.number} ({self.conductor}{of_meter})"


def of(angle: float) -> Turning:
    """Return what the `angle` in degrees of true power to that by the ratings comes from.

    The power of a conductor one third of a period later is turned by -120 degrees.
    """
    turn = round(angle / 60) * 60
    rest = angle - turn
    turn = (turn + 180) % 360 - 180
    backwards = turn % 120 != 0
    third = (turn + 180) % 360 if backwards else turn % 360
    return Turning(180 if turn == -180 else turn, backwards, (-third // 120) % 3, rest)


def words(found: Mapping[Placed, Turning], count: int | None = None) -> list[str]:
    """Return what is wrong with the clamps of one board, in words; nothing if all is right.

    The board has `count` of them that carry energy, if more than those `found`.
    """
    count = count or len(found)
    lines = [
        f"{placed} is reversed: this corrects it; whoever turns it calibrates again"
        for placed, turning in found.items()
        if turning.reversed
    ]
    wrong = {placed: turning.follows for placed, turning in found.items() if turning.follows}
    if count > 1 and len(wrong) == count and len(set(wrong.values())) == 1:
        behind = 120 * next(iter(wrong.values()))
        message = f"every clamp follows the voltage by {behind} degrees more than configured: is"
        return [*lines, f"{message} 'voltage_at' right?"]
    swapped: set[Placed] = set()
    for one in wrong:
        for other in wrong:
            actual = _actual(one, wrong), _actual(other, wrong)
            if (
                one < other
                and actual == (other.conductor, one.conductor)
                and actual[0] != actual[1]
            ):
                swapped |= {one, other}
                lines.append(f"{one} and {other} are swapped: exchange their numbers in{_TO}")
    lines += [_elsewhere(each, wrong, count) for each in wrong if each not in swapped]
    return lines


_TO = " the configuration, and calibrate again"


def _actual(placed: Placed, wrong: dict[Placed, int]) -> str:
    if placed.conductor not in PHASES:
        return placed.conductor
    return PHASES[(PHASES.index(placed.conductor) + wrong[placed]) % 3]


def _elsewhere(placed: Placed, wrong: dict[Placed, int], count: int) -> str:
    if count == 1:
        return (
            f"{placed} is on another phase than the transformer, whose voltage it follows by "
            f"{120 * wrong[placed]} degrees: its power is estimated"
        )
    return f"{placed} is around {_actual(placed, wrong)}: say so in{_TO}"
