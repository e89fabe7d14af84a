"""What calibration has found of a board, and corrects on the host."""

import cmath
import math
from collections.abc import Mapping
from typing import NamedTuple

_ROUNDING = 1e-6  # relative; a rating that a poller writes is a float32


class ClampCorrection(NamedTuple):
    """Of a clamp: true current is `gain` times that by the ratings, after its noise was taken out.

    `noise` is its mean square in codes^2 without load. True complex power is that by the ratings
    times `gain * e^(j phase)`, and times `BoardCorrection.voltage`. `phase` is in degrees and
    counts what voltage and clamp do together: a reversed clamp has 180. `leak_active` and
    `leak_reactive` are the W and var that it shows without load at 230 V, after all of this; they
    are taken out last, and grow with the square of the voltage.

    `by_current` tells that the gain was found from a current: it is true whatever the voltage is.
    `amperes` is what a code stood for by the ratings when all of this was found: it counts at these
    alone. None: nobody wrote it down, and it counts at any.
    """

    gain: float = 1.0
    phase: float = 0.0
    noise: float = 0.0
    leak_active: float = 0.0
    leak_reactive: float = 0.0
    by_current: bool = False
    amperes: float | None = None

    def counts_at(self, amperes: float) -> bool:
        """Tell whether it counts where a code stands for so many `amperes`."""
        return self.amperes is None or math.isclose(self.amperes, amperes, rel_tol=_ROUNDING)


class BoardCorrection(NamedTuple):
    """Of a board: `voltage` is the factor of the true voltage, `clamps` by number from 1 on.

    `voltage_noise` is a mean square in codes^2.
    """

    voltage: float = 1.0
    voltage_noise: float = 0.0
    clamps: tuple[ClampCorrection, ...] = (ClampCorrection(),) * 4

    def factor(self, number: int) -> complex:
        """Return what makes true complex power of that by the ratings, of clamp `number`."""
        clamp = self.clamps[number - 1]
        return cmath.rect(self.voltage * clamp.gain, math.radians(clamp.phase))

    def void(self, ratings: Mapping[int, float]) -> dict[int, str]:
        """Return the clamps whose values were found at other ratings than these, and say why.

        `ratings` are the A that a code of each clamp stands for, by its number.
        """
        return {
            number: f"it was made where a code stood for {self.clamps[number - 1].amperes:.6g} A, "
            f"which is {amperes:.6g} A by the ratings of now"
            for number, amperes in ratings.items()
            if not self.clamps[number - 1].counts_at(amperes)
        }

    def in_force(self, ratings: Mapping[int, float]) -> "BoardCorrection":
        """Return what counts at these `ratings`, as `void` has them: void clamps have none."""
        void = self.void(ratings)
        if not void:
            return self
        numbered = enumerate(self.clamps, 1)
        clamps = (ClampCorrection() if n in void else clamp for n, clamp in numbered)
        return self._replace(clamps=tuple(clamps))


NONE = BoardCorrection()
