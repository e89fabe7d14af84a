"""The indexes of a clamp, or of several together, counted from its energies."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_QUADRANTS = (
    ("Active_Energy_Import", "Reactive_Energy_Import", "Reactive_Energy_Q1"),
    ("Active_Energy_Export", "Reactive_Energy_Import", "Reactive_Energy_Q2"),
    ("Active_Energy_Export", "Reactive_Energy_Export", "Reactive_Energy_Q3"),
    ("Active_Energy_Import", "Reactive_Energy_Export", "Reactive_Energy_Q4"),
)
APPARENT = "Apparent_Energy_Import"
POINTS = tuple(dict.fromkeys((*(point for each in _QUADRANTS for point in each), APPARENT)))
"""Every index that it counts."""

_PARTS = 1_000_000  # in a Ws: the unit that is added, 1 uWs
_UNIT = 3_600_000  # of these in a mWh


def together(clamps: Iterable[Sequence[complex]]) -> tuple[complex, ...]:
    """Return the energies of several clamps by quadrant, as if each had a meter of its own."""
    return tuple(sum(parts, 0j) for parts in zip(*clamps, strict=True))


def quadrant(power: complex) -> int:
    """Return the place of the quadrant that `power` lies in, 0 to 3."""
    if power.imag >= 0:
        return 0 if power.real >= 0 else 1
    return 3 if power.real >= 0 else 2


class EnergyCount:
    """Counts mWh, mvarh and mVAh in whole numbers; what is less is carried exactly."""

    def __init__(self) -> None:
        self._parts = dict.fromkeys(POINTS, 0)  # uWs

    @property
    def counted(self) -> Mapping[str, int]:
        """How much each index of `POINTS` counted, in millionths of its unit; it never falls."""
        return {point: parts // _UNIT for point, parts in self._parts.items()}

    def take(self, energies: Sequence[complex], apparent: float | None = None) -> None:
        """Add P + jQ in Ws (vars) of each quadrant 1 to 4, none at all, and VAs."""
        for points, energy in zip(_QUADRANTS, energies, strict=bool(energies)):
            active, *reactive = points
            self._parts[active] += round(abs(energy.real) * _PARTS)
            for point in reactive:
                self._parts[point] += round(abs(energy.imag) * _PARTS)
        if apparent is not None:
            self._parts[APPARENT] += round(apparent * _PARTS)

    def saved(self) -> dict[str, Any]:
        """Return the state as plain data for `restore`."""
        return dict(self._parts)

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on where `saved` was made; raises ValueError if it is damaged."""
        for point in POINTS:
            parts = saved.get(point)
            if not isinstance(parts, int) or isinstance(parts, bool) or parts < 0:
                raise ValueError(f"saved state: {point} is {parts!r}, no count")
        self._parts = {point: saved[point] for point in POINTS}
