"""What a client got, compared with what the standard map shows."""

import math
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

FLOAT32 = 2e-7
"""Relative error of two roundings to 24 bits, one on either side."""

COMPLETE = 0.001
"""What the standard map shows of an energy in kWh (kvarh) may lack as much: complete Wh count."""

How = Literal["sum", "mean", "product"]


class Shown(NamedTuple):
    """A value of a client: one point or several, `-Name` taken away, times `factor`.

    `step` is the resolution of its type in the client's unit; a float32 has none of its own. What
    is `counted`, an energy, is never rounded up.
    """

    points: tuple[str, ...]
    factor: float = 1
    step: float = 0
    how: How = "sum"
    counted: bool = False

    def expected(self, standard: Mapping[str, float]) -> float:
        """Return the value in the client's unit, NaN if one of the points is not known."""
        numbers = [
            -standard[name[1:]] if name.startswith("-") else standard[name] for name in self.points
        ]
        if self.how == "product":
            return math.prod(numbers) * self.factor
        return math.fsum(numbers) * self.factor / (len(numbers) if self.how == "mean" else 1)

    def wrong(self, value: Any, standard: Mapping[str, float]) -> str:
        """Return what is wrong with `value`, nothing if it is the standard map's."""
        expected = self.expected(standard)
        if math.isnan(expected) or unavailable(value):
            agree = math.isnan(expected) and unavailable(value)
            return "" if agree else f"{value} is shown, not {expected}"
        rounding = FLOAT32 * abs(expected) + 1e-9
        if self.counted:
            rounding += COMPLETE * self.factor * len(self.points)
        above = rounding if self.counted else self.step / 2 + rounding
        below = self.step + rounding if self.counted else above
        return "" if -below <= float(value) - expected <= above else f"{value}, not {expected}"


def point(name: str, factor: float = 1, step: float = 0) -> Shown:
    """Return how a client shows one analog point."""
    return Shown((name,), factor, step)


def index(*names: str, factor: float = 1, step: float = 0) -> Shown:
    """Return how a client shows an energy, or a sum of energies."""
    return Shown(names, factor, step, counted=True)


def unavailable(value: Any) -> bool:
    """Tell whether `value` is a client's way to say that there is none."""
    return value is None or (isinstance(value, str | float) and math.isnan(float(value)))


def differences(
    values: Mapping[str, Any], table: Mapping[str, Shown], standard: Mapping[str, float]
) -> dict[str, str]:
    """Return what is wrong, by the client's name of it; `table` says what each of them is."""
    found = {name: shown.wrong(values[name], standard) for name, shown in table.items()}
    return {name: wrong for name, wrong in found.items() if wrong}
