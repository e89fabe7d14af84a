"""The laps of a recording of a board, which is played over and over."""

from submeter.sources.board.said import Said
from submeter.sources.rp2040 import checked
from submeter.sources.rp2040.identity import Identity

_MOST = 64  # runs that are remembered
_RUN = {"S": "b", "W": "b", "E": "b", "ID": "boot"}


class Laps:
    """Gives each run another name in each lap: its numbers begin again, as after a reset."""

    def __init__(self) -> None:
        self._lap = 0
        self._last: dict[str, int] = {}  # record of each run in this lap

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
        if number <= self._last.get(boot, -1):
            self._lap += 1
            self._last.clear()
        self._last[boot] = number
        if len(self._last) > _MOST:
            del self._last[next(iter(self._last))]
