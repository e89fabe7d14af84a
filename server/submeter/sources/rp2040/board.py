"""A board with clamps, which the meters of its clamps share."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from submeter.errors import Condition, FrameError
from submeter.meter.instant import Instant
from submeter.sources.board import lines
from submeter.sources.board.board_line import BoardLine
from submeter.sources.board.hearing import Hearing
from submeter.sources.board.said import Said
from submeter.sources.port import Replay
from submeter.sources.rp2040 import checked, identity, record
from submeter.sources.rp2040.clock_trim import ClockTrim
from submeter.sources.rp2040.identity import LINES, Identity, Layout
from submeter.sources.rp2040.laps import Laps
from submeter.sources.rp2040.patience import Patience, Seldom
from submeter.sources.rp2040.record import Record
from submeter.sources.rp2040.snapshot import Snapshots, Waveform
from submeter.sources.rp2040.wishes import Wishes
from submeter.sources.translation.plain_text import plain_text

if TYPE_CHECKING:
    from submeter.sources.rp2040.spectrum import Spectra

MOST_TRIES = 3  # of settings that are not taken
ANEW = 600.0  # s after the last of them, from which on another run is given them anew
SNAPSHOT_SECONDS = 5.0  # in which all of its lines come

_log = logging.getLogger(__name__)


class Ear(Protocol):
    """One that is told what a board says; `at` is when it was heard."""

    def record(self, identity: Identity, record: Record, at: Instant) -> None:
        """Take a record of the run that `identity` names, in whatever order they come."""

    def spectra(self, spectra: "Spectra", at: Instant) -> None:
        """Take what was made of a snapshot."""

    def event(self, identity: Identity, content: Mapping[str, Any], at: Instant) -> None:
        """Take an event; all of `content` but `b` and `k`, which are texts, is whole numbers."""


@dataclass(slots=True)
class _Giving:
    """How the board `uid` is given its settings, whatever run it is in: each time it keeps them."""

    uid: str = ""
    patience: Patience = field(default_factory=Patience)
    number: int = 0  # of the last command
    boot: str = ""  # in which it was given
    at: float = 0.0  # monotonic s
    refusal: str = ""
    over: bool = False  # it does not take them


class Board:
    """Speaks with one board through `line`, and tells all that listen.

    It asks who the board is, gives it the settings that the meters want, and asks for snapshots. A
    record is told only with the identity of its own run; the last one waits until it is known.
    `expected_uid`, in small letters, is the board that it must be, None if it may be any. `played`
    tells that it is a recording, `speed` how many times faster than the clock it lives then.
    """

    def __init__(self, line: BoardLine, expected_uid: str | None = None) -> None:
        self.identity: Identity | None = None
        self.played = isinstance(line.spec, Replay)
        self.speed = line.spec.speed if isinstance(line.spec, Replay) else 1.0
        self.line = line
        self._expected = expected_uid
        self._wishes = Wishes()
        self._hearing: Hearing[Ear] = Hearing(self._listen)
        self._laps = Laps() if self.played else None
        self._opened = 0  # which opening of the port is heard
        self._waiting: tuple[Mapping[str, Any], Instant] | None = None  # for its identity
        self._other_lines = False  # than those of this program
        self._told: object = None  # of that in the log
        self._number = 0  # of the last command
        self._asked = Patience()
        self._giving = _Giving()
        self._old_due, self._refused_due = Seldom(), Seldom()
        self._event = 0  # the last one of the run
        self._trim: tuple[str, ClockTrim] | None = None  # and the board that it is of
        self._analyse: Callable[[Waveform, Identity], Spectra] | None = None
        self._period = 0.0  # s between snapshots
        self._snapshots = Snapshots()
        self._snapshot_due = 0.0  # monotonic s

    @property
    def trouble(self) -> Condition | None:
        """OLD_FIRMWARE, OTHER_METER, or WRONG_LAYOUT: it does not take what is wanted of it.

        WRONG_LAYOUT too if it does not say who it is.
        """
        if self._other_lines:
            return Condition.OLD_FIRMWARE
        if self.identity is None or self._waiting:
            return Condition.WRONG_LAYOUT if self._asked.tries > MOST_TRIES else None
        if not self._is_expected(self.identity):
            return Condition.OTHER_METER
        return Condition.WRONG_LAYOUT if self._giving.over else None

    @property
    def dropped(self) -> int:
        """Damaged lines, and snapshots that missed some."""
        return self.line.dropped + self._snapshots.dropped

    @property
    def true_rate(self) -> float | None:
        """Frames a second by the clock of the host; None until it is sure within 5 ppm."""
        if self._trim is None or self.identity is None or self._trim[0] != self.identity.uid:
            return None
        return self._trim[1].rate

    def want(self, layout: Layout, clamp: int | None, lag: int, quarter: int) -> None:
        """Want this of the board: `lag` frames at `clamp`, from 1 on; None: it is without clamps.

        Raises ValueError if another meter wants it otherwise.
        """
        self._wishes.add(layout, clamp, lag, quarter)

    def want_inputs(
        self, order: Sequence[int] | None, pins: Sequence[int] | None, debounce: int | None
    ) -> None:
        """Want the channel of each role, GPIO of pulse inputs, and their ms; None: as they are.

        Raises ValueError if another meter wants it otherwise.
        """
        self._wishes.add_inputs(order, pins, debounce)

    def want_snapshots(self, period: float) -> None:
        """Want spectra every `period` s, or more often if another meter does; 0: none."""
        if period <= 0:
            return
        # Only here: it takes numpy, which a program without clamps does not need.
        from submeter.sources.rp2040.spectrum import analyse

        self._analyse = analyse
        self._period = min(period, self._period or period)

    async def listen(self, ear: Ear) -> None:
        """Tell `ear` until the board is lost: raises LinkError."""
        await self._hearing.listen(ear)

    async def _listen(self) -> None:
        self._opened = 0
        self.line.greet = self._greet
        await self.line.listen(self._hear)

    def _greet(self) -> None:
        """Ask who it is at once: one that seldom says anything would be given up before."""
        self._begin()
        self._ask(Instant.now().mono)

    def _hear(self, said: Said) -> None:
        """Take in a line; raises FrameError if it makes no sense."""
        at = Instant.now()
        if self.line.opened != self._opened:
            self._begin()
        said = self._laps.named(said) if self._laps else said
        try:
            match said.tag:
                case "ID":
                    self._take_identity(said.content, at)
                case "S":
                    self._take_record(said.content, at)
                case "W":
                    self._take_snapshot(said.content, at)
                case "E":
                    self._take_event(said.content, at)
                case "R":
                    self._take_answer(said.content)
        finally:
            self._ask(at.mono)

    def _begin(self) -> None:
        """Forget what is not so any more where the port was opened anew."""
        self._opened = self.line.opened
        self.identity = self._waiting = None
        self._other_lines = False
        self._asked = Patience()

    def _is_expected(self, who: Identity) -> bool:
        return self._expected in (None, who.uid)

    def _take_identity(self, content: Mapping[str, Any], at: Instant) -> None:
        version = identity.version(content)
        self._other_lines = version != LINES
        if self._other_lines:
            self.identity = None
            self._tell_version(version, _text(content.get("fw")), at.mono)
            return
        who = identity.read(content)
        if who != self.identity:
            self._event = 0
        self.identity, self._asked = who, Patience()
        waiting, self._waiting = self._waiting, None
        if waiting:
            # It may be of another run still; if so, what it counted is lost with that run.
            with suppress(FrameError):
                self._tell(who, *waiting)

    def _tell_version(self, version: int, firmware: str, now: float) -> None:
        if self._told == (version, firmware) or not self._old_due.due(now):
            return
        self._told = version, firmware
        message = (
            'event=board_old_firmware port=%s firmware="%s" lines=%d wanted=%d '
            'reason="run: submeter flash %s"'
        )
        _log.warning(message, self.line.spec, firmware, version, LINES, self.line.spec)

    def _take_record(self, content: Mapping[str, Any], at: Instant) -> None:
        if self._other_lines:
            return
        uid, boot = record.uid(content), checked.name(content, "b")
        who = self.identity
        if who and self._laps and (uid, boot) != (who.uid, who.boot):
            who = self.identity = self._laps.renamed(who)
        if who and (uid, boot) == (who.uid, who.boot):
            if self._waiting:  # late, of a run that is over
                self._waiting, self._asked = None, Patience()
            self._tell(who, content, at)
        else:
            self._waiting = content, at

    def _tell(self, who: Identity, content: Mapping[str, Any], at: Instant) -> None:
        read = record.read(content, who)
        if not self._is_expected(who):
            return
        if not self._laps:
            if self._trim is None or self._trim[0] != who.uid:
                self._trim = who.uid, ClockTrim(who.rate)
            self._trim[1].take(who.boot, read.overruns, read.sampled, at.mono)
        if self._wishes.fits(who):
            self._hearing.tell(lambda ear: ear.record(who, read, at))

    def _take_snapshot(self, content: Mapping[str, Any], at: Instant) -> None:
        who = self.identity
        if who is None or not self._analyse or not self._is_expected(who):
            return
        waveform = self._snapshots.take(content, who)
        if waveform and self._wishes.fits(who):
            self._snapshot_due = max(at.mono, self._snapshot_due - SNAPSHOT_SECONDS + self._period)
            spectra = self._analyse(waveform, who)
            self._hearing.tell(lambda ear: ear.spectra(spectra, at))

    def _take_event(self, content: Mapping[str, Any], at: Instant) -> None:
        who, boot = self.identity, checked.name(content, "b")
        number = checked.whole(content, "q")
        checked.name(content, "k")
        for key in set(content) - {"b", "k"}:
            checked.whole(content, key)
        if who and boot == who.boot and number > self._event and self._is_expected(who):
            self._event = number
            if not self._wishes.fits(who):
                return
            self._hearing.tell(lambda ear: ear.event(who, content, at))

    def _take_answer(self, content: Mapping[str, Any]) -> None:
        number, done = checked.whole(content, "r"), checked.whole(content, "ok", 0, 1)
        if not done and number == self._giving.number:
            self._giving.refusal = _text(content.get("error"))

    def _ask(self, now: float) -> None:
        """Send what is due."""
        who = self.identity
        if who is None or self._waiting:
            if self._asked.due(now) and not self._other_lines:
                self._send("id")
        elif self._is_expected(who):
            self._give(who, now)
            if self._period and self._wishes.fits(who) and now >= self._snapshot_due:
                self._snapshot_due = now + SNAPSHOT_SECONDS
                self._send("snap")

    def _give(self, who: Identity, now: float) -> None:
        """Give the board the settings that it lacks."""
        command, giving = self._wishes.command(who), self._giving
        if command is None:
            giving.over = False
            return
        if giving.uid != who.uid or (giving.boot != who.boot and now - giving.at >= ANEW):
            giving = self._giving = _Giving(who.uid)
        if giving.over or not giving.patience.due(now):
            return
        if giving.patience.tries <= MOST_TRIES:
            self._send(command)
            giving.number, giving.boot, giving.at = self._number, who.boot, now
        elif not self._laps or not self._wishes.fits(who):
            giving.over = True
            if self._refused_due.due(now):
                message = 'event=board_settings_refused board=%s settings="%s" reason="%s"'
                reason = giving.refusal or "they have no effect"
                _log.warning(message, who.uid, command.replace('"', "'"), reason)

    def _send(self, text: str) -> None:
        self._number = self._number % 999_999 + 1
        self.line.send(lines.command(self._number, text))


def _text(said: object) -> str:
    """Return a text of the board as it may stand between quotes in a log."""
    if not isinstance(said, str):
        return "none"
    return plain_text(said).replace("\\", "\\\\").replace('"', '\\"')
