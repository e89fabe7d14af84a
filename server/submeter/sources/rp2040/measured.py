"""What a board has measured over a window, in units of the mains."""

from typing import NamedTuple


class ClampValues(NamedTuple):
    """Of one clamp: A, W, var, VA; power factor with the sign of P.

    `energies` are Ws and vars in each quadrant 1 to 4 as complex numbers P + jQ, exact over any
    window; `apparent_energy` is in VAs. With four clamps and no voltage there are no energies, and
    `active`, `reactive`, `apparent`, `factor` and `apparent_energy` are None. The four powers are
    None too where a board that has a voltage sees none. `factor` is None also without apparent
    power. `saturated` tells that the converter reached its end, so that the truth
    is larger.
    """

    current: float
    active: float | None
    reactive: float | None
    apparent: float | None
    factor: float | None
    energies: tuple[complex, ...]
    saturated: bool
    apparent_energy: float | None = None


class Measured(NamedTuple):
    """Of a board over `seconds` s: V, Hz, and each clamp by number from 1 on.

    Without mains `frequency` is None; with four clamps `voltage` is None.
    """

    seconds: float
    voltage: float | None
    frequency: float | None
    clamps: tuple[ClampValues, ...]
    saturated: bool  # of the voltage
