"""A board whose records reach a follower, at any time."""

import json
from typing import Any

from submeter.errors import Condition
from submeter.sources.rp2040 import identity, record
from submeter.sources.rp2040.follower import Follower
from submeter.sources.rp2040.record import Record, Window
from tooling.clamp_records import IdealBoard


class Bench:
    """A board whose records reach a follower in time; `counted` are the frames that it took."""

    def __init__(self, **more: Any) -> None:
        self.board = IdealBoard(rest=(0, 0, 0, 0), **more)
        self.follower = Follower()
        self.now = 1000.0
        self.counted = 0

    def next(self, seconds: float = 1.0) -> Record:
        """Let the board live on for one record."""
        self.now += seconds
        return record.read(self.board.second(seconds), identity.read(self.board.identity()))

    def take(self, said: Record) -> Window | None:
        window = self.follower.take(said, self.now)
        self.counted += window.frames if window else 0
        return window

    def trouble(self) -> Condition | None:
        return self.follower.trouble

    def live(self, seconds: int) -> None:
        for _ in range(seconds):
            self.take(self.next())

    def restart(self) -> None:
        """Restart the host."""
        saved = json.loads(json.dumps(self.follower.saved()))
        self.follower = Follower()
        self.follower.restore(saved)
        self.now = 5.0
