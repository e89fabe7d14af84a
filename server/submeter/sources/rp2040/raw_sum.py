"""Adds up what a board measured since the program started, for a calibration."""

from submeter.meter.instant import Instant
from submeter.sources.rp2040.raw import RawBoard, RawClamp, RawGrowth
from submeter.sources.rp2040.wiring import Wiring


class RawSum:
    """Of one board; another board, or another rating, begins anew."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self.board: RawBoard | None = None

    def add(self, uid: str, growth: RawGrowth, at: Instant) -> None:
        """Add what the board `uid` measured up to `at`."""
        before = self.board if self.board and self._goes_on(self.board, uid, growth) else None
        clamps = []
        for place, around in enumerate(self._wiring.clamps):
            grown = growth.clamps[around.clamp - 1]
            old = before.clamps[place] if before else None
            clamps.append(
                RawClamp(
                    around.clamp,
                    around.conductor,
                    grown.energy + (old.energy if old else 0j),
                    grown.square + (old.square if old else 0.0),
                    grown.amperes,
                )
            )
        square = growth.voltage_square
        if square is not None and before:
            square += before.voltage_square or 0.0
        self.board = RawBoard(
            uid,
            at,
            growth.seconds + (before.seconds if before else 0.0),
            square,
            growth.volts,
            growth.saturated + (before.saturated if before else 0.0),
            tuple(clamps),
        )

    def _goes_on(self, before: RawBoard, uid: str, growth: RawGrowth) -> bool:
        """Tell whether `growth` may be added: it is of the same board, by the same ratings."""
        ratings = [growth.clamps[each.number - 1].amperes for each in before.clamps]
        same = ratings == [each.amperes for each in before.clamps]
        return before.uid == uid and before.volts == growth.volts and same
