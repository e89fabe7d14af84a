"""A household on three phases, one second after the other: powers and the energies they add up to.

Signs follow IEC 62053-23: import is positive, and so is the reactive power of a coil.
"""

import cmath
import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from submeter.sources.simulated import loads

POINTS: tuple[str, ...] = (
    "Active_Energy_Import",
    "Active_Energy_Export",
    "Reactive_Energy_Import",
    "Reactive_Energy_Export",
    "Active_Power_Total",
    "Active_Power_L1",
    "Active_Power_L2",
    "Active_Power_L3",
    "Reactive_Power_Total",
    "Apparent_Power_Total",
    "Voltage_L1_N",
    "Voltage_L2_N",
    "Voltage_L3_N",
    "Current_L1",
    "Current_L2",
    "Current_L3",
    "Current_Neutral",
    "Power_Factor_Total",
    "Power_Factor_L1",
    "Power_Factor_L2",
    "Power_Factor_L3",
    "Frequency",
    "THD_Voltage_L1",
    "THD_Current_L1",
    "Energy_Direction",
)

_OHMS = 0.12  # of the line to the transformer: 2 kW on one phase cost about 1 V
_IMPORT, _EXPORT = 0, 1


@dataclass(frozen=True, slots=True)
class Energies:
    """The four indexes, in whole mWh and mvarh: floor(joules * 1000 / 3600) of exact joules."""

    active_import: int
    active_export: int
    reactive_import: int
    reactive_export: int


NO_ENERGY = Energies(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class State:
    """One second of the household; tuples are in the order L1, L2, L3.

    Powers are whole W and var held for the whole second; voltages are V to neutral, `frequency` is
    Hz, the distortions of L1 are %. `energies` stand at the second's end.
    """

    active: tuple[int, ...]
    reactive: tuple[int, ...]
    voltage: tuple[float, ...]
    frequency: float
    thd_voltage: float
    thd_current: float
    energies: Energies

    @property
    def apparent(self) -> tuple[float, ...]:
        """The apparent power of each phase in VA: sqrt(P^2 + Q^2)."""
        return tuple(math.hypot(p, q) for p, q in zip(self.active, self.reactive, strict=True))

    @property
    def current(self) -> tuple[float, ...]:
        """The current of each phase in A: S/U."""
        return tuple(s / u for s, u in zip(self.apparent, self.voltage, strict=True))

    @property
    def neutral_current(self) -> float:
        """The magnitude in A of the vector sum of the phase currents.

        The voltages stand 120 degrees apart and each current lags its own by atan2(Q, P). The third
        harmonics, which add up in a real neutral, are left out.
        """
        return abs(
            sum(
                complex(p, -q) / u * cmath.exp(-2j * math.pi * phase / 3)
                for phase, (p, q, u) in enumerate(
                    zip(self.active, self.reactive, self.voltage, strict=True)
                )
            )
        )

    def numbers(self) -> Mapping[str, int | float]:
        """Return the number of every point of POINTS, as `meter.reading.Reading.value` has it.

        Energies in mWh and mvarh; power factors have the sign of P and are 1 without load.
        """
        active, reactive = sum(self.active), sum(self.reactive)
        total = math.hypot(active, reactive)
        numbers = (
            self.energies.active_import,
            self.energies.active_export,
            self.energies.reactive_import,
            self.energies.reactive_export,
            active / 1000,
            *(p / 1000 for p in self.active),
            reactive / 1000,
            total / 1000,
            *self.voltage,
            *self.current,
            self.neutral_current,
            _power_factor(active, total),
            *map(_power_factor, self.active, self.apparent),
            self.frequency,
            self.thd_voltage,
            self.thd_current,
            _EXPORT if active < 0 else _IMPORT,
        )
        return dict(zip(POINTS, numbers, strict=True))


class Household:
    """A house whose days repeat with small differences; the same arguments give the same series.

    `start` is in seconds since midnight, `solar` the peak power in W of a roof on L1, and
    `initial` what the indexes stand at before the first second.
    """

    def __init__(
        self, seed: int, start: int = 0, solar: int = 0, initial: Energies = NO_ENERGY
    ) -> None:
        self._random = Random(f"{seed} grid")
        self._loads = loads.household(seed, start, solar)
        self._initial = initial
        self._active_joules = [0, 0]
        self._reactive_joules = [0, 0]
        self._wander = [0.0, 0.0, 0.0, 0.0]

    def step(self) -> State:
        """Let one second pass and return it; what counts as import is the sum of the phases."""
        active, reactive, distorted = [0, 0, 0], [0, 0, 0], 0
        for load in self._loads:
            watts = next(load.course)
            active[load.phase] += watts
            reactive[load.phase] += watts * load.reactive // 1000
            distorted += abs(watts) * load.distortion if load.phase == 0 else 0
        _count(self._active_joules, sum(active))
        _count(self._reactive_joules, sum(reactive))
        self._wander = [0.99 * x + self._random.uniform(-1, 1) for x in self._wander]
        slow = self._wander[3]
        return State(
            active=tuple(active),
            reactive=tuple(reactive),
            voltage=tuple(
                round(231.5 + 0.3 * own + 0.2 * slow - _OHMS * watts / 230, 1)
                for own, watts in zip(self._wander[:3], active, strict=True)
            ),
            frequency=round(50 + 0.004 * slow, 3),
            thd_voltage=round(2.1 + 0.05 * self._wander[0], 2),
            thd_current=round(min(45.0, distorted / max(1, abs(active[0]))), 1),
            energies=self._energies(),
        )

    def _energies(self) -> Energies:
        return Energies(
            self._initial.active_import + _thousandths(self._active_joules[_IMPORT]),
            self._initial.active_export + _thousandths(self._active_joules[_EXPORT]),
            self._initial.reactive_import + _thousandths(self._reactive_joules[_IMPORT]),
            self._initial.reactive_export + _thousandths(self._reactive_joules[_EXPORT]),
        )


def _count(joules: list[int], power: int) -> None:
    joules[_EXPORT if power < 0 else _IMPORT] += abs(power)


def _thousandths(joules: int) -> int:
    """Return the whole mWh of J, or mvarh of var*s."""
    return joules * 1000 // 3600


def _power_factor(active: float, apparent: float) -> float:
    return active / apparent if apparent else 1.0
