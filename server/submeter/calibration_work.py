"""What the commands of `submeter calibrate` do: measure, show, ask, store."""

import os
import pwd
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from submeter.calibration import by_hand, plot, proposal, report, steady
from submeter.calibration.course import Course
from submeter.calibration.sample import BoardSample, ClampSample
from submeter.calibration_circuit import Circuit, refuse
from submeter.calibration_session import Session
from submeter.calibration_silence import WAITED
from submeter.calibration_watch import LEAST, Watch
from submeter.config import Loaded
from submeter.errors import ConfigError, SubmeterError
from submeter.sources.rp2040.calibration_file import CalibrationFile, Entry, beside
from submeter.sources.rp2040.correction import BoardCorrection

Truth = tuple[float | None, float | None, float | None]  # W, V, A
_Errors = Mapping[tuple[int, str], str]

ENOUGH = 0.9 * LEAST  # s; of 10 minutes a reference that is read each minute leaves so much


class Work:
    """Calibration of the meter `name` and of `others` with it; every method raises SubmeterError.

    What is proposed is stored once it is confirmed at the terminal, or at once with `yes`.
    """

    def __init__(self, loaded: Loaded, name: str, yes: bool, others: Sequence[str] = ()) -> None:
        self._circuit = Circuit(loaded.config, (name, *others))
        self._others = others
        self._names = " + ".join((name, *others))
        self._store = loaded.store_path
        self._yes = yes
        self._file = CalibrationFile(beside(loaded.store_path))
        self._console = Console(highlight=False)
        self._changing: tuple[float, Sequence[str]] = 0.0, ()  # since UTC s, which boards

    @property
    def changed(self) -> str:
        """What was stored so far, in words, for whoever breaks off; raises SubmeterError."""
        at, uids = self._changing
        latest = [each for uid in uids for each in self._file.history(uid)]
        done = [uid for uid in uids if any(_made(each, at) for each in self._file.history(uid))]
        if not done:
            return "nothing was stored"
        boards = ", ".join(done)
        if any(each.undone == at for each in latest):
            return f"what was stored for board {boards} is taken back"
        return f"it is stored for board {boards}; 'submeter calibrate undo' takes it back"

    def no_load(self, seconds: float) -> None:
        """Propose noise and leak of every clamp of the meter."""
        session = self._measured(seconds, "no load")
        made = {}
        for board, course in zip(session.boards, session.courses, strict=True):
            measured = [steady.measure(course, board, n, leak=False) for n in course.numbers]
            found = by_hand.no_load(measured, board)
            self._print(*found.lines)
            made[board.uid] = found.proposed
        self._propose(session, made, "no load")

    def resistive(self, clamp: str | None, seconds: float) -> None:
        """Propose the phase of one clamp."""
        session = self._measured(seconds, "resistive load", clamp)
        board, course, number = _chosen(session, clamp)
        found = by_hand.resistive(steady.measure(course, board, number), board)
        self._print(*found.lines)
        self._propose(session, {board.uid: found.proposed}, f"resistive load, clamp {number}")

    def known(self, truth: Truth, clamp: str | None, seconds: float) -> None:
        """Propose the gain of one clamp, or of the voltage."""
        power, volts, amperes = truth
        if power is None and volts is None and amperes is None:
            raise ConfigError("give what the other meter shows: --power, --voltage or --current")
        session = self._measured(seconds, "known meter", clamp)
        only_volts = power is None and amperes is None
        board, course, number = _chosen(session, clamp, any_clamp=only_volts)
        measured = steady.measure(course, board, number)
        found = by_hand.known(measured, board, power, volts, amperes)
        self._print(*found.lines)
        pairs = zip(truth, ("W", "V", "A"), strict=True)
        told = ", ".join(f"{value:g} {unit}" for value, unit in pairs if value is not None)
        how = f"known {told}" if only_volts else f"known {told}, clamp {number}"
        self._propose(session, {board.uid: found.proposed}, how)

    def auto(self, against: str, minutes: float) -> None:
        """Propose gain and phase of every clamp, once they are sure."""
        self._circuit.refuse_sealed()
        self._circuit.prove_comparable(against, self._others)
        session = self._session(against)
        watch = Watch(session, self._circuit.meters)
        label = f"{self._names} against {against}"
        lost = session.collect(minutes * 60, label, watch.look, WAITED)
        if session.seconds < ENOUGH:
            heard = f"{session.seconds / 60:.1f} min of {ENOUGH / 60:.0f}"
            little = f"nothing is stored: too little was heard, {heard}"
            raise SubmeterError(f"{lost}\n{little}" if lost else little)
        if lost:
            self._print(f"{lost}: judged by the {session.seconds / 60:.0f} min before")
        watch.judge()
        fit, found = watch.fit, watch.verdict
        if fit is None or found is None:
            raise SubmeterError(f"not sure, nothing is stored: {watch.lacking()}")
        if drawn := plot.comparison(fit, session.courses):
            self._print(drawn)
        self._print(report.basis(fit), *watch.voltage_lines(), *found.findings)
        if found.doubts:
            raise SubmeterError("\n".join(("not sure, nothing is stored:", *found.doubts)))
        errors = {board.uid: watch.errors(board.uid) for board in session.boards}
        with_others = f"{self._names} " if self._others else ""
        how = f"{with_others}against {against}, {session.seconds / 60:.0f} min"
        self._propose(session, found.proposed, how, errors)

    def show(self) -> None:
        """Print the history of the boards."""
        table = Table("board", "when", "who", "how", "found", "")
        rows = [row for uid in self._uids() for row in report.history(uid, self._file.history(uid))]
        for row in rows:
            table.add_row(*map(escape, row))
        if rows:
            self._console.print(table)
            self._print(*self._void())
        else:
            self._print("never calibrated: the ratings count")

    def undo(self) -> None:
        """Take back the last calibration of the meter's boards, with all that was stored with it.

        That are boards that the configuration names, if it was their last one too.
        """
        self._circuit.refuse_sealed()
        uids = self._uids()
        self._refuse_sealed_now(self._session())
        own = [each for uid in uids if (each := self._counting(uid))]
        if not own:
            raise SubmeterError("there is no calibration that could be undone")
        last = max(own, key=lambda each: each.at)
        every = {uid: self._counting(uid) for uid in (*uids, *self._circuit.everywhere)}
        chosen = {
            uid: each
            for uid, each in every.items()
            if each and (each.at, each.how) == (last.at, last.how)
        }
        self._circuit.refuse_sealed(chosen)
        self._print(f"the calibration of {last.time} by {last.who}: {last.how}")
        if len(chosen) > 1:
            self._print(f"of boards {', '.join(chosen)}")
        if self._confirmed("take it back?"):
            self._changing = now, _ = time.time(), list(chosen)
            self._one_by_one(
                "taken back", chosen, lambda uid: self._file.undo(uid, now, chosen[uid])
            )
            self._print("taken back; a running program uses the one before within a second")

    def _counting(self, uid: str) -> Entry | None:
        found = [each for each in self._file.history(uid) if each.undone is None]
        return found[-1] if found else None

    def _void(self) -> list[str]:
        """Return a line for each clamp whose calibration was made at other ratings."""
        try:
            boards = self._session().ask().boards
        except SubmeterError:
            return []  # the ratings are those of the program
        return [
            f"board {board.uid}, clamp {number}: its calibration does not count: {reason}"
            for board in boards
            for number, reason in board.stored.void(board.ratings).items()
        ]

    def _session(self, against: str | None = None) -> Session:
        return Session(self._store, self._circuit.counts, against)

    def _measured(self, seconds: float, label: str, clamp: str | None = None) -> Session:
        """Return a session that has measured for `seconds`; there is a clamp named `clamp`."""
        self._circuit.refuse_sealed()
        session = self._session()
        session.ask()
        _expect(clamp, [each for board in session.boards for each in board.clamps])
        if lost := session.collect(seconds, label, lambda tell: False):
            raise SubmeterError(lost)
        return session

    def _propose(
        self,
        session: Session,
        made: Mapping[str, BoardCorrection],
        how: str,
        errors: Mapping[str, _Errors] | None = None,
    ) -> None:
        """Show what would change, ask, and store it."""
        table = Table("", "", "now", "proposed", "standard error")
        boards = {board.uid: board for board in session.boards}
        for board in boards.values():
            if board.uid in made:
                known = (errors or {}).get(board.uid, {})
                for row in report.changes(board, made[board.uid], known):
                    table.add_row(*row)
        if not table.row_count:
            self._print("nothing changes")
            return
        self._refuse_sealed_now(session)
        self._console.print(table)
        if not self._confirmed("store these?", session.ended_early):
            return
        self._store_all(boards, made, how)
        self._tell_taken(session)

    def _store_all(
        self, boards: Mapping[str, BoardSample], made: Mapping[str, BoardCorrection], how: str
    ) -> None:
        now, who = time.time(), _user()
        fresh = {uid: proposal.to_store(boards[uid], each) for uid, each in made.items()}
        changing = [uid for uid, each in fresh.items() if each != boards[uid].stored]
        self._changing = now, changing

        def store(uid: str) -> None:
            self._file.append(uid, fresh[uid], how, now, who, instead_of=boards[uid].stored)

        self._one_by_one("stored", changing, store)

    def _one_by_one(self, what: str, uids: Iterable[str], change: Callable[[str], object]) -> None:
        """Change one board after the other; raises SubmeterError that says of which it is done."""
        done: list[str] = []
        left = list(uids)
        while left:
            try:
                change(left[0])
            except SubmeterError as error:
                raise SubmeterError(f"{error}{_so_far(what, done, left)}") from None
            done.append(left.pop(0))

    def _refuse_sealed_now(self, session: Session) -> None:
        """Refuse what a sealed meter shares, by the last that was heard of the program."""
        with suppress(SubmeterError):
            session.ask()
        refuse(session.sealed)

    def _tell_taken(self, session: Session) -> None:
        try:
            taken = session.await_taken()
        except SubmeterError:
            self._print("stored; the program does not answer: it uses it from its next start on")
            return
        if taken:
            self._print("stored, and in use; 'submeter calibrate undo' takes it back")
        else:
            self._print("stored, but the program does not use it yet: see its log")

    def _confirmed(self, question: str, early: bool = False) -> bool:
        """Ask, unless it was said before; whoever ended it `early` did not wait for that."""
        if self._yes and not early:
            return True
        try:
            said = input(f"{question} [y/N] ")
        except UnicodeDecodeError:
            said = ""
        except (EOFError, RuntimeError):  # the second one where standard input is closed
            hint = (
                "nothing was stored: a Ctrl-C is no yes" if early else "--yes does without asking"
            )
            raise SubmeterError(f"nobody answers; {hint}") from None
        if said.strip().lower() in ("y", "yes", "o", "oui"):
            return True
        self._print("nothing was changed")
        return False

    def _uids(self) -> list[str]:
        """Return the numbers of the boards, which the program knows if not the configuration."""
        known = self._circuit.known
        if known is not None:
            return known
        return list(dict.fromkeys(board.uid for board in self._session().ask().boards))

    def _print(self, *lines: str) -> None:
        for line in lines:
            self._console.print(line, markup=False, soft_wrap=True)


