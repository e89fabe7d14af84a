"""What one board has measured in a record, clamp by clamp."""

from typing import NamedTuple

from submeter.sources.rp2040.creep import quiet
from submeter.sources.rp2040.measured import ClampValues, Measured
from submeter.sources.rp2040.settings import Conductor
from submeter.sources.rp2040.wiring import Wiring

PRESENT = 3.0  # s; the mean over a longer time is no present value


class Line(NamedTuple):
    """A conductor and what its clamp says."""

    conductor: Conductor
    behind: int
    values: ClampValues


class Share(NamedTuple):
    """Of the board `uid`, over `seconds` s; `lines` are the conductors, those without load at 0."""

    uid: str
    wiring: Wiring
    seconds: float
    measured: Measured
    lines: tuple[Line, ...]

    @property
    def present(self) -> bool:
        """Whether its powers are those of now, and not only their energies."""
        return self.seconds <= PRESENT

    @property
    def blind(self) -> bool:
        """Whether clamps carry current and the board, which has a voltage, sees none."""
        return any(line.values.apparent is None for line in self.lines)

    @property
    def phases(self) -> tuple[Line, ...]:
        """The conductors but the neutral."""
        return tuple(line for line in self.lines if line.conductor != "N")


def lines(measured: Measured, wiring: Wiring, threshold: float, nominal: float) -> tuple[Line, ...]:
    """Return what each clamp of `wiring` says.

    Below `threshold` A nothing flows; `nominal` V stand for a voltage that is not measured.
    """
    found = []
    for around in wiring.clamps:
        values = quiet(measured.clamps[around.clamp - 1], threshold)
        if measured.voltage is None:
            apparent = nominal * values.current
            energy = apparent * measured.seconds
            values = values._replace(apparent=apparent, apparent_energy=energy)
        found.append(Line(around.conductor, around.behind, values))
    return tuple(found)
