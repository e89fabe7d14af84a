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
from submeter.sources.rp2040.dips import Swing, SwingLog, swing
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
from submeter.sources.rp2040.validity import Validity
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
    points; `swings` the last dip and the last swell, and when it was heard.
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
        self.swings: dict[str, tuple[Swing, Instant]] = {}
        self.tell: Tell = _nobody
        self._settings = settings
        self._rating = rating
        self._corrections = corrections
        self._validity = Validity()
        self._follower = Follower(laps=board.played)
        self._trouble = Lingering()
        self._log = SwingLog(name)
        self._runs: deque[str] = deque(maxlen=_RUNS)
        self._raw = RawSum(wiring)
        self._scale: Scale | None = None  # of the last record
        self._ends = (0, 0, 0, 0)  # samples of the last record
        for around in wiring.clamps:
            board.want(wiring.layout, around.clamp, wiring.lag(around), wiring.quarter)
        board.want_inputs(wiring.order, settings.pins, settings.debounce)
        if settings.snapshot:
            board.want_snapshots(settings.snapshot)

    @property
    def trouble(self) -> Condition | None:
        """Those of the board and of its records, then NO_VOLTAGE, SATURATED and OVERRUN."""
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
        window, scale = self._with_late_ends(window), self._scale_of(window, scale)
        self.heard = Heard(identity, record, window, at)
        self.counts[OVERRUNS] += window.lost
        found = self._measure(self.heard, scale) if window.frames > 0 else None
        self._trouble.take(_trouble(window, found), at.mono)
        if found:
            self.tell(found, at)

    def spectra(self, spectra: "Spectra", at: Instant) -> None:
        """Take what a waveform says."""
        if len(spectra.clamps) == (3 if self.wiring.voltage_at else 4):
            self.distortions = distortion.distortions(spectra, self.wiring, at)

    def event(self, identity: Identity, content: Mapping[str, Any], at: Instant) -> None:
        """Count a dip or a swell; other events show in the records too."""
        found, scale = swing(identity, content), self._rating.scale
        if found is None or scale is None or identity.layout != self.wiring.layout:
            return
        point = DIPS if found.kind == "dip" else SWELLS
        self.counts[point] += 1
        self.swings[point] = found, at
        correction = self._corrections.current(identity.uid)
        volts = found.codes * of_code(scale.voltage, identity.span) * correction.voltage
        self._log.tell(found, volts, at.mono)

    def saved(self) -> dict[str, Any]:
        """Return as plain data up to which record what was counted is."""
        return self._follower.saved()

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on where `saved` was made; raises ValueError if it is damaged."""
        self._follower.restore(saved)

    def _with_late_ends(self, window: Window) -> Window:
        """Return `window` with the samples at the ends of the converter that may be in its sums.

        A board counts them when they are sampled, and sums when the cycle that they are in ends,
        which may be a record later.
        """
        late, self._ends = self._ends, window.saturated
        a, b, c, d = (now + before for now, before in zip(window.saturated, late, strict=True))
        return window._replace(saturated=(a, b, c, d))

    def _scale_of(self, window: Window, scale: Scale) -> Scale:
        """Return what `window` goes by: a rating that was written in a gap counts from its end."""
        before, self._scale = self._scale, scale
        return before if before and window.records > electrical.SHORT else scale

    def _note_run(self, identity: Identity) -> None:
        """Count a reset, unless it is another board, new settings, or a lap of a recording."""
        run = f"{identity.uid} {identity.boot}"
        if run in self._runs:
            return
        known = any(each.startswith(f"{identity.uid} ") for each in self._runs)
        wanted = identity.reset == "settings" or self.board.played
        self.counts[RESETS] += known and not wanted
        self._runs.append(run)

    def _measure(self, heard: Heard, scale: Scale) -> Share:
        identity, _, window, at = heard
        rate = self.board.true_rate or identity.rate
        nominal, behind = self.wiring.nominal, self.wiring.behind
        own = [each.clamp for each in self.wiring.clamps]
        ratings = dict.fromkeys(own, of_code(scale.current, identity.span))
        stored = self._corrections.current(identity.uid)
        correction = self._validity.counting(identity.uid, stored, ratings)
        measured = electrical.measure(window, identity, correction, scale, rate, nominal, behind)
        grown = electrical.raw(window, identity, scale, rate, nominal, behind, own)
        self._raw.add(identity.uid, grown, at)
        least = _LEAST * of_code(scale.current, identity.span)
        creep = self._settings.creep * (self._rating.current or 0.0)
        # The mean over a gap is small also where a load came and went in it.
        threshold = max(creep, least) if window.records <= electrical.SHORT else least
        found = lines(measured, self.wiring, threshold, self._settings.nominal)
        seconds = max(measured.seconds, window.sampled / rate)
        return Share(identity.uid, self.wiring, seconds, measured, found)


def _trouble(window: Window, found: Share | None) -> Condition | None:
    if found and found.blind:
        return Condition.NO_VOLTAGE
    if found and any(line.values.saturated for line in found.lines):
        return Condition.SATURATED
    return Condition.OVERRUN if window.lost or window.overruns else None


def _nobody(found: Share, at: Instant) -> None:
    """Stand for whoever listens before anybody does."""
