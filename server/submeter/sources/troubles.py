"""Tells the log what is wrong with a source whose link is up: once a change."""

import logging
from collections.abc import Iterable

from submeter.errors import Condition
from submeter.sources.source import Source

_log = logging.getLogger(__name__)


class Troubles:
    """Remembers the trouble of each source of `sources`."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._known: dict[Source, Condition | None] = dict.fromkeys(sources)

    def look(self) -> None:
        """Log what has changed; to be called once a second."""
        for source, known in self._known.items():
            now = source.trouble
            if now is known:
                continue
            self._known[source] = now
            if now is None:
                _log.info("event=source_trouble_over source=%s", source.name)
            else:
                message = 'event=source_trouble source=%s condition="%s"'
                _log.warning(message, source.name, now.words)
