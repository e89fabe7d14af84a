"""Import and export of several phases: what one takes while another gives is neither."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from submeter.meter import saved as taken
from submeter.sources.rp2040 import values
from submeter.sources.rp2040.energy_count import quadrant, together
from submeter.sources.rp2040.share import Share

LONG = 300.0  # s, up to which the phases are set off against one another
_EXPORTS = -0.01  # power factor; what is nearer to 0 is the noise of a load without active power
_NONE = (0j, 0j, 0j, 0j)


class Counted(NamedTuple):
    """Ws and vars of each quadrant, none without voltage; VAs.

    `estimated` tells that any of it is an estimate, or more in truth.
    """

    quadrants: tuple[complex, ...]
    apparent: float
    estimated: bool


class _Waiting(NamedTuple):
    """What one board counted over `seconds` s, otherwise as `Counted`."""

    quadrants: tuple[complex, ...]
    apparent: float
    seconds: float
    estimated: bool


_NOTHING = _Waiting(_NONE, 0.0, 0.0, estimated=False)


class Netting:
    """Adds up what the `boards` counted, until each of them has said something for the same time.

    `alone` tells that there is one phase, whose quadrants stand as they are. Of several phases the
    sum counts, as in a meter for three phases: where one feeds in what another takes, neither is
    counted. Over more than LONG s nobody knows what was at the same time: then the quadrants of
    each phase count. Import less export is the same either way.
    """

    def __init__(self, boards: Iterable[str], alone: bool) -> None:
        self._waiting: dict[str, _Waiting] = dict.fromkeys(boards, _NOTHING)
        self._alone = alone

    def add(self, board: str, share: Share) -> None:
        """Add what a board counted in a record."""
        before = self._waiting[board]
        phases = [line.values for line in share.phases]
        estimated = before.estimated or values.estimated(share.phases)
        parts = [before.quadrants, *(each.energies or _NONE for each in phases)]
        apparent = sum(each.apparent_energy or 0.0 for each in phases)
        self._waiting[board] = _Waiting(
            together(parts), before.apparent + apparent, before.seconds + share.seconds, estimated
        )

    def take(self) -> Counted:
        """Return what the boards counted together since it was last taken."""
        every = self._waiting.values()
        quadrants = together(each.quadrants for each in every)
        apparent = sum(each.apparent for each in every)
        seconds = max(each.seconds for each in every)
        estimated = any(each.estimated for each in every)
        self._waiting = dict.fromkeys(self._waiting, _NOTHING)
        power = sum(quadrants)
        if not self._alone and seconds <= LONG:
            quadrants = _in_quadrant(power)
        exported = power.real < _EXPORTS * apparent
        return Counted(quadrants, 0.0 if exported else apparent, estimated)

    def saved(self) -> dict[str, Any]:
        """Return what was not taken yet as plain data for `restore`."""
        return {
            board: [*_flat(each.quadrants), each.apparent, each.seconds, each.estimated]
            for board, each in self._waiting.items()
            if each.seconds
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on where `saved` was made; raises ValueError if it is damaged."""
        for board in saved.keys() & self._waiting.keys():
            self._waiting[board] = _restored(saved[board])


def _in_quadrant(power: complex) -> tuple[complex, ...]:
    """Return `power` at the place of its quadrant, 1 to 4."""
    return tuple(power if place == quadrant(power) else 0j for place in range(4))


def _flat(quadrants: Iterable[complex]) -> Iterable[float]:
    return [part for each in quadrants for part in (each.real, each.imag)]


def _restored(saved: object) -> _Waiting:
    if not isinstance(saved, list) or len(saved) != 11 or not isinstance(saved[10], bool):
        raise ValueError(f"saved state: {saved!r} are no energies")
    table = dict(zip(map(str, range(10)), saved[:10], strict=True))
    numbers = [taken.seconds(table, key) for key in table]
    if numbers[8] < 0 or numbers[9] < 0:
        raise ValueError(f"saved state: {saved!r} are no energies")
    pairs = zip(numbers[:8:2], numbers[1:8:2], strict=True)
    quadrants = tuple(complex(*each) for each in pairs)
    return _Waiting(quadrants, numbers[8], numbers[9], estimated=saved[10])
