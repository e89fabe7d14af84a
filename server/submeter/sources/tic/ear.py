"""What is understood of the frames of one TIC link, whatever the mode."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from submeter.errors import Condition
from submeter.meter.reading import Update
from submeter.pointmap.source_map import SourceMap
from submeter.sources.origin import Origin
from submeter.sources.tic.decoder import Frame, Mode
from submeter.sources.tic.said import Reader
from submeter.sources.translation.datum import Said
from submeter.sources.translation.translator import Translator

# A line whose mode or meter changes with each frame is damaged, and must not fill the log.
_INTRODUCTIONS = 10
_FRAMES_TO_NEXT = 1000  # after which one more introduction is granted

_log = logging.getLogger(__name__)


class Ear:
    """Keeps a translator for each mode that is heard, and says once which meter it is.

    With `expected`, only frames are believed that say that serial number themselves: every kind of
    frame does, and the first of another meter on the line may be one that lost it. `make` makes the
    translator for the map of a mode.
    """

    def __init__(
        self,
        name: str,
        maps: Mapping[Mode, SourceMap],
        make: Callable[[Mode], Translator],
        expected: str | None = None,
    ) -> None:
        self.refused = 0
        """Groups whose data broke their label's form."""
        self.identity: str | None = None
        """The serial number of the meter that spoke last."""
        self.sleeping = False
        """Whether the meter says who it is and nothing else: it measures nothing."""
        self._name = name
        self._maps = maps
        self._make = make
        self._expected = expected
        self._nameless = False  # a whole frame came, and the meter has not said who it is
        self._understood: dict[Mode, tuple[Reader, Translator]] = {}
        self._introduced: tuple[Mode, str] | None = None
        self._grants = float(_INTRODUCTIONS)

    @property
    def trouble(self) -> Condition | None:
        """What is wrong with the meter that is heard; None if nothing is."""
        if self._expected and self.identity != self._expected and (self.identity or self._nameless):
            return Condition.OTHER_METER
        return Condition.SLEEPING if self.sleeping else None

    def origin(self, point: str) -> Origin | None:
        """Return the groups that the last value of `point` was made of."""
        found = [made.origin(point) for _, made in self._understood.values()]
        return max(filter(None, found), key=lambda origin: origin.at.mono, default=None)

    def understand(self, frame: Frame, elapsed: float) -> Update | None:
        """Return what `frame`, `elapsed` seconds into the stream, says of the points."""
        if frame.mode not in self._understood:
            self._understood[frame.mode] = Reader(self._maps[frame.mode]), self._make(frame.mode)
        reader, translator = self._understood[frame.mode]
        message = reader.message(frame)
        self.refused += reader.refused
        said = self._look_at(frame, message.said)
        if self._expected and said != self._expected:
            return None
        update = translator.translate(message, elapsed)
        return replace(update, max_age=self._maps[frame.mode].max_age) if update else None

    def _look_at(self, frame: Frame, said: Said) -> str | None:
        """Return who `frame` says it is of; None if it does not tell."""
        label = self._maps[frame.mode].identity
        told = said[label].text if label in said else None
        self.identity = told or self.identity
        if self.identity:
            self._introduce(frame.mode, self.identity)
        if len(frame.groups) > 1:
            self.sleeping = False
            self._nameless |= frame.whole
        elif frame.whole and told:
            self.sleeping = True
        return told

    def _introduce(self, mode: Mode, identity: str) -> None:
        self._grants = min(_INTRODUCTIONS, self._grants + 1 / _FRAMES_TO_NEXT)
        if (mode, identity) != self._introduced and self._grants >= 1:
            self._introduced = (mode, identity)
            self._grants -= 1
            message = "event=tic_meter source=%s mode=%s meter=%s"
            _log.info(message, self._name, mode, identity)
            if self.trouble is Condition.OTHER_METER:
                message = "event=other_meter source=%s meter=%s expected=%s"
                _log.warning(message, self._name, identity, self._expected)