def _chosen(
    session: Session, clamp: str | None, *, any_clamp: bool = False
) -> tuple[BoardSample, Course, int]:
    """Return the one that is meant: the only one, or the only one with a current worth it."""
    every = [
        (board, course, each)
        for board, course in zip(session.boards, session.courses, strict=True)
        for each in board.clamps
    ]
    if clamp is not None:
        every = [row for row in every if clamp in _names(row[2])]
    elif len(session.boards) > 1 and any_clamp:
        raise ConfigError("several boards have a voltage: name the clamp of one with --clamp")
    elif len(every) > 1 and not any_clamp:
        every = _loaded(every)
    board, course, chosen = every[0]
    return board, course, chosen.number


def _names(clamp: ClampSample) -> tuple[str, str]:
    return clamp.conductor, str(clamp.number)


def _expect(name: str | None, clamps: list[ClampSample]) -> None:
    """Raise ConfigError unless `name`, if there is one, is that of one of the clamps."""
    if name is None:
        return
    found = [each for each in clamps if name in _names(each)]
    if len(found) != 1:
        problem = "several clamps are" if found else "no clamp is"
        known = ", ".join(conductor for conductor, _ in map(_names, clamps))
        raise ConfigError(f"{problem} called '{name}'; there are: {known}")


def _loaded(
    every: list[tuple[BoardSample, Course, ClampSample]],
) -> list[tuple[BoardSample, Course, ClampSample]]:
    sizes = []
    for board, course, each in every:
        sizes.append(steady.measure(course, board, each.number).amperes)
    largest = max(sizes)
    found = [row for row, size in zip(every, sizes, strict=True) if size > largest / 5]
    if len(found) > 1:
        raise ConfigError("several clamps carry a current: name one with --clamp")
    return found


def _so_far(what: str, done: Sequence[str], left: Sequence[str]) -> str:
    """Say of which boards it is done where a change was refused; nothing if there is but one."""
    if not done:
        return f"; nothing was {what}" if len(left) > 1 else ""
    said = f"; it is {what} for board {', '.join(done)}, not for board {', '.join(left)}"
    return f"{said}; 'submeter calibrate undo' takes that back" if what == "stored" else said


def _made(entry: Entry, at: float) -> bool:
    return at in (entry.at, entry.undone)


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
