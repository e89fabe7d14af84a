"""What the commands of `submeter calibrate` do: measure, show, ask, store."""

import os
import pwd
import time
from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from submeter import yamlfile
from submeter.calibration import by_hand, plot, report, steady
from submeter.calibration.course import Course
from submeter.calibration.sample import BoardSample, ClampSample
from submeter.calibration_session import Session
from submeter.calibration_watch import Watch
from submeter.config import Loaded, MeterEntry
from submeter.errors import ConfigError, Refusal, SubmeterError, WriteRefusedError
from submeter.sources.rp2040.calibration_file import CalibrationFile, beside
from submeter.sources.rp2040.correction import BoardCorrection
from submeter.sources.rp2040.settings import Rp2040Settings

Truth = tuple[float | None, float | None, float | None]  # W, V, A
_Errors = Mapping[tuple[int, str], str]


class Work:
    """Calibration of the meter `name` in the configuration; every method raises SubmeterError.

    What is proposed is stored once it is confirmed at the terminal, or at once with `yes`.
    """

    def __init__(self, loaded: Loaded, name: str, yes: bool) -> None:
        entries = {entry.name: entry for entry in loaded.config.meters}
        if name not in entries:
            hint = yamlfile.suggest(name, list(entries))
            raise ConfigError(f"no meter is called '{name}'; {hint}")
        self._settings = _clamps_of(entries[name])
        self._name = name
        self._store = loaded.store_path
        self._sealed = [
            entry.name for entry in entries.values() if entry.sealed and self._shares(entry)
        ]
        self._yes = yes
        self._file = CalibrationFile(beside(loaded.store_path))
        self._console = Console(highlight=False)

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
        self._propose(session, {board.uid: found.proposed}, f"known {told}, clamp {number}")

    def auto(self, against: str, minutes: float) -> None:
        """Propose gain and phase of every clamp, once they are sure."""
        self._refuse_sealed()
        if self._settings.voltage is None and self._settings.boards is None:
            message = "has four clamps and no voltage: no energy to compare"
            raise SubmeterError(f"meter '{self._name}' {message}; use 'known --current'")
        session = self._session(against)
        watch = Watch(session, self._settings)
        session.collect(minutes * 60, f"{self._name} against {against}", watch.look)
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
        how = f"against {against}, {watch.minutes:.0f} min"
        self._propose(session, found.proposed, how, errors)

    def show(self) -> None:
        """Print the history of the boards."""
        table = Table("board", "when", "who", "how", "found", "")
        rows = [row for uid in self._uids() for row in report.history(uid, self._file.history(uid))]
        for row in rows:
            table.add_row(*map(escape, row))
        if rows:
            self._console.print(table)
        else:
            self._print("never calibrated: the ratings count")

    def undo(self) -> None:
        """Take back the last calibration of the meter's boards."""
        self._refuse_sealed()
        latest = []
        for uid in self._uids():
            counting = [each for each in self._file.history(uid) if each.undone is None]
            latest += [(counting[-1], uid)] if counting else []
        if not latest:
            raise SubmeterError("there is no calibration that could be undone")
        last, _ = max(latest, key=lambda each: each[0].at)
        # What was stored together is taken back together.
        chosen = [uid for each, uid in latest if (each.at, each.how) == (last.at, last.how)]
        self._print(f"the calibration of {last.time} by {last.who}: {last.how}")
        if self._confirmed("take it back?"):
            for uid in chosen:
                self._file.undo(uid, time.time())
            self._print("taken back; a running program uses the one before within a second")

    def _session(self, against: str | None = None) -> Session:
        count = len(self._settings.boards or "1")
        return Session(self._store, self._name, against, count)

    def _measured(self, seconds: float, label: str, clamp: str | None = None) -> Session:
        """Return a session that has measured for `seconds`; there is a clamp named `clamp`."""
        self._refuse_sealed()
        session = self._session()
        session.ask()
        _expect(clamp, [each for board in session.boards for each in board.clamps])
        session.collect(seconds, label, lambda tell: False)
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
        old = {board.uid: board.correction for board in session.boards}
        for board in session.boards:
            if board.uid in made:
                known = (errors or {}).get(board.uid, {})
                for row in report.changes(board, made[board.uid], known):
                    table.add_row(*row)
        if not table.row_count:
            self._print("nothing changes")
            return
        if sealed := session.ask().sealed:
            raise _sealed(", ".join(sealed))
        self._console.print(table)
        if not self._confirmed("store these?"):
            return
        now, who = time.time(), _user()
        for uid, correction in made.items():
            if correction != old[uid]:
                self._file.append(uid, correction, how, now, who, instead_of=old[uid])
        if session.await_taken():
            self._print("stored, and in use; 'submeter calibrate undo' takes it back")
        else:
            self._print("stored, but the program does not use it yet: see its log")

    def _confirmed(self, question: str) -> bool:
        if self._yes:
            return True
        try:
            said = input(f"{question} [y/N] ")
        except EOFError:
            raise SubmeterError("nobody answers; --yes does without asking") from None
        if said.strip().lower() in ("y", "yes", "o", "oui"):
            return True
        self._print("nothing was changed")
        return False

    def _refuse_sealed(self) -> None:
        if self._sealed:
            raise _sealed(", ".join(self._sealed))

    def _shares(self, entry: MeterEntry) -> bool:
        """Tell whether `entry` is this meter, or one of whose boards is one of this meter's too."""
        others = [each.settings for each in entry.sources]
        return any(
            _boards(each) & _boards(self._settings)
            for each in others
            if isinstance(each, Rp2040Settings)
        )

    def _uids(self) -> list[str]:
        """Return the numbers of the meter's boards, which the program knows if not the file."""
        settings = self._settings
        named = [each.board for each in settings.boards.values()] if settings.boards else []
        known = named or [settings.board]
        if all(known):
            return [uid.lower() for uid in known if uid]
        return [board.uid for board in self._session().ask().boards]

    def _print(self, *lines: str) -> None:
        for line in lines:
            self._console.print(line, markup=False, soft_wrap=True)


def _clamps_of(entry: MeterEntry) -> Rp2040Settings:
    for source in entry.sources:
        if isinstance(source.settings, Rp2040Settings):
            return source.settings
    raise ConfigError(f"meter '{entry.name}' has no clamps: no source 'rp2040'")


def _boards(settings: Rp2040Settings) -> set[str]:
    """Return the names of the boards: numbers and ports."""
    boards = settings.boards.values() if settings.boards else [settings]
    return {name.lower() for each in boards for name in (each.board, each.port) if name}


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


def _sealed(name: str) -> WriteRefusedError:
    message = f"meter '{name}' is sealed: the calibration of its board cannot be changed"
    return WriteRefusedError(Refusal.SEALED, message)


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
