"""Which clamp of which board is around what, and what the board has to do for it."""

from collections.abc import Mapping
from typing import NamedTuple

from submeter.sources.rp2040.identity import Layout
from submeter.sources.rp2040.settings import Conductor, Order, Phase, Rp2040Settings

RATE = 6000  # frames a second; the lags of a board are in these
PHASES: tuple[Phase, ...] = ("L1", "L2", "L3")


class Around(NamedTuple):
    """The clamp with this number, and the conductor that it is around.

    The voltage of the conductor follows the one that is measured by `behind` thirds of a period.
    """

    clamp: int
    conductor: Conductor
    behind: int = 0


class Wiring(NamedTuple):
    """What is at one board: the phase that its voltage is of, None without, and the clamps.

    `nominal` is the frequency of the mains in Hz, `order` the channel of each role, if it is given.
    """

    voltage_at: Phase | None
    clamps: tuple[Around, ...]
    nominal: int
    order: Order | None = None

    @property
    def layout(self) -> Layout:
        """What the channels of the board are."""
        return "v3i" if self.voltage_at else "4i"

    @property
    def quarter(self) -> int:
        """Frames of a quarter of a period."""
        return round(RATE / self.nominal / 4)

    @property
    def phases(self) -> tuple[Around, ...]:
        """The clamps that are around no neutral."""
        return tuple(each for each in self.clamps if each.conductor != "N")

    @property
    def behind(self) -> tuple[int, int, int]:
        """By how many thirds of a period the conductor of clamp 1, 2, 3 follows."""
        thirds = {each.clamp: each.behind for each in self.clamps}
        return thirds.get(1, 0), thirds.get(2, 0), thirds.get(3, 0)

    @property
    def estimated(self) -> bool:
        """Whether a voltage stands for another one, or is only nominal."""
        return self.voltage_at is None or any(each.behind for each in self.clamps)

    def lag(self, around: Around) -> int:
        """Return by how many frames the voltage is to be delayed for a clamp."""
        return round(RATE / self.nominal * around.behind / 3)


def wirings(settings: Rp2040Settings) -> Mapping[str, Wiring]:
    """Return the wiring of each board: by its phase, or of "" where there is one board."""
    if settings.boards:
        return {
            phase: Wiring(phase, (Around(board.clamp, phase),), settings.frequency, board.order)
            for phase, board in sorted(settings.boards.items())
        }
    at = settings.voltage_at if settings.voltage else None
    clamps = tuple(
        Around(number, conductor, _behind(conductor, at))
        for conductor, number in sorted(settings.clamps.items())
    )
    return {"": Wiring(at, clamps, settings.frequency, settings.order)}


def _behind(conductor: Conductor, at: Phase | None) -> int:
    if at is None or conductor == "N":
        return 0
    return (PHASES.index(conductor) - PHASES.index(at)) % 3
