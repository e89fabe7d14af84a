"""The laps of a recording of a board, which is played over and over."""

from typing import NamedTuple

from submeter.sources.board.said import Said
from submeter.sources.rp2040 import checked
from submeter.sources.rp2040.identity import Identity

_LATE = 1  # numbers by which a record may be behind the last one
_MOST = 64  # runs that are remembered
_RUN = {"S": "b", "W": "b", "E": "b", "ID": "boot"}


class _Span(NamedTuple):
    """The numbers of the records of a run."""

    first: int
    last: int


class Laps:
    """Gives each run another name in each lap: its numbers begin again, as after a reset.

    A lap begins where those of a run fall back to the first one; a record that comes twice, or
    after the next one, begins none.
    """

    def __init__(self) -> None:
        self._lap = 0
        self._spans: dict[str, _Span] = {}  # of each run in this lap

    def named(self, said: Said) -> Said:
        """Return `said` with the name of its run in this lap; raises FrameError."""
        key = _RUN.get(said.tag)
        if key is None:
            return said
        boot = checked.name(said.content, key)
        if said.tag == "S":
            self._follow(boot, checked.whole(said.content, "q"))
        return Said(said.tag, {**said.content, key: f"{self._lap}.{boot}"})

    def renamed(self, identity: Identity) -> Identity:
        """Return `identity`, heard in the lap before, as it is in this one."""
        _, _, boot = identity.boot.partition(".")
        return identity._replace(boot=f"{self._lap}.{boot}")

    def _follow(self, boot: str, number: int) -> None:
        span = self._spans.get(boot, _Span(number, number))
        if number <= span.first and number < span.last - _LATE:
            self._lap += 1
            self._spans.clear()
            span = _Span(number, number)
        self._spans[boot] = _Span(min(span.first, number), max(span.last, number))
        if len(self._spans) > _MOST:
            del self._spans[next(iter(self._spans))]
