"""The course of what the clamps of one board have measured while samples were taken."""

import copy

import numpy as np
import numpy.typing as npt

from submeter.calibration.sample import BoardSample, ClampSample
from submeter.errors import SubmeterError

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

LONGEST = 5.0  # s between two records, else nobody knows what flowed when
MISSING = 0.8  # s that may pass without being measured: records end with a cycle


class Course:
    """Of the clamps `numbers` of one board: energies as they grew, in Ws by the ratings alone.

    `gaps` are the times in s at which something is missing: the energies before and after it do
    not belong together. `heard` are the s in which records came one after the other.
    """

    def __init__(self, uid: str, numbers: tuple[int, ...]) -> None:
        self.uid = uid
        self.numbers = numbers
        self.gaps: list[float] = []
        self.heard = 0.0
        self.saturated = 0.0
        self._last: BoardSample | None = None
        self._missed = 0.0  # s of which nothing was measured, since the last gap
        self._silences: list[tuple[float, float]] = []  # s from and to
        self._times: list[float] = []
        self._energies: list[list[complex]] = []
        self._squares: list[list[float]] = []  # codes^2 s
        self._volts: list[float] = []  # V^2 s
        self._seconds: list[float] = []
        self._columns: tuple[Floats, Complexes] | None = None  # of what is above

    def add(self, board: BoardSample) -> None:
        """Take in a sample of the board; raises SubmeterError if it is another one.

        It does so too where its ratings are others than before.
        """
        self._columns = None
        self._prove_same(board)
        last, self._last = self._last, board
        if last is None:
            self._begin(board.at)
        elif board.at > last.at:
            self._prove_rated(board, last)
            self._grow(board, last)

    def _prove_same(self, board: BoardSample) -> None:
        if board.uid != self.uid or not set(self.numbers) <= {c.number for c in board.clamps}:
            raise SubmeterError(f"another board came, {board.uid} instead of {self.uid}")

    def _prove_rated(self, board: BoardSample, last: BoardSample) -> None:
        now, before = _by_number(board), _by_number(last)
        if any(now[number].amperes != before[number].amperes for number in self.numbers):
            raise SubmeterError("the ratings of the clamps were changed meanwhile; start again")

    def _begin(self, at: float) -> None:
        self._times.append(at)
        self._energies.append([0j] * len(self.numbers))
        self._squares.append([0.0] * len(self.numbers))
        self._volts.append(0.0)
        self._seconds.append(0.0)

    def _grow(self, board: BoardSample, last: BoardSample) -> None:
        anew = board.seconds < last.seconds or board.begun != last.begun
        self._note_missing(last.at, board.at, board.seconds - last.seconds, anew)
        if anew:
            # The program was started, and counts from 0 since.
            last = last._replace(seconds=0.0, voltage_square=0.0, saturated=0.0, clamps=())
        self._times.append(board.at)
        self._seconds.append(self._seconds[-1] + board.seconds - last.seconds)
        volts = (board.voltage_square or 0.0) - (last.voltage_square or 0.0)
        self._volts.append(self._volts[-1] + volts)
        self.saturated += board.saturated - last.saturated
        now, before = _by_number(board), _by_number(last)
        pairs = [(now[number], before.get(number)) for number in self.numbers]
        energies = [new.energy - (old.energy if old else 0) for new, old in pairs]
        squares = [new.square - (old.square if old else 0) for new, old in pairs]
        self._energies.append([a + b for a, b in zip(self._energies[-1], energies, strict=True)])
        self._squares.append([a + b for a, b in zip(self._squares[-1], squares, strict=True)])

    def _note_missing(self, early: float, late: float, measured: float, anew: bool) -> None:
        """Note what of the time between two records nothing is known of."""
        passed = late - early
        self._missed = max(0.0, self._missed + passed - measured)
        if anew or passed > LONGEST or self._missed > MISSING:
            self.gaps.append((late + early) / 2)
            self._missed = 0.0
        if passed > LONGEST:
            self._silences.append((early, late))
        else:
            self.heard += passed

    @property
    def times(self) -> Floats:
        """When each record was heard, s."""
        return np.array(self._times)

    @property
    def seconds(self) -> Floats:
        """The seconds that were measured up to each record."""
        return np.array(self._seconds)

    @property
    def energies(self) -> Complexes:
        """Row by record, column by clamp: P + jQ in Ws up to then."""
        return np.array(self._energies, complex).reshape(-1, len(self.numbers))

    @property
    def squares(self) -> Floats:
        """Likewise the mean square of the current in codes^2, times seconds."""
        return np.array(self._squares).reshape(-1, len(self.numbers))

    @property
    def volts(self) -> Floats:
        """V^2 s up to each record."""
        return np.array(self._volts)

    def only(self, numbers: tuple[int, ...]) -> "Course":
        """Return the course of some of the clamps, as it is now."""
        kept = [self.numbers.index(number) for number in numbers]
        made = copy.copy(self)
        made.numbers = numbers
        made._columns = None
        made._energies = [[row[place] for place in kept] for row in self._energies]
        made._squares = [[row[place] for place in kept] for row in self._squares]
        return made

    def energy_at(self, moments: Floats) -> Complexes:
        """Return the energies at `moments`, on the lines between records; a column by clamp."""
        times, energies = self._columns = self._columns or (self.times, self.energies)
        columns = [np.interp(moments, times, energies[:, k]) for k in range(len(self.numbers))]
        return np.stack(columns, axis=1)

    def covers(self, moments: Floats) -> npt.NDArray[np.bool_]:
        """Tell of each of `moments` whether it lies within the course, and in no silence of it."""
        if not self._times:
            return np.zeros(len(moments), bool)
        inside: npt.NDArray[np.bool_] = (moments >= self._times[0]) & (moments <= self._times[-1])
        for early, late in self._silences:
            inside &= (moments <= early) | (moments >= late)
        return inside


def _by_number(board: BoardSample) -> dict[int, ClampSample]:
    return {clamp.number: clamp for clamp in board.clamps}
