"""Asks the running program about clamps again and again, while a bar shows how far it is."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from submeter import local_socket
from submeter.calibration import sample
from submeter.calibration.course import Course
from submeter.calibration.reference import ReferenceCourse
from submeter.calibration.sample import BoardSample, Sample
from submeter.calibration_progress import Shown, first_interrupt, progress
from submeter.calibration_silence import BY_HAND, SILENT, Silence, all_told, heard
from submeter.errors import ConfigError, NoAnswerError, SubmeterError

PERIOD = 1.0  # s between two questions
TAKEN = 10.0  # s in which the program looks at a changed file

Tell = Callable[[str], None]


class Session:
    """Of `meters` with so many boards each, compared with `reference`.

    The program has the store `store`. `pieces` are what each meter last told of each of its boards,
    and `courses` theirs, in the same order; `boards` are the boards, with the clamps of all.
    """

    def __init__(
        self, store: Path, meters: Mapping[str, int], reference: str | None = None
    ) -> None:
        first, *others = meters
        self._counts = meters
        self._socket = local_socket.beside(store)
        self._question = {
            "ask": "calibration",
            "meter": first,
            "with": others,
            "reference": reference,
        }
        self._answered = 0.0  # monotonic s
        self.sealed: tuple[str, ...] = ()
        self.pieces: tuple[BoardSample, ...] = ()
        self.courses: list[Course] = []
        self.reference = ReferenceCourse()
        self.ended_early = False
        self._reference_steps: list[float] = []  # s from one reading to the next

    @property
    def seconds(self) -> float:
        """For how long every board was heard, and the reference if there is one."""
        found = [course.heard for course in self.courses]
        if self._question["reference"] is not None:
            found.append(all_told(self._reference_steps))
        return min(found, default=0.0)

    @property
    def boards(self) -> tuple[BoardSample, ...]:
        """Each board once, with all clamps that were asked for."""
        together: dict[str, BoardSample] = {}
        for piece in self.pieces:
            clamps = piece.clamps
            if len(self._counts) > 1:
                clamps = tuple(each._replace(meter=piece.meter) for each in clamps)
            known = together.get(piece.uid, piece._replace(clamps=()))
            every = sorted(known.clamps + clamps, key=lambda clamp: clamp.number)
            together[piece.uid] = known._replace(clamps=tuple(every))
        return tuple(together.values())

    def ask(self) -> Sample:
        """Return how things are now; raises NoAnswerError, SubmeterError."""
        told = local_socket.ask(self._socket, self._question)
        if told is None:
            message = "no program runs with this store: start it with 'submeter run'"
            raise NoAnswerError(message)
        if "error" in told:
            raise SubmeterError(f"the running program answers: {told['error']}")
        found = sample.read(told)
        self.sealed = found.sealed
        for name, count in self._counts.items():
            own = sum(board.meter == name for board in found.boards)
            if own < count:
                raise SubmeterError(f"meter '{name}': {own} of {count} boards were heard so far")
        self.pieces = found.boards
        return found

    def collect(
        self, seconds: float, label: str, look: Callable[[Tell], bool], patience: float = BY_HAND
    ) -> str | None:
        """Take samples for so long, or until `look` is true; it may tell what is known so far.

        Return why nothing was heard any more for `patience` s, None if that did not happen. A
        patient session ends at the first Ctrl-C, and `ended_early` tells of it. Raises
        SubmeterError.
        """
        self._begin()
        start = time.monotonic()
        with progress(label, seconds) as shown:
            if patience <= BY_HAND:
                return self._go_on(start + seconds, patience, look, shown, lambda: False)
            with first_interrupt() as asked:
                lost = self._go_on(start + seconds, patience, look, shown, asked.is_set)
                self.ended_early = asked.is_set()
                if self.ended_early:
                    shown.line("ended early; Ctrl-C stops what follows too")
                return lost

    def await_taken(self) -> bool:
        """Tell whether the program uses other corrections than those of the last sample.

        Raises SubmeterError if it does not answer.
        """
        before = {board.uid: board.stored for board in self.pieces}
        end = time.monotonic() + TAKEN
        while time.monotonic() < end:
            if {board.uid: board.stored for board in self.ask().boards} != before:
                return True
            time.sleep(PERIOD / 4)
        return False

    def _go_on(
        self,
        end: float,
        patience: float,
        look: Callable[[Tell], bool],
        shown: Shown,
        stopped: Callable[[], bool],
    ) -> str | None:
        start = time.monotonic()
        while (left := end - time.monotonic()) > 0 and not stopped():
            time.sleep(min(PERIOD, left))
            silences = self._hear(patience)
            over = next((each.reason for each in silences if each.over), None)
            if over:
                return over
            if look(shown.tell):
                return None
            notes = (each.note for each in silences if each.note)
            shown.show(time.monotonic() - start, next(notes, ""))
        return None

    def _begin(self) -> None:
        found = self.ask()
        _prove_apart(found)
        self.courses = [
            Course(board.uid, tuple(clamp.number for clamp in board.clamps))
            for board in found.boards
        ]
        self.reference, self._reference_steps = ReferenceCourse(), []
        self._answered = time.monotonic()
        self._add(found)
        for each in heard(found, self.reference, SILENT):
            if each.over:
                raise SubmeterError(each.reason)

    def _hear(self, patience: float) -> list[Silence]:
        """Ask once; return what is silent, and for how long."""
        try:
            found = self.ask()
        except SubmeterError as error:
            return [Silence(str(error), time.monotonic() - self._answered, patience)]
        self._answered = time.monotonic()
        self._add(found)
        return heard(found, self.reference, patience)

    def _add(self, found: Sample) -> None:
        if len(found.boards) != len(self.courses):
            raise SubmeterError("another number of boards than before; start again")
        for course, board in zip(self.courses, found.boards, strict=True):
            course.add(board)
        if found.reference is not None:
            before = self.reference.heard
            self.reference.add(found.reference)
            now = self.reference.heard
            if before is not None and now is not None and now > before:
                self._reference_steps.append(now - before)


def _prove_apart(found: Sample) -> None:
    """Raise ConfigError if a clamp is told by two meters: its energy would count twice."""
    whose: dict[tuple[str, int], str] = {}
    for board in found.boards:
        for clamp in board.clamps:
            other = whose.setdefault((board.uid, clamp.number), board.meter)
            if other != board.meter:
                raise ConfigError(
                    f"meters '{other}' and '{board.meter}' both have clamp {clamp.number} of board "
                    f"{board.uid}: name one of them"
                )
