"""Tells the log what is wrong with a source whose link is up, and when it is over."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from submeter.errors import Condition
from submeter.sources.source import Source

ABSENT = 10
"""Seconds without a trouble after which it is over: on a bad line good frames come between."""

APART = 60
"""Seconds from one trouble that is told to the next one of the same source."""

_log = logging.getLogger(__name__)


@dataclass
class _Told:
    """What the log knows of one source, how long it does, and how long nothing is wrong."""

    trouble: Condition | None = None
    age: int = APART
    absent: int = 0


class Troubles:
    """Remembers the trouble of each source of `sources`.

    Whatever comes over its line, the log has two lines a minute of a source at most.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self._told = {source: _Told() for source in sources}

    def look(self) -> None:
        """Log what has changed; to be called once a second."""
        for source, told in self._told.items():
            now = source.trouble
            told.age += 1
            told.absent = 0 if now else told.absent + 1
            if now is None:
                if told.trouble and told.absent >= ABSENT:
                    told.trouble = None
                    _log.info("event=source_trouble_over source=%s", source.name)
            elif now is not told.trouble and told.age >= APART:
                told.trouble, told.age = now, 0
                message = 'event=source_trouble source=%s condition="%s"'
                _log.warning(message, source.name, now.words)
