"""From a TIC frame to an update, as the source joins its reader and its translator."""

from collections.abc import Iterable

from submeter.meter.reading import Update
from submeter.pointmap.source_map import SourceMap
from submeter.sources.growing_index import GrowingIndex
from submeter.sources.tic.decoder import Frame
from submeter.sources.tic.said import Reader
from submeter.sources.translation.ledger import Ledger
from submeter.sources.translation.translator import Guard, Translator


class TicReader:
    """A reader and a translator by one map; `refused` counts the groups that it did not believe."""

    def __init__(
        self,
        source_map: SourceMap,
        promised: Iterable[str] = (),
        guard: Guard | None = None,
        growing: GrowingIndex | None = None,
        lap: str = "",
        ledger: Ledger | None = None,
        *,
        doubted: bool = False,
    ) -> None:
        self._reader = Reader(source_map)
        self._translator = Translator(
            source_map, promised, guard, growing, lap, ledger, doubted=doubted
        )
        self.heard = self._translator.heard
        self.origin = self._translator.origin
        self.refused = 0

    def translate(self, frame: Frame, elapsed: float) -> Update | None:
        """Return what `frame` says."""
        message = self._reader.message(frame)
        self.refused += self._reader.refused
        return self._translator.translate(message, elapsed)
