"""What one meter hears of one board, from its records to what its clamps measured."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from submeter.errors import Condition
from submeter.meter.instant import Instant
from submeter.sources.pulse.lingering import Lingering
from submeter.sources.rp2040 import distortion, electrical
from submeter.sources.rp2040.board import Board
from submeter.sources.rp2040.correction import BoardCorrection
from submeter.sources.rp2040.dips import SwingLog, swing
from submeter.sources.rp2040.follower import Follower
from submeter.sources.rp2040.identity import Identity
from submeter.sources.rp2040.layout import DIPS, OVERRUNS, RESETS, SWELLS
from submeter.sources.rp2040.rating import Rating
from submeter.sources.rp2040.raw import RawBoard
from submeter.sources.rp2040.raw_sum import RawSum
from submeter.sources.rp2040.record import Record, Window
from submeter.sources.rp2040.scale import Scale, of_code
from submeter.sources.rp2040.settings import Rp2040Settings
from submeter.sources.rp2040.share import Share, lines
from submeter.sources.rp2040.wiring import Wiring

if TYPE_CHECKING:  # for it needs numpy
    from submeter.sources.rp2040.spectrum import Spectra

_RUNS = 16  # that are remembered
_LEAST = 1.0  # codes; a current below is what the noise of the converter leaves


class Corrections(Protocol):
    """Who knows what calibration found; see `CalibrationFile`."""

    def current(self, uid: str) -> BoardCorrection:
        """Return the correction of the board `uid` that is in force."""


class Heard(NamedTuple):
    """A record that counted, and what it added."""

    identity: Identity
    record: Record
    window: Window
    at: Instant


Tell = Callable[[Share, Instant], None]


class BoardEar:
    """Follows one board for the source `name`; see `Ear`.

    What it tells goes by the rating and the correction of the moment. Until the rating is known it
    takes no record. `counts` are dips, swells, lost frames and resets since the start, by their
    points.
    """

    def __init__(
        self,
        name: str,
        board: Board,
        wiring: Wiring,
        settings: Rp2040Settings,
        rating: Rating,
        corrections: Corrections,
    ) -> None:
        self.board = board
        self.wiring = wiring
        self.heard: Heard | None = None
        self.distortions = distortion.NONE
        self.counts: Counter[str] = Counter()
        self.tell: Tell = _nobody
        self._settings = settings
        self._rating = rating
        self._corrections = corrections
        self._follower = Follower()
        self._trouble = Lingering()
        self._log = SwingLog(name)
        self._runs: deque[str] = deque(maxlen=_RUNS)
        self._raw = RawSum(wiring)
        for around in wiring.clamps:
            board.want(wiring.layout, around.clamp, wiring.lag(around), wiring.quarter)
        if settings.snapshot:
            board.want_snapshots(settings.snapshot)

    @property
    def trouble(self) -> Condition | None:
        """Those of the board and of its records, then SATURATED and OVERRUN."""
        return self.board.trouble or self._follower.trouble or self._trouble.shown

    @property
    def raw(self) -> RawBoard | None:
        """What was measured since the start, for a calibration."""
        return self._raw.board

    def record(self, identity: Identity, record: Record, at: Instant) -> None:
        """Take a record of the board."""
        scale = self._rating.scale
        if scale is None or identity.layout != self.wiring.layout:
            return
        self._log.settle(at.mono)
        self._note_run(identity)
        window = self._follower.take(record, at.mono * self.board.speed)
        if window is None:
            return
        self.heard = Heard(identity, record, window, at)
        self.counts[OVERRUNS] += window.lost
        found = self._measure(self.heard, scale) if window.frames > 0 else None
        self._trouble.take(_trouble(window, found), at.mono)
        if found:
            self.tell(found, at)

    def spectra(self, spectra: "Spectra", at: Instant) -> None:
        """Take what a waveform says."""
        if len(spectra.clamps) == (3 if self.wiring.voltage_at else 4):
            self.distortions = distortion.distortions(spectra, self.wiring, at.mono)

    def event(self, identity: Identity, content: Mapping[str, Any], at: Instant) -> None:
        """Count a dip or a swell; other events show in the records too."""
        found, scale = swing(identity, content), self._rating.scale
        if found is None or scale is None or identity.layout != self.wiring.layout:
            return
        self.counts[DIPS if found.kind == "dip" else SWELLS] += 1
        correction = self._corrections.current(identity.uid)
        volts = found.codes * of_code(scale.voltage, identity.span) * correction.voltage
        self._log.tell(found, volts, at.mono)

    def saved(self) -> dict[str, Any]:
        """Return as plain data up to which record what was counted is."""
        return self._follower.saved()

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on where `saved` was made; raises ValueError if it is damaged."""
        self._follower.restore(saved)

    def _note_run(self, identity: Identity) -> None:
        """Count a reset, unless it is another board, or the board took new settings."""
        run = f"{identity.uid} {identity.boot}"
        if run in self._runs:
            return
        known = any(each.startswith(f"{identity.uid} ") for each in self._runs)
        self.counts[RESETS] += known and identity.reset != "settings"
        self._runs.append(run)

    def _measure(self, heard: Heard, scale: Scale) -> Share:
        identity, _, window, at = heard
        rate = self.board.true_rate or identity.rate
        nominal, behind = self.wiring.nominal, self.wiring.behind
        correction = self._corrections.current(identity.uid)
        measured = electrical.measure(window, identity, correction, scale, rate, nominal, behind)
        grown = electrical.raw(window, identity, scale, rate, nominal, behind)
        self._raw.add(identity.uid, grown, at)
        least = _LEAST * of_code(scale.current, identity.span)
        threshold = max(self._settings.creep * (self._rating.current or 0.0), least)
        found = lines(measured, self.wiring, threshold, self._settings.nominal)
        seconds = max(measured.seconds, window.sampled / rate)
        return Share(identity.uid, self.wiring, seconds, measured, found)


def _trouble(window: Window, found: Share | None) -> Condition | None:
    if found and any(line.values.saturated for line in found.lines):
        return Condition.SATURATED
    return Condition.OVERRUN if window.lost or window.overruns else None


def _nobody(found: Share, at: Instant) -> None:
    """Stand for whoever listens before anybody does."""
