"""Asks the running program about clamps again and again, while a bar shows how far it is."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from submeter import local_socket
from submeter.calibration import sample
from submeter.calibration.course import Course
from submeter.calibration.reference import ReferenceCourse
from submeter.calibration.sample import BoardSample, Sample
from submeter.errors import NoAnswerError, SubmeterError

PERIOD = 1.0  # s between two questions
SILENT = 30.0  # s; a board that says nothing for so long is lost
REFERENCE_SILENT = 300.0  # s; some instruments are asked each minute
TAKEN = 10.0  # s in which the program looks at a changed file
_TRIES = 3  # questions in a row that may fail

Tell = Callable[[str], None]


class Session:
    """Of the meter `meter`, compared with `reference`, at the program with the store `store`.

    The meter has `count` boards.
    """

    def __init__(
        self, store: Path, meter: str, reference: str | None = None, count: int = 1
    ) -> None:
        self._count = count
        self._socket = local_socket.beside(store)
        self._question = {"ask": "calibration", "meter": meter, "reference": reference}
        self.boards: tuple[BoardSample, ...] = ()
        self.courses: list[Course] = []
        self.reference = ReferenceCourse()

    def ask(self) -> Sample:
        """Return how things are now; raises NoAnswerError, SubmeterError."""
        told = local_socket.ask(self._socket, self._question)
        if told is None:
            message = "no program runs with this store: start it with 'submeter run'"
            raise NoAnswerError(message)
        if "error" in told:
            raise SubmeterError(f"the running program answers: {told['error']}")
        found = sample.read(told)
        if len(found.boards) < self._count:
            heard = f"{len(found.boards)} of {self._count} boards"
            raise SubmeterError(f"meter '{found.meter}': {heard} were heard so far")
        self.boards = found.boards
        return found

    def collect(self, seconds: float, label: str, look: Callable[[Tell], bool]) -> None:
        """Take samples for so long, or until `look` is true; it may tell what is known so far.

        Raises SubmeterError.
        """
        self._begin(self.ask())
        start = time.monotonic()
        fails = 0
        with _progress(label, seconds) as show:
            note = ""

            def tell(text: str) -> None:
                nonlocal note
                note = text

            while (passed := time.monotonic() - start) < seconds:
                time.sleep(min(PERIOD, seconds - passed))
                try:
                    found = self.ask()
                except NoAnswerError:
                    fails += 1
                    if fails >= _TRIES:
                        raise
                    continue
                fails = 0
                self._add(found)
                if look(tell):
                    return
                show(time.monotonic() - start, note)

    def await_taken(self) -> bool:
        """Tell whether the program uses other corrections than those of the last sample."""
        before = [board.correction for board in self.boards]
        end = time.monotonic() + TAKEN
        while time.monotonic() < end:
            if [board.correction for board in self.ask().boards] != before:
                return True
            time.sleep(PERIOD / 4)
        return False

    def _begin(self, found: Sample) -> None:
        self.courses = [
            Course(board.uid, tuple(clamp.number for clamp in board.clamps))
            for board in found.boards
        ]
        self.reference = ReferenceCourse()
        self._add(found)

    def _add(self, found: Sample) -> None:
        if len(found.boards) != len(self.courses):
            raise SubmeterError("another number of boards than before; start again")
        for course, board in zip(self.courses, found.boards, strict=True):
            course.add(board)
            if found.at - board.at > SILENT:
                raise SubmeterError(f"board {board.uid} is silent; is it plugged in?")
        if found.reference is not None:
            self.reference.add(found.reference)
            heard = self.reference.heard
            if heard is None or found.at - heard > REFERENCE_SILENT:
                raise SubmeterError("the reference is silent: see 'submeter explain'")


@contextlib.contextmanager
def _progress(label: str, seconds: float) -> Iterator[Callable[[float, str], None]]:
    """Show a bar, or where there is no terminal a line each minute."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns,
        TextColumn("{task.fields[note]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(label, total=seconds, note="")
        told = 0.0

        def show(passed: float, note: str) -> None:
            nonlocal told
            bar.update(task, completed=passed, note=note)
            if not console.is_terminal and told + 60 <= passed < seconds:
                told = passed
                console.print(f"{label}: {passed / 60:.0f} of {seconds / 60:.0f} min {note}")

        yield show
